//! What of an environment value may be shown: plainly an address, a host, a port, a path, a boolean or a small number, and its
//! key does not look secret. The policy for every command stands here and nowhere else.

use lastgood_model::Secret;

use super::secrets::{LONGEST_VALUE, is_secret_key};

/// No number with more digits is a port or a setting.
const DIGITS: usize = 7;
/// No address or path that says something is longer.
const LONGEST: usize = 3 * LONGEST_VALUE;
/// Words that are settings and no secrets.
const BOOLEANS: &[&str] = &["true", "false", "yes", "no", "on", "off"];

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts<'a> {
    /// All of it may be shown.
    Plain,
    /// A URL whose scheme, host, port and path may be shown where its key does not look secret.
    Url {
        /// Before `://`.
        scheme: &'a str,
        /// Before `@`; empty where there is none.
        user: &'a str,
        /// Of the user.
        password: Option<&'a str>,
        /// Hosts with their ports.
        place: &'a str,
        /// With its first slash, or empty.
        path: &'a str,
        /// From `?` or `#` on.
        rest: &'a str,
    },
    /// Nothing of it may be shown.
    Opaque,
}

impl<'a> Parts<'a> {
    /// Of the value of `key`, without blanks around it.
    #[must_use]
    pub fn of(key: &str, text: &'a str) -> Self {
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Self::Opaque;
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return Self::url(scheme, rest).unwrap_or(Self::Opaque);
        }
        let number = text.len() <= DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        let boolean = BOOLEANS.iter().any(|word| text.eq_ignore_ascii_case(word));
        let plain = number || boolean || is_address(key, text) || is_path(text);
        if plain && !is_secret_key(key) { Self::Plain } else { Self::Opaque }
    }

    fn url(scheme: &'a str, text: &'a str) -> Option<Self> {
        // Java puts its own word before it.
        let bare = scheme.strip_prefix("jdbc:").unwrap_or(scheme);
        let plain_scheme = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let (text, rest) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
        let plain =
            plain_scheme && !place.is_empty() && place.split(',').all(is_place) && (path.is_empty() || is_path(path));
        plain.then_some(Self::Url { scheme, user, password, place, path, rest })
    }
}

/// The value as it may be shown, without user-info and query; `None` if only that it is there may be said.
#[must_use]
pub fn shown(key: &str, value: &Secret) -> Option<String> {
    let text = value.expose().trim();
    match Parts::of(key, text) {
        Parts::Plain => Some(text.to_owned()),
        Parts::Url { scheme, user, password, place, path, .. } if !is_secret_key(key) => {
            let login = if user.is_empty() && password.is_none() { "" } else { "…@" };
            Some(format!("{scheme}://{login}{place}{path}"))
        }
        Parts::Url { .. } | Parts::Opaque => None,
    }
}

/// `host:port`; a bare name only where the key says that it is one, as it may be anything else.
fn is_address(key: &str, text: &str) -> bool {
    let key = key.to_ascii_uppercase();
    let named = ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS", "ENDPOINT"].iter().any(|end| key.ends_with(end));
    let has_port = text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    let number = text.parse::<std::net::IpAddr>().is_ok();
    (number || has_port || named || text == "localhost") && is_place(text)
}

/// A host, or a host and a port.
fn is_place(text: &str) -> bool {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => text,
    };
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]:".contains(&byte);
    !host.is_empty() && host.len() <= LONGEST_VALUE * 2 && host.bytes().all(of_name)
}

/// A path of parts that are words and no tokens.
fn is_path(text: &str) -> bool {
    let of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    text.starts_with('/') && text.bytes().all(of_path) && text.split('/').all(|part| part.len() <= LONGEST_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, value: &str) -> Option<String> {
        shown(key, &Secret::from(value))
    }

    #[test]
    fn addresses_paths_and_small_settings_are_shown() {
        for (key, value) in [
            ("KEYCLOAK_BASE_URL", "http://econipass-keycloak:8080"),
            ("DATABASE_HOST", "pgvector-db"),
            ("KVS", "172.18.0.1:6379"),
            ("PORT", "8000"),
            ("DEBUG", "true"),
            ("DATA", "/srv/data"),
        ] {
            assert_eq!(of(key, value).as_deref(), Some(value), "{key}");
        }
    }

    #[test]
    fn users_and_queries_are_left_out() {
        let dsn = "postgresql+psycopg://econipass:carbon-db-password-17@pgvector-db:5432/econipass?x=y";
        assert_eq!(of("DATABASE_URL", dsn).as_deref(), Some("postgresql+psycopg://…@pgvector-db:5432/econipass"));
        assert_eq!(of("U", "https://a/b?key=hunter2").as_deref(), Some("https://a/b"));
    }

    #[test]
    fn everything_else_is_not() {
        for (key, value) in [
            ("KVS_PASSWORD", "http://x:1"),
            ("API_KEY", "8000"),
            ("NAME", "hunter2"),
            ("WORD", "carbon kvs"),
            ("NUMBER", "123456789"),
            ("TEXT", "user:hunter2"),
            ("HOOK", "https://hooks.example.com/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"),
            ("BLANK", " "),
            ("CONTROL", "http://a\u{1b}[31m"),
        ] {
            assert_eq!(of(key, value), None, "{key}");
        }
    }
}
