//! The product that a user agent names: the application rather than the browser engine inside it.
//! A name for people to recognise, not a device database.

/// Parts of nearly every browser's text, which say nothing of whose it is.
const ENGINES: [&[u8]; 10] =
    [b"Mozilla", b"AppleWebKit", b"KHTML", b"Gecko", b"Version", b"Mobile", b"Safari", b"Chrome", b"Chromium", b"like"];
/// Longer names are noise.
const MAX_NAME: usize = 64;

/// `CarNaviApp` of `Mozilla/5.0 (…; wv) … Chrome/107.0 Mobile Safari/537.36 CarNaviApp/5.1`; `None` without a name.
#[must_use]
pub fn product(agent: &[u8]) -> Option<&[u8]> {
    let agent = agent.trim_ascii();
    if let Some(bot) = bot(agent) {
        return Some(bot);
    }
    let mut first = None;
    let mut browser = None;
    let mut application = None;
    for name in products(agent) {
        first = first.or(Some(name));
        if name == b"Chrome" || (name == b"Safari" && browser.is_none()) {
            browser = Some(name);
        }
        if !ENGINES.contains(&name) && name.first().is_some_and(u8::is_ascii_alphabetic) {
            application = Some(name);
        }
    }
    application.or(browser).or(first)
}

/// The name of a robot, wherever it stands: `Googlebot` of `Mozilla/5.0 (compatible; Googlebot/2.1; +http://…)`.
fn bot(agent: &[u8]) -> Option<&[u8]> {
    agent.split(|byte| b" ;(),".contains(byte)).map(name).find(|name| {
        name.len() <= MAX_NAME
            && ["bot", "crawler", "spider"]
                .iter()
                .any(|kind| name.windows(kind.len()).any(|part| part.eq_ignore_ascii_case(kind.as_bytes())))
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    })
}

/// The names of `name/version` outside parentheses; of a text without any, its first word.
fn products(agent: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut depth = 0usize;
    agent
        .split(|byte| *byte == b' ')
        .filter_map(move |word| {
            let outside = depth == 0;
            for byte in word {
                match byte {
                    b'(' => depth += 1,
                    b')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            outside.then(|| name(word))
        })
        .filter(|name| !name.is_empty() && name.len() <= MAX_NAME)
}

fn name(word: &[u8]) -> &[u8] {
    let word = word.strip_prefix(b"[").unwrap_or(word);
    let end = word.iter().position(|byte| b"/(;,[".contains(byte)).unwrap_or(word.len());
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications_come_before_engines() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Linux; Android 12; SM-G991N Build/SP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0 Mobile Safari/537.36 CarNaviApp/5.1",
                Some("CarNaviApp"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 CarNaviApp/3.2 (iPhone)",
                Some("CarNaviApp"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36",
                Some("Chrome"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36 Edg/107",
                Some("Edg"),
            ),
            (
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 Safari/605.1.15",
                Some("Safari"),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:107.0) Gecko/20100101 Firefox/107.0", Some("Firefox")),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Some("Googlebot")),
            ("curl/7.88.1", Some("curl")),
            ("kube-probe/1.25", Some("kube-probe")),
            ("Mozilla/5.0", Some("Mozilla")),
            (r"\x22evil\x22 x", Some("x")),
            ("", None),
            ("((((", None),
        ] {
            assert_eq!(
                product(agent.as_bytes()).map(|name| String::from_utf8_lossy(name).into_owned()).as_deref(),
                expected,
                "{agent}"
            );
        }
    }
}
