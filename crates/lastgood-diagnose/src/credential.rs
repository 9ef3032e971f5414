//! What a program would show at an address: user, password, database, from the address itself or from the variables of its
//! group. Which variables hold addresses stands in `address`.

use std::sync::Arc;

use lastgood_model::Secret;

use crate::address::group_prefix;

/// What goes with an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// As whom.
    pub user: Option<Arc<str>>,
    /// The password; `None`: none to send.
    pub password: Option<Secret>,
    /// The database.
    pub database: Option<Arc<str>>,
    /// The path of a URL, with its slash.
    pub path: Arc<str>,
    /// Whether TLS is wanted.
    pub secure: bool,
}

/// Ends of keys of a group that hold the user.
const USER_ENDS: &[&str] = &["USERNAME", "USER"];
/// Ends of keys of a group that hold the database.
const DATABASE_ENDS: &[&str] = &["DATABASE", "DBNAME", "DB", "NAME"];
/// Schemes that mean TLS.
const SECURE: &[&str] = &["https", "wss", "rediss", "valkeys", "amqps", "mysqls"];
/// `sslmode`s and `tls`es that go on without TLS where there is none.
const MAYBE_SECURE: &[&str] = &["", "disable", "allow", "prefer", "preferred", "false", "0", "skip"];

/// What goes with the address that the value of `key` is.
#[must_use]
pub fn credential(
    key: &str,
    value: &Secret,
    password_key: Option<&Arc<str>>,
    of: &dyn Fn(&str) -> Option<Secret>,
) -> Credential {
    let text = value.expose().trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let mut found = match text.split_once("://") {
        Some((scheme, rest)) => of_url(scheme, rest),
        None if text.contains("host=") => of_words(text),
        None => Credential::default(),
    };
    let said = |name: &str| of(name).filter(|value| !value.is_blank());
    let prefix = group_prefix(key).or_else(|| key.strip_suffix("URL").or_else(|| key.strip_suffix("URI")));
    let of_group = |ends: &[&str]| {
        let prefix = prefix?;
        ends.iter().find_map(|end| said(&format!("{prefix}{end}"))).map(|value| Arc::from(value.expose().trim()))
    };
    if found.password.is_none() {
        found.password = password_key.filter(|other| &***other != key).and_then(|key| said(key));
    }
    found.user = found.user.or_else(|| of_group(USER_ENDS));
    found.database = found.database.or_else(|| of_group(DATABASE_ENDS));
    found
}

fn of_url(scheme: &str, rest: &str) -> Credential {
    let scheme = scheme.split('+').next().unwrap_or(scheme).to_ascii_lowercase();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let before = before.split('#').next().unwrap_or(before);
    let (authority, path) = before.find('/').map_or((before, ""), |at| before.split_at(at));
    let (user, password) = match authority.rsplit_once('@') {
        Some((user, _)) => user.split_once(':').map_or((user, ""), |pair| pair),
        None => ("", ""),
    };
    let parameter = |names: &[&str]| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| names.contains(name)).map(|(_, value)| decoded(value))
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let named = |text: &str| some(decoded(text)).map(Arc::from);
    let wish = parameter(&["sslmode", "ssl-mode", "tls", "ssl"]).map(|wish| wish.to_ascii_lowercase());
    let is_web = scheme.starts_with("http") || scheme.starts_with("ws");
    Credential {
        user: named(user).or_else(|| parameter(&["user", "username"]).and_then(some).map(Arc::from)),
        password: some(decoded(password)).or_else(|| parameter(&["password"]).and_then(some)).map(Secret::from),
        database: if is_web { None } else { named(path.trim_start_matches('/')) },
        path: Arc::from(path),
        secure: SECURE.contains(&scheme.as_str()) || wish.is_some_and(|wish| !MAYBE_SECURE.contains(&wish.as_str())),
    }
}

/// `host=db port=5432 dbname=x user=y password=…`
fn of_words(text: &str) -> Credential {
    let word = |name: &str| {
        let words = text.split([' ', ';']).filter_map(|word| word.split_once('='));
        words.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('\''))
    };
    Credential {
        user: word("user").map(Arc::from),
        password: word("password").filter(|text| !text.is_empty()).map(Secret::from),
        database: word("dbname").map(Arc::from),
        path: Arc::from(""),
        secure: word("sslmode").is_some_and(|wish| !MAYBE_SECURE.contains(&wish)),
    }
}

/// `%40` is an `@`; what is no such pair stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let pair = behind.get(..2).filter(|_| *first == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str, group: &[(&str, &str)]) -> Credential {
        let of = |key: &str| group.iter().find(|(name, _)| *name == key).map(|(_, value)| Secret::from(*value));
        let password_key = group.iter().find(|(name, _)| name.contains("PASSWORD")).map(|(name, _)| Arc::from(*name));
        credential("KVS_HOST", &Secret::from(value), password_key.as_ref(), &of)
    }

    #[test]
    fn a_url_holds_it_all() {
        let found = of("postgresql+psycopg://app:p%40ss%2Fw@db:5432/shop?sslmode=require", &[]);
        assert_eq!(found.user.as_deref(), Some("app"));
        assert_eq!(found.password.as_ref().map(Secret::expose), Some("p@ss/w"));
        assert_eq!((found.database.as_deref(), found.secure), (Some("shop"), true));
        let found = of("redis://:s3cret@kvs/2", &[]);
        assert_eq!((found.user, found.database.as_deref()), (None, Some("2")));
        assert_eq!(found.password.as_ref().map(Secret::expose), Some("s3cret"));
        let found = of("jdbc:postgresql://db/shop?user=app&password=x1", &[]);
        assert_eq!((found.user.as_deref(), found.password.as_ref().map(Secret::expose)), (Some("app"), Some("x1")));
        let found = of("https://id.example/realms/shop/", &[]);
        assert_eq!((&*found.path, found.database, found.secure), ("/realms/shop/", None, true));
        assert_eq!(of("http://a%zz:b%@h", &[]).user.as_deref(), Some("a%zz"));
    }

    #[test]
    fn a_group_holds_what_the_address_does_not() {
        let group = [("KVS_PASSWORD", "carbon"), ("KVS_USER", "app"), ("KVS_DB", "3")];
        let found = of("10.0.0.1", &group);
        assert_eq!(found.password.as_ref().map(Secret::expose), Some("carbon"));
        assert_eq!((found.user.as_deref(), found.database.as_deref()), (Some("app"), Some("3")));
        assert_eq!(of("10.0.0.1", &[("KVS_PASSWORD", " ")]).password, None);
    }

    #[test]
    fn words_of_a_connection_string() {
        let found = of("host=db port=5432 dbname=shop user=app password='x y'", &[]);
        assert_eq!((found.user.as_deref(), found.database.as_deref()), (Some("app"), Some("shop")));
    }
}
