//! The configuration of the user's `docker`: to which registries somebody has logged in. Names only; what is said there of
//! users and passwords is passed over unread.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::engine::BodyFault;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    /// Logins that stand here, or that `credsStore` keeps and are only named here.
    auths: Option<BTreeMap<String, IgnoredAny>>,
    /// Registries with a helper of their own.
    cred_helpers: Option<BTreeMap<String, IgnoredAny>>,
}

/// Registries by their host names, as images name them.
///
/// # Errors
/// If it is no such configuration.
pub fn registry_logins(config: &[u8]) -> Result<Vec<Arc<str>>, BodyFault> {
    // The parser's own message could quote what stands there.
    let fault = |error: serde_json::Error| BodyFault(Arc::from(format!("not understood in line {}", error.line())));
    let config: Config = serde_json::from_slice(config).map_err(fault)?;
    let names = config.auths.into_iter().chain(config.cred_helpers).flatten().map(|(name, _)| name);
    let mut hosts: Vec<Arc<str>> = names.map(|name| Arc::from(host(&name))).collect();
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

/// `https://ghcr.io/v2/` is `ghcr.io`.
fn host(name: &str) -> &str {
    let rest = name.split_once("://").map_or(name, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_no_credentials() {
        let config = br#"{"auths": {"https://index.docker.io/v1/": {"auth": "Y2FyYm9uOmh1bnRlcg=="}, "ghcr.io": {}, "localhost:5000": {}},
            "credsStore": "secretservice", "credHelpers": {"ghcr.io": "x", "123.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login"}}"#;
        let names = registry_logins(config).unwrap();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        assert_eq!(names, ["123.dkr.ecr.eu-west-1.amazonaws.com", "ghcr.io", "index.docker.io", "localhost:5000"]);
        assert_eq!(registry_logins(b"{}"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_understood_is_not_quoted() {
        let fault = registry_logins(br#"{"auths": "carbon-token-7"}"#).unwrap_err();
        assert!(!fault.0.contains("carbon"), "{fault:?}");
    }
}
