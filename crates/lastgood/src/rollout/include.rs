//! The file that tells nginx where a service is: an include of its `upstream`, with our marker. Text to text: what it is at home, and
//! what it is while a candidate gets the traffic. At every moment the file alone tells the way home, byte for byte. Which address a
//! candidate has, and what nginx makes of it, is `route.rs`' business.

use std::fmt::Write;

/// Before the name of the service, on a line of its own. Without it a file is never written to.
pub const MARKER: &str = "# lastgood: ";
/// Before each line of what stands in the file at home, while something else does.
pub const HOME: &str = "#home# ";
/// For whoever opens the file in that moment.
const WHY: &str = "# A candidate gets the traffic for a moment. The lines below with #home# are what comes back.";

/// Such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// The service, as the marker says.
    pub service: String,
    /// What stands in it at home.
    home: String,
    /// Its statements there, each with its words.
    statements: Vec<Vec<String>>,
    /// It is not at home.
    away: bool,
}

/// Why a file is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncludeFault {
    /// It has no marker.
    NoMarker,
    /// It has more than one, or is damaged.
    Unclear,
    /// It names no server.
    NoServer,
    /// It holds blocks, which are not ours to write anew.
    Block,
    /// One of its servers, as written, is not the service.
    Foreign(String),
}

impl Include {
    /// Reads one, at home or not.
    ///
    /// # Errors
    /// In what it is none.
    pub fn parse(text: &str) -> Result<Self, IncludeFault> {
        let kept: String = text.split_inclusive('\n').filter_map(|line| line.strip_prefix(HOME)).collect();
        let away = !kept.is_empty();
        let home = if away { kept } else { text.to_owned() };
        let names = |text: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(MARKER));
            lines.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        let service = match names(&home).as_slice() {
            [] if away => return Err(IncludeFault::Unclear),
            [] => return Err(IncludeFault::NoMarker),
            [service] if names(text) == [service.clone()] => service.clone(),
            _ => return Err(IncludeFault::Unclear),
        };
        let statements = statements(&home)?;
        if !statements.iter().any(|words| is_server(words)) {
            return Err(IncludeFault::NoServer);
        }
        Ok(Self { service, home, statements, away })
    }

    /// What stands in it at home.
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home
    }

    /// Whether it is at home.
    #[must_use]
    pub const fn is_home(&self) -> bool {
        !self.away
    }

    /// The addresses of its servers at home, as written.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().filter(|words| is_server(words)).filter_map(|words| words.get(1)).map(|word| plain(word))
    }

    /// What it is while a candidate gets the traffic: `instead` says for the address of a server, as written, which one stands in for
    /// it. Everything else stays.
    ///
    /// # Errors
    /// If nothing stands in for one.
    pub fn away(&self, instead: impl Fn(&str) -> Option<String>) -> Result<String, IncludeFault> {
        let mut text = format!("{MARKER}{}\n{WHY}\n", self.service);
        for words in &self.statements {
            let mut words = words.clone();
            if let (true, Some(address)) = (is_server(&words), words.get_mut(1)) {
                *address = instead(plain(address)).ok_or_else(|| IncludeFault::Foreign(plain(address).to_owned()))?;
            }
            let _never_fails = writeln!(text, "{};", words.join(" "));
        }
        // At the end, since the last line may have no end.
        for line in self.home.split_inclusive('\n') {
            text += HOME;
            text += line;
        }
        Ok(text)
    }
}

/// The host and the port of a server's address; nginx' usual port where none is written. A socket in the file system has none.
#[must_use]
pub fn host_and_port(address: &str) -> Option<(&str, u16)> {
    const USUAL: u16 = 80;
    if address.starts_with("unix:") {
        return None;
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok()?)),
        _ => Some((address, USUAL)),
    }
}

/// Without quotes.
fn plain(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

fn is_server(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "server") && words.len() > 1
}

/// What a text says, without comments: words as they are written, quotes included, so that they mean the same again.
fn statements(text: &str) -> Result<Vec<Vec<String>>, IncludeFault> {
    let (mut found, mut words, mut word) = (Vec::new(), Vec::new(), String::new());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '#' if word.is_empty() => {
                // Up to the end of the line, which ends nothing.
                let _comment = signs.by_ref().take_while(|sign| *sign != '\n').count();
            }
            '{' | '}' => return Err(IncludeFault::Block),
            '"' | '\'' if word.is_empty() => {
                word.push(sign);
                loop {
                    let inside = signs.next().ok_or(IncludeFault::Unclear)?;
                    word.push(inside);
                    match inside {
                        '\\' => word.push(signs.next().ok_or(IncludeFault::Unclear)?),
                        inside if inside == sign => break,
                        _ => {}
                    }
                }
            }
            '\\' => {
                word.push(sign);
                word.push(signs.next().ok_or(IncludeFault::Unclear)?);
            }
            ';' => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                if !words.is_empty() {
                    found.push(std::mem::take(&mut words));
                }
            }
            sign if sign.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            sign => word.push(sign),
        }
    }
    // Cut off in the middle of a statement.
    if word.is_empty() && words.is_empty() { Ok(found) } else { Err(IncludeFault::Unclear) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(address: &str) -> Option<String> {
        let (host, port) = host_and_port(address)?;
        (host == "backend").then(|| format!("172.18.0.9:{port}"))
    }

    fn away(text: &str) -> String {
        Include::parse(text).unwrap().away(candidate).unwrap()
    }

    #[test]
    fn it_goes_to_the_candidate_and_comes_home_byte_for_byte() {
        for home in [
            "# lastgood: backend\nserver backend:8000;\n",
            "# lastgood: backend\nserver backend:8000;",
            "# ours\r\n# lastgood: backend\r\n\tserver\tbackend:8000  max_fails=0 ;  # the first; of all\r\n\r\n",
            "keepalive 16; # lastgood\n# lastgood: backend\nserver backend:8000 weight=2; server backend\n  backup;\n\n\n",
            "# lastgood: backend\nserver \"backend:8000\" resolve; # \u{d55c}\n",
        ] {
            let include = Include::parse(home).unwrap();
            assert!(include.is_home() && include.service == "backend");
            let text = include.away(candidate).unwrap();
            let again = Include::parse(&text).unwrap();
            assert!(!again.is_home(), "{text}");
            assert_eq!(again.home(), home, "{text}");
            // Where it was routed already it is routed the same way, or to another one.
            assert_eq!(again.away(candidate).unwrap(), text);
            assert_eq!(Include::parse(&again.away(|_| Some("10.0.0.1:1".into())).unwrap()).unwrap().home(), home);
            // To nginx it says nothing of the service any more.
            let said: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(!said.iter().any(|line| line.contains("backend")), "{text}");
        }
    }

    #[test]
    fn parameters_and_other_statements_stay() {
        let text = away(
            "# lastgood: backend\nserver backend:8000 weight=2 # two\n max_fails=0; server backend:8001 backup;\nkeepalive 16;\n",
        );
        let said: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            said,
            ["server 172.18.0.9:8000 weight=2 max_fails=0;", "server 172.18.0.9:8001 backup;", "keepalive 16;"]
        );
    }

    #[test]
    fn what_is_not_plainly_ours_is_left_alone() {
        let fault = |text: &str| Include::parse(text).unwrap_err();
        assert_eq!(fault("server backend:8000;\n"), IncludeFault::NoMarker);
        assert_eq!(fault("# lastgood:\nserver backend:8000;\n"), IncludeFault::NoMarker);
        assert_eq!(fault("server backend:8000; # lastgood: backend\n"), IncludeFault::NoMarker);
        assert_eq!(fault("# lastgood: a\n# lastgood: b\nserver a;\n"), IncludeFault::Unclear);
        assert_eq!(fault("# lastgood: a\nserver a"), IncludeFault::Unclear);
        assert_eq!(fault("# lastgood: a\nserver 'a;"), IncludeFault::Unclear);
        assert_eq!(fault("# lastgood: a\n# server a;\n"), IncludeFault::NoServer);
        assert_eq!(fault("# lastgood: a\nupstream a { server a; }\n"), IncludeFault::Block);
        // Half of what we write.
        let text = away("# lastgood: backend\nserver backend:8000;\n");
        assert_eq!(fault(&text.replace("#home# # lastgood: backend\n", "")), IncludeFault::Unclear);
        assert_eq!(fault(&text.replace("# lastgood: backend\n# A", "# A")), IncludeFault::Unclear);
        let foreign = Include::parse("# lastgood: backend\nserver backend:8000;\nserver 10.1.1.1:8000;\n").unwrap();
        assert_eq!(foreign.away(candidate), Err(IncludeFault::Foreign("10.1.1.1:8000".to_owned())));
    }

    #[test]
    fn addresses() {
        assert_eq!(host_and_port("backend"), Some(("backend", 80)));
        assert_eq!(host_and_port("[::1]:8001"), Some(("[::1]", 8001)));
        assert_eq!(host_and_port("[::1]"), Some(("[::1]", 80)));
        assert_eq!(host_and_port("unix:/run/app.sock"), None);
        assert_eq!(host_and_port("backend:http"), None);
    }
}
