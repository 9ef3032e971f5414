//! What an nginx configuration says of its logs and upstreams. Not a validator: unknown directives are passed over,
//! and a broken file yields what could be read. Files named by `include` are read by the caller.

use crate::rotation;

/// What was found, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NginxConf {
    /// Patterns of `include`, as written.
    pub includes: Vec<String>,
    /// Names and formats of `log_format`.
    pub log_formats: Vec<(String, String)>,
    /// Access logs.
    pub access_logs: Vec<AccessLog>,
    /// Paths of error logs.
    pub error_logs: Vec<String>,
    /// Groups of upstream servers.
    pub upstreams: Vec<Upstream>,
    /// Server blocks.
    pub servers: Vec<Server>,
}

/// `access_log PATH FORMAT;`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLog {
    /// Path, as written.
    pub path: String,
    /// Name of its format; `None` means combined.
    pub format: Option<String>,
    /// First name of the server block it stands in.
    pub server_name: Option<String>,
}

/// `upstream NAME { server ADDRESS; … }`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// Name.
    pub name: String,
    /// Addresses, as written.
    pub servers: Vec<String>,
}

/// `server { … }`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Names.
    pub names: Vec<String>,
    /// Addresses it listens on, as written, without parameters.
    pub listens: Vec<String>,
    /// Locations, in order.
    pub locations: Vec<Location>,
}

/// `location PATTERN { … }`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// What it matches, modifier included (`~ ^/api`).
    pub pattern: String,
    /// Where requests are passed to (`http://app`); `None` if nginx answers by itself.
    pub pass: Option<String>,
}

impl NginxConf {
    /// Reads a configuration file.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut conf = Self::default();
        let mut blocks: Vec<Block> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let mut tokens = Tokens::new(text);
        while let Some(token) = tokens.next() {
            match token {
                Token::Word(word) => words.push(word),
                Token::End => conf.directive(&std::mem::take(&mut words), &mut blocks),
                Token::Open => blocks.push(Block::opened(&std::mem::take(&mut words))),
                Token::Close => {
                    words.clear();
                    if let Some(block) = blocks.pop() {
                        conf.closed(block, &mut blocks);
                    }
                }
            }
        }
        // A file cut in the middle of a block still says what it said.
        while let Some(block) = blocks.pop() {
            conf.closed(block, &mut blocks);
        }
        conf
    }

    /// Adds what another file says.
    pub fn merge(&mut self, other: Self) {
        self.includes.extend(other.includes);
        self.log_formats.extend(other.log_formats);
        self.access_logs.extend(other.access_logs);
        self.error_logs.extend(other.error_logs);
        self.upstreams.extend(other.upstreams);
        self.servers.extend(other.servers);
    }

    /// The format declared under a name; the last one counts.
    #[must_use]
    pub fn log_format(&self, name: &str) -> Option<&str> {
        self.log_formats.iter().rev().find(|(known, _)| known == name).map(|(_, format)| format.as_str())
    }

    /// What is said of the rotated set that a file belongs to, by its name alone: folders may have been copied.
    pub fn logs_named<'c>(&'c self, name: &str) -> impl Iterator<Item = &'c AccessLog> {
        let file = |path: &str| {
            let stem = rotation::stem(path);
            stem.rsplit('/').next().unwrap_or_default().to_owned()
        };
        let wanted = file(name);
        self.access_logs.iter().filter(move |log| file(&log.path) == wanted)
    }

    /// The one server whose requests stand in logs of this name. `None` if there are several, or it has no name.
    #[must_use]
    pub fn server_of(&self, name: &str) -> Option<&str> {
        let first_name = |server: &'_ Server| server.names.first().cloned().unwrap_or_default();
        let all: Vec<String> = self.servers.iter().map(first_name).collect();
        let mut found: Option<&str> = None;
        for log in self.logs_named(name) {
            // A log outside of servers is everybody's who has none of his own.
            let names = log.server_name.as_ref().map_or(&all[..], std::slice::from_ref);
            for name in names {
                let known =
                    self.servers.iter().find_map(|server| server.names.first().filter(|first| *first == name))?;
                if found.is_some_and(|found| found != known) {
                    return None;
                }
                found = Some(known);
            }
        }
        found.filter(|name| *name != "_")
    }

    fn directive(&mut self, words: &[String], blocks: &mut [Block]) {
        let Some((name, arguments)) = words.split_first() else { return };
        match (name.as_str(), arguments) {
            ("include", [pattern, ..]) => self.includes.push(pattern.clone()),
            ("log_format", [name, parts @ ..]) => {
                let format = parts.iter().filter(|part| !part.starts_with("escape=")).cloned().collect();
                self.log_formats.push((name.clone(), format));
            }
            ("access_log", [path, rest @ ..]) if is_file(path) => {
                let format = rest.iter().find(|word| !word.contains('=') && *word != "gzip").cloned();
                let log = AccessLog { path: path.clone(), format, server_name: None };
                // The server's name may stand behind its log: the block is asked when it closes.
                match blocks.iter_mut().rev().find(|block| matches!(block.kind, BlockKind::Server(_))) {
                    Some(server) => server.access_logs.push(log),
                    None => self.access_logs.push(log),
                }
            }
            ("error_log", [path, ..]) if is_file(path) => self.error_logs.push(path.clone()),
            _ => {
                if let Some(block) = blocks.last_mut() {
                    block.directive(name, arguments);
                }
            }
        }
    }

    fn closed(&mut self, block: Block, outer: &mut [Block]) {
        match block.kind {
            BlockKind::Upstream(upstream) => self.upstreams.push(upstream),
            BlockKind::Server(server) => {
                let name = server.names.first().filter(|name| *name != "_");
                self.access_logs
                    .extend(block.access_logs.into_iter().map(|log| AccessLog { server_name: name.cloned(), ..log }));
                self.servers.push(server);
            }
            BlockKind::Location(location) => {
                let server = outer.iter_mut().rev().find_map(|block| match &mut block.kind {
                    BlockKind::Server(server) => Some(server),
                    _ => None,
                });
                if let Some(server) = server {
                    server.locations.push(location);
                }
            }
            BlockKind::Other => {}
        }
    }
}

/// `off`, `syslog:…`, `stderr` and paths with variables name no file.
fn is_file(path: &str) -> bool {
    let elsewhere = ["syslog:", "memory:"].iter().any(|kind| path.starts_with(kind));
    !elsewhere && !matches!(path, "off" | "stderr") && !path.contains('$')
}

#[derive(Debug)]
struct Block {
    kind: BlockKind,
    access_logs: Vec<AccessLog>,
}

#[derive(Debug)]
enum BlockKind {
    Upstream(Upstream),
    Server(Server),
    Location(Location),
    Other,
}

impl Block {
    fn opened(words: &[String]) -> Self {
        let kind = match words {
            [name, rest] if name == "upstream" => {
                BlockKind::Upstream(Upstream { name: rest.clone(), servers: Vec::new() })
            }
            [name] if name == "server" => BlockKind::Server(Server::default()),
            [name, rest @ ..] if name == "location" => {
                BlockKind::Location(Location { pattern: rest.join(" "), pass: None })
            }
            _ => BlockKind::Other,
        };
        Self { kind, access_logs: Vec::new() }
    }

    fn directive(&mut self, name: &str, arguments: &[String]) {
        let Some(first) = arguments.first() else { return };
        match (&mut self.kind, name) {
            (BlockKind::Upstream(upstream), "server") => upstream.servers.push(first.clone()),
            (BlockKind::Server(server), "server_name") => server.names.extend(arguments.iter().cloned()),
            (BlockKind::Server(server), "listen") => server.listens.push(first.clone()),
            (
                BlockKind::Location(location),
                "proxy_pass" | "fastcgi_pass" | "uwsgi_pass" | "scgi_pass" | "grpc_pass",
            ) => location.pass = Some(first.clone()),
            _ => {}
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

pub(crate) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The line on which the last token ended, from 1.
    pub(crate) fn line(&self) -> u64 {
        let read = self.text.get(..self.at.saturating_sub(1)).unwrap_or(self.text);
        read.iter().filter(|byte| **byte == b'\n').count() as u64 + 1
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        loop {
            let byte = self.take()?;
            return Some(match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                b'#' => {
                    while self.take().is_some_and(|byte| byte != b'\n') {}
                    continue;
                }
                b';' => Token::End,
                b'{' => Token::Open,
                b'}' => Token::Close,
                b'"' | b'\'' => Token::Word(self.quoted(byte)),
                first => Token::Word(self.bare(first)),
            });
        }
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn quoted(&mut self, quote: u8) -> String {
        let mut word = Vec::new();
        while let Some(byte) = self.take().filter(|byte| *byte != quote) {
            self.push_unescaped(byte, &mut word);
        }
        String::from_utf8_lossy(&word).into_owned()
    }

    fn bare(&mut self, first: u8) -> String {
        let mut word = Vec::new();
        self.push_unescaped(first, &mut word);
        let mut previous = first;
        while let Some(byte) = self.text.get(self.at).copied() {
            // `${name}` is a variable, not a block.
            let opens_variable = byte == b'{' && previous == b'$';
            let in_variable = byte == b'}' && word.iter().rev().take_while(|byte| **byte != b'}').any(|b| *b == b'{');
            if b" \t\r\n;".contains(&byte) || (b"{}".contains(&byte) && !opens_variable && !in_variable) {
                break;
            }
            self.at += 1;
            self.push_unescaped(byte, &mut word);
            previous = byte;
        }
        String::from_utf8_lossy(&word).into_owned()
    }

    /// nginx takes the backslash away before quotes, `t`, `r`, `n` and itself, and leaves it before everything else.
    fn push_unescaped(&mut self, byte: u8, word: &mut Vec<u8>) {
        let next = self.text.get(self.at).copied();
        let plain = match (byte, next) {
            (b'\\', Some(quoted @ (b'"' | b'\'' | b'\\'))) => quoted,
            (b'\\', Some(b't')) => b'\t',
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(b'n')) => b'\n',
            _ => {
                word.push(byte);
                return;
            }
        };
        self.at += 1;
        word.push(plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = r#"
        user nginx;  # a comment with { and ;
        include /etc/nginx/conf.d/*.conf;
        error_log /var/log/nginx/error.log warn;
        http {
            log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                            '$status $body_bytes_sent ua="${upstream_addr}"';
            log_format json escape=json "{\"time\":\"$time_iso8601\",\"status\":$status}";
            access_log /var/log/nginx/access.log main buffer=32k;
            access_log off;
            upstream app { server 127.0.0.1:8080 max_fails=1; server unix:/run/app.sock; }
            map $http_upgrade $connection { default upgrade; '' close; }
            server {
                listen 443 ssl;
                access_log /var/log/nginx/shop-access.log;
                server_name shop.example www.shop.example;
                location / { proxy_pass http://app; if ($x) { return 403; } }
                location ~ ^/static/(a|b){2} { root /srv; access_log /var/log/nginx/static.log main; }
            }
        }"#;

    #[test]
    fn logs_formats_and_upstreams_are_found() {
        let conf = NginxConf::parse(CONF.as_bytes());
        assert_eq!(conf.includes, ["/etc/nginx/conf.d/*.conf"]);
        assert_eq!(conf.error_logs, ["/var/log/nginx/error.log"]);
        assert_eq!(
            conf.log_format("main"),
            Some(
                r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ua="${upstream_addr}""#
            )
        );
        assert_eq!(conf.log_format("json"), Some(r#"{"time":"$time_iso8601","status":$status}"#));
        let logs: Vec<_> = conf
            .access_logs
            .iter()
            .map(|log| (log.path.as_str(), log.format.as_deref(), log.server_name.as_deref()))
            .collect();
        assert_eq!(
            logs,
            [
                ("/var/log/nginx/access.log", Some("main"), None),
                ("/var/log/nginx/shop-access.log", None, Some("shop.example")),
                ("/var/log/nginx/static.log", Some("main"), Some("shop.example")),
            ]
        );
        let app = Upstream { name: "app".into(), servers: vec!["127.0.0.1:8080".into(), "unix:/run/app.sock".into()] };
        assert_eq!(conf.upstreams, [app]);
        assert_eq!(conf.servers[0].listens, ["443"]);
        assert_eq!(conf.servers[0].locations[0], Location { pattern: "/".into(), pass: Some("http://app".into()) });
    }

    #[test]
    fn a_log_of_one_server_is_called_by_its_name() {
        let of = |text: &str, name| NginxConf::parse(text.as_bytes()).server_of(name).map(str::to_owned);
        let shop = "server { server_name shop.example www.shop.example; access_log /var/log/nginx/access.log; }";
        let outside = "access_log /var/log/nginx/access.log; server { server_name shop.example; }";
        for text in [shop, outside, &format!("{outside} server {{ listen 80; server_name shop.example; }}")] {
            assert_eq!(of(text, "copy/access.log.2.gz").as_deref(), Some("shop.example"), "{text}");
        }
        assert_eq!(of(shop, "other.log"), None);
        let other = "server { server_name b.example; access_log logs/access.log; }";
        for text in
            [&format!("{shop} {other}"), &format!("{outside} {other}"), &format!("{outside} server {{ listen 80; }}")]
        {
            assert_eq!(of(text, "access.log"), None, "{text}");
        }
        assert_eq!(of("server { server_name _; access_log /a/access.log; }", "access.log"), None);
    }

    #[test]
    fn files_are_merged_and_broken_ones_yield_what_they_say() {
        let mut conf = NginxConf::parse(b"log_format a '$status';");
        conf.merge(NginxConf::parse(b"} server { server_name x; access_log /a.log a; upstream"));
        assert_eq!(conf.log_formats.len(), 1);
        assert_eq!(conf.access_logs[0].server_name.as_deref(), Some("x"));
        assert_eq!(NginxConf::parse(b"\xff\"\\"), NginxConf::default());
    }
}
