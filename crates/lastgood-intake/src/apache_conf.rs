//! What an Apache configuration says of its access logs, with each `LogFormat` translated to the words of nginx's
//! `log_format`. Not a validator: other directives are passed over.

use crate::nginx_conf::{AccessLog, NginxConf, Server};

/// What was found, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApacheConf {
    /// Patterns of `Include` and `IncludeOptional`, as written.
    pub includes: Vec<String>,
    /// Names of formats, and the formats in words of `log_format`.
    pub log_formats: Vec<(String, String)>,
    /// Access logs.
    pub access_logs: Vec<AccessLog>,
    /// Paths of error logs.
    pub error_logs: Vec<String>,
    /// First names of virtual hosts.
    pub servers: Vec<String>,
}

impl ApacheConf {
    /// Reads a configuration file.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text).replace("\\\r\n", "").replace("\\\n", "");
        let mut conf = Self::default();
        // Logs of the virtual host that is being read: its name may stand behind them.
        let mut first_of_host = None;
        let mut name = None;
        for line in text.lines() {
            let words = words(line);
            let Some((directive, arguments)) = words.split_first() else { continue };
            match (directive.to_ascii_lowercase().as_str(), arguments) {
                ("include" | "includeoptional", [pattern, ..]) => conf.includes.push(pattern.clone()),
                ("errorlog", [path, ..]) if is_file(path) => conf.error_logs.push(path.clone()),
                ("logformat", [format, name, ..]) => conf.declare(name, format),
                ("customlog" | "transferlog", [path, rest @ ..]) => conf.log(path, rest.first()),
                ("<virtualhost", _) => (first_of_host, name) = (Some(conf.access_logs.len()), None),
                ("servername", [host, ..]) if first_of_host.is_some() => {
                    let host = host.rsplit("://").next().unwrap_or(host);
                    name = Some(host.split(':').next().unwrap_or(host).to_owned());
                }
                ("</virtualhost>", _) => {
                    let logs = conf.access_logs.iter_mut().skip(first_of_host.take().unwrap_or(usize::MAX));
                    logs.for_each(|log| log.server_name.clone_from(&name));
                    conf.servers.extend(name.take());
                }
                _ => {}
            }
        }
        conf
    }

    /// Whether it says anything that only a configuration of Apache says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log_formats.is_empty() && self.access_logs.is_empty() && self.servers.is_empty()
    }

    fn declare(&mut self, name: &str, format: &str) {
        if let Some(format) = log_format(format) {
            self.log_formats.push((name.to_owned(), format));
        }
    }

    /// `CustomLog PATH FORMAT`, where the format is a name or stands there itself.
    fn log(&mut self, path: &str, format: Option<&String>) {
        let name = match format {
            Some(format) if format.contains('%') => {
                let name = path.rsplit('/').next().unwrap_or(path);
                self.declare(name, format);
                Some(name.to_owned())
            }
            Some(name) => Some(name.clone()),
            None => Some("common".to_owned()),
        };
        if is_file(path) {
            self.access_logs.push(AccessLog { path: path.to_owned(), format: name, server_name: None });
        }
    }
}

impl From<ApacheConf> for NginxConf {
    /// The same in the terms of nginx, in which formats are recognised.
    fn from(conf: ApacheConf) -> Self {
        let servers = conf.servers.into_iter().map(|name| Server { names: vec![name], ..Server::default() });
        Self {
            includes: conf.includes,
            log_formats: conf.log_formats,
            access_logs: conf.access_logs,
            error_logs: conf.error_logs,
            servers: servers.collect(),
            ..Self::default()
        }
    }
}

/// Not a program that takes the lines, and not syslog.
fn is_file(path: &str) -> bool {
    !path.starts_with('|') && !path.starts_with("syslog")
}

/// The words of a line: quoted ones without their quotes, `\"` being a quote.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next().filter(|first| *first != '#') {
        let quoted = matches!(first, '"' | '\'');
        let mut word = String::new();
        let mut chars = rest.char_indices().skip(usize::from(quoted)).peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some((_, next @ ('"' | '\'' | '\\')))) => {
                    word.push(*next);
                    chars.next();
                }
                (c, _) if if quoted { c == first } else { c.is_whitespace() } => {
                    end = at + c.len_utf8();
                    break;
                }
                (c, _) => word.push(c),
            }
        }
        words.push(word);
        rest = rest[end..].trim_start();
    }
    words
}

/// A `LogFormat` in words of `log_format`. What has no such word is there under a name that nobody asks for. `None` if
/// it holds a `$`, which cannot be said in them.
fn log_format(format: &str) -> Option<String> {
    let mut words = String::new();
    let mut rest = format;
    while let Some((before, directive)) = rest.split_once('%') {
        words.push_str(before);
        // `%>s`, `%!200,304{Referer}i`, `%{c}a`, `%^FU`.
        let directive = directive.trim_start_matches(|c: char| c.is_ascii_digit() || "!,<>^".contains(c));
        let (argument, directive) = match directive.strip_prefix('{') {
            Some(inner) => inner.split_once('}')?,
            None => ("", directive),
        };
        let mut chars = directive.chars();
        let letter = chars.next()?;
        rest = chars.as_str();
        if (letter, argument) == ('U', "") && rest.starts_with("%q") {
            rest = &rest[2..];
            words.push_str("${request_uri}");
            continue;
        }
        match word(letter, argument) {
            Word::Literal(text) => words.push_str(text),
            Word::Variable(name) => words.extend(["${", name, "}"]),
            Word::LocalTime => words.push_str("[${time_local}]"),
        }
    }
    words.push_str(rest);
    (!format.contains('$')).then_some(words)
}

enum Word {
    Literal(&'static str),
    Variable(&'static str),
    /// A time that brings its brackets along.
    LocalTime,
}

fn word(letter: char, argument: &str) -> Word {
    let header = |name: &str| argument.eq_ignore_ascii_case(name);
    Word::Variable(match letter {
        '%' => return Word::Literal("%"),
        't' if argument.is_empty() => return Word::LocalTime,
        't' => time(argument),
        'h' => "remote_addr",
        'a' if argument.is_empty() => "remote_addr",
        'u' => "remote_user",
        'r' => "request",
        'm' => "request_method",
        'U' => "uri",
        's' => "status",
        'b' | 'B' => "body_bytes_sent",
        'O' => "bytes_sent",
        'v' => "server_name",
        'V' => "host",
        'p' if argument.is_empty() => "server_port",
        'D' => "request_time_us",
        'T' => match argument {
            "ms" => "request_time_ms",
            "us" => "request_time_us",
            _ => "request_time",
        },
        'i' if header("Referer") => "http_referer",
        'i' if header("User-Agent") => "http_user_agent",
        'i' if header("Host") => "http_host",
        'i' if header("X-Forwarded-For") => "http_x_forwarded_for",
        'e' if header("BALANCER_WORKER_NAME") => "upstream_url",
        _ => "unused",
    })
}

/// `%{FORMAT}t`, if it is one of those that are read.
fn time(format: &str) -> &'static str {
    match format.trim_start_matches("begin:").trim_start_matches("end:") {
        "%d/%b/%Y:%H:%M:%S %z" | "%d/%b/%Y:%T %z" => "time_local",
        "%Y-%m-%dT%H:%M:%S%z" | "%FT%T%z" | "%Y-%m-%dT%T%z" => "time_iso8601",
        "sec" | "msec" | "usec" | "%s" => "msec",
        _ => "unused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessFormat, recognise};

    const CONF: &str = r#"
# the default of Debian
LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined
LogFormat "%h %l %u %t \"%r\" %>s %O" common
LogFormat "%{c}a %!200,304{Referer}i %{%Y-%m-%dT%H:%M:%S%z}t \"%m %U%q %H\" %>s %D 100%% \
    %{BALANCER_WORKER_NAME}e %{Host}i %{x}o" balanced
LogFormat "$ %t %s" unsayable
Include conf-enabled/*.conf
ErrorLog ${APACHE_LOG_DIR}/error.log
<VirtualHost *:443>
    CustomLog "|/usr/bin/rotatelogs /var/log/a" common
    CustomLog ${APACHE_LOG_DIR}/shop-access.log balanced env=!quiet
    CustomLog /var/log/apache2/inline.log "%t %>s %{ms}T"
    ServerName https://shop.example:443
</VirtualHost>
TransferLog logs/access_log
"#;

    #[test]
    fn logs_and_formats_are_found() {
        let conf = ApacheConf::parse(CONF.as_bytes());
        let names: Vec<&str> = conf.log_formats.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["vhost_combined", "common", "balanced", "inline.log"]);
        assert_eq!(
            conf.log_formats[2].1,
            r#"${unused} ${http_referer} ${time_iso8601} "${request_method} ${request_uri} ${unused}" ${status} ${request_time_us} 100%     ${upstream_url} ${http_host} ${unused}"#
        );
        assert_eq!(conf.log_formats[3].1, "[${time_local}] ${status} ${request_time_ms}");
        assert!(conf.log_formats.iter().all(|(name, format)| AccessFormat::compile(name, format).is_some()));
        let logs: Vec<_> = conf
            .access_logs
            .iter()
            .map(|log| (log.path.as_str(), log.format.as_deref(), log.server_name.as_deref()))
            .collect();
        assert_eq!(
            logs,
            [
                ("${APACHE_LOG_DIR}/shop-access.log", Some("balanced"), Some("shop.example")),
                ("/var/log/apache2/inline.log", Some("inline.log"), Some("shop.example")),
                ("logs/access_log", Some("common"), None),
            ]
        );
        assert_eq!((conf.servers.len(), conf.includes.len(), conf.error_logs.len()), (1, 1, 1));
    }

    #[test]
    fn lines_of_a_declared_format_are_recognised() {
        let conf = NginxConf::from(ApacheConf::parse(CONF.as_bytes()));
        let line = r#"10.0.0.9 https://a.example/ 2026-11-21T19:25:05+0900 "GET /a?b HTTP/1.1" 503 1203 100%     http://10.0.0.1:8080 shop.example -"#;
        assert_eq!(recognise(line.as_bytes(), "shop-access.log", &conf).name(), "balanced");
        // What is declared and also built in is called by its own name.
        let combined = r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET / HTTP/1.1" 200 7 "-" "curl""#;
        assert_eq!(recognise(combined.as_bytes(), "x", &conf).name(), "combined");
        assert_eq!(recognise(CONF.as_bytes(), "apache2.conf", &NginxConf::default()).name(), "apache-conf");
        assert_eq!(recognise(&CONF.as_bytes()[..60], "x", &NginxConf::default()).name(), "unknown");
    }

    #[test]
    fn broken_files_yield_what_they_say() {
        for text in [
            "LogFormat",
            "LogFormat \"%",
            "LogFormat \"%{x\" a",
            "CustomLog \"",
            "<VirtualHost",
            "</VirtualHost>\nServerName x",
        ] {
            assert_eq!(ApacheConf::parse(text.as_bytes()).log_formats, []);
        }
    }
}
