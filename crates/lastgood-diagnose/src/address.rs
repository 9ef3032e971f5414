//! Addresses in environment values: which variables hold one that the program asks, and host, port and protocol in it. Where
//! an address leads is the topology's business.

use std::sync::Arc;

use lastgood_model::Secret;

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host in it.
    pub host: Arc<str>,
    /// The port in it, or that of its protocol.
    pub port: Option<u16>,
    /// `redis`, `postgres`, `http`, …, if the scheme or the port says so.
    pub protocol: Option<Arc<str>>,
    /// Whether a password stands in it.
    pub has_password: bool,
    /// `word:9999` and no more: it may be a zone or a version as well.
    pub bare: bool,
}

/// Keys with one of these words hold no address that is asked: names that are let in, or where to listen.
const NOT_ASKED: &[&str] = &["ALLOWED", "CORS", "ORIGIN", "NO_PROXY", "BIND", "LISTEN", "TRUSTED"];
/// Keys with one of these words hold an address that browsers are sent to, or that a server gives as its own.
const FOR_BROWSERS: &[&str] =
    &["PUBLIC", "FRONTEND", "REDIRECT", "CALLBACK", "EXTERNAL", "SITE", "BROWSER", "KC_HOSTNAME", "VITE_", "REACT_APP"];
/// Ends of keys of a group that hold a bare host.
const HOST_ENDS: &[&str] = &["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS", "ENDPOINT"];
/// Words of keys that say that an address stands there.
const PLACES: &[&str] = &[
    "HOST", "SERVER", "ADDR", "ENDPOINT", "URL", "URI", "DSN", "UPSTREAM", "TARGET", "BROKER", "BACKEND", "PROXY",
    "SERVICE", "PEER", "NODE",
];
/// Ends of keys that hold a password, beside the host of their group.
const PASSWORD_ENDS: &[&str] = &["PASSWORD", "PASS", "PWD", "AUTH", "SECRET"];
/// Protocols by scheme or name, and their ports.
const PROTOCOLS: &[(&str, &[&str], u16)] = &[
    ("redis", &["redis", "rediss", "valkey"], 6379),
    ("postgres", &["postgres", "postgresql"], 5432),
    ("mysql", &["mysql", "mariadb"], 3306),
    ("mongodb", &["mongodb"], 27017),
    ("amqp", &["amqp", "amqps"], 5672),
    ("kafka", &["kafka"], 9092),
    ("memcached", &["memcached"], 11211),
    ("nats", &["nats"], 4222),
    ("http", &["http", "ws"], 80),
    ("https", &["https", "wss"], 443),
];

/// Whether a variable may hold an address that its program asks.
#[must_use]
pub fn is_asked(key: &str) -> bool {
    !has_word(key, NOT_ASKED)
}

/// Whether a variable holds an address that is meant for browsers, and need not work where the program runs.
#[must_use]
pub fn is_for_browsers(key: &str) -> bool {
    has_word(key, FOR_BROWSERS)
}

fn has_word(key: &str, words: &[&str]) -> bool {
    let key = key.to_ascii_uppercase();
    words.iter().any(|word| key.contains(word))
}

/// Whether a host is whoever asks for it.
#[must_use]
pub fn is_localhost(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The address that a value plainly is; one without a port only with a scheme.
#[must_use]
pub fn address(value: &Secret) -> Option<Address> {
    let text = value.expose().trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    match text.split_once("://") {
        Some((scheme, rest)) => url(scheme, rest),
        None if text.contains("host=") => dsn(text),
        None => {
            let (host, port) = text.rsplit_once(':')?;
            let found = place(host, Some(port.parse().ok()?), None, false)?;
            let bare = found.protocol.is_none() && !host.contains('.') && !is_localhost(host);
            Some(Address { bare, ..found })
        }
    }
}

/// Whether what stands in a variable is only an address if it leads to somebody: neither its form nor its key says that it is one.
#[must_use]
pub fn is_doubtful(key: &str, found: &Address) -> bool {
    let mut words = key.split(|c: char| !c.is_ascii_alphanumeric());
    found.bare && !words.any(|word| PLACES.iter().any(|place| word.to_ascii_uppercase().contains(place)))
}

fn url(scheme: &str, rest: &str) -> Option<Address> {
    // Behind a plus stands the driver: `postgresql+asyncpg`.
    let scheme = scheme.split('+').next().unwrap_or(scheme).to_ascii_lowercase();
    let authority = rest.split(['/', '?', '#']).next()?;
    // Where a sign in the password ends the address, what stands for host and path are parts of the password.
    let path = rest.split(['?', '#']).next().and_then(|rest| rest.strip_prefix(authority));
    if path.is_some_and(|path| path.contains('@')) && authority.contains(':') && !scheme.starts_with("http") {
        return None;
    }
    let (user, place_text) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    let has_password = user.is_some_and(|user| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()));
    // Of several servers the first one.
    let first = place_text.split(',').next()?;
    let (host, port) = match first.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (first, None),
    };
    let known = PROTOCOLS.iter().find(|(_, schemes, _)| schemes.contains(&scheme.as_str()));
    let protocol = known.map_or_else(|| Arc::from(scheme.as_str()), |(name, _, _)| Arc::from(*name));
    place(host, port.or(known.map(|known| known.2)), Some(protocol), has_password)
}

/// `host=db port=5432 dbname=x password=…`
fn dsn(text: &str) -> Option<Address> {
    let word = |name: &str| {
        text.split([' ', ';'])
            .find_map(|word| word.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    place(word("host")?, word("port").and_then(|port| port.parse().ok()), None, word("password").is_some())
}

fn place(host: &str, port: Option<u16>, protocol: Option<Arc<str>>, has_password: bool) -> Option<Address> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let plain = bare.is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok()) || host.bytes().all(of_name);
    // Where to listen is nobody who is asked.
    let nobody = host.is_empty() || host == "0.0.0.0" || bare == Some("::");
    // `12:30` is a time, and `1:2` nothing at all.
    let number = host.bytes().all(|byte| byte.is_ascii_digit());
    let by_port =
        || port.and_then(|port| PROTOCOLS.iter().find(|known| known.2 == port)).map(|known| Arc::from(known.0));
    (plain && !nobody && !number).then(|| Address {
        host: Arc::from(host),
        port,
        protocol: protocol.or_else(by_port),
        has_password,
        bare: false,
    })
}

/// The address of a group of variables whose host is at `key`: `KVS_HOST`, `KVS_PORT`.
#[must_use]
pub fn grouped(key: &str, value: &Secret, of: &dyn Fn(&str) -> Option<Secret>) -> Option<Address> {
    let prefix = group_prefix(key)?;
    let port = of(&format!("{prefix}PORT"))?.expose().trim().parse().ok()?;
    place(value.expose().trim(), Some(port), None, false)
}

/// What the keys of a group begin with, its host's key given: `KVS_`. A program's own `HOST` says where it listens.
#[must_use]
pub fn group_prefix(key: &str) -> Option<&str> {
    let prefix = HOST_ENDS.iter().find_map(|end| key.strip_suffix(end))?;
    (prefix.len() > 1 && prefix.ends_with('_')).then_some(prefix)
}

/// The key that holds the password for an address: the same one, or one of its group.
#[must_use]
pub fn password_key(key: &Arc<str>, found: &Address, has: &dyn Fn(&str) -> bool) -> Option<Arc<str>> {
    if found.has_password {
        return Some(Arc::clone(key));
    }
    let prefix = group_prefix(key).or_else(|| key.strip_suffix("URL").or_else(|| key.strip_suffix("URI")))?;
    PASSWORD_ENDS.iter().map(|end| format!("{prefix}{end}")).find(|key| has(key)).map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<(String, Option<u16>, Option<String>)> {
        let found = address(&Secret::from(text))?;
        Some((found.host.to_string(), found.port, found.protocol.map(|protocol| protocol.to_string())))
    }

    #[test]
    fn urls_and_pairs() {
        let is = |host: &str, port: u16, protocol: &str| Some((host.into(), Some(port), Some(protocol.into())));
        assert_eq!(told("http://keycloak:8080"), is("keycloak", 8080, "http"));
        assert_eq!(told("https://id.example.com/realms/x?y"), is("id.example.com", 443, "https"));
        assert_eq!(told("postgresql+psycopg://u:p@pgvector-db:5432/x"), is("pgvector-db", 5432, "postgres"));
        assert_eq!(told("jdbc:postgresql://db/x"), is("db", 5432, "postgres"));
        assert_eq!(told("redis://:secret@172.18.0.1/0"), is("172.18.0.1", 6379, "redis"));
        assert_eq!(told("mongodb://a:27017,b:27018/x"), is("a", 27017, "mongodb"));
        assert_eq!(told("host=db port=5432 dbname=x"), is("db", 5432, "postgres"));
        assert_eq!(told("kvs:6379"), is("kvs", 6379, "redis"));
        assert_eq!(told("app:9999"), Some(("app".into(), Some(9999), None)));
    }

    #[test]
    fn what_is_no_address() {
        for text in ["", "info", "12:30", "nginx:1.27", "0.0.0.0:8000", "a b:80", "user:pass:80", "/var/run:80", "true"]
        {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_is_no_address_though_it_looks_like_one() {
        let doubtful = |key: &str, text: &str| is_doubtful(key, &address(&Secret::from(text)).unwrap());
        assert!(doubtful("TZ", "IST-5:30") && doubtful("BUILD", "shop:12"));
        assert!(!doubtful("PRICES_ADDR", "prices:9999") && !doubtful("TZ", "kvs:6379"));
        assert!(!doubtful("PRICES", "http://prices:9999") && !doubtful("PRICES", "localhost:9999"));
    }

    #[test]
    fn groups_whatever_their_prefix() {
        let of = |key: &str| (key == "KVS_PORT").then(|| Secret::from("6379"));
        assert_eq!(grouped("KVS_HOST", &Secret::from("10.83.18.1"), &of).unwrap().port, Some(6379));
        assert_eq!(grouped("DB_HOST", &Secret::from("db"), &of), None);
        assert_eq!(group_prefix("HOST"), None);
        assert!(is_for_browsers("NEXT_PUBLIC_API_URL") && !is_for_browsers("KEYCLOAK_BASE_URL"));
    }
}
