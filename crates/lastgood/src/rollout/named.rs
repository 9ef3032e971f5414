//! Services that the settings name: a name that the project does not have is a mistake, and no wish that can be left out.

use super::act::point;
use super::manner::Manner;

/// A service, where the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The key.
    pub key: String,
    /// The service.
    pub service: String,
    /// Nothing works without it; otherwise it may be in a profile that is not asked for.
    pub needed: bool,
}

/// All of them.
#[must_use]
pub fn named(manner: &Manner) -> Vec<Named> {
    let own = manner.service.iter().map(|(name, of)| match of.artifact {
        Some(_) => Named { key: format!("deploy.service.{name}.artifact"), service: name.clone(), needed: true },
        None => Named { key: format!("deploy.service.{name}"), service: name.clone(), needed: false },
    });
    let needed = |key: String, service: &str| Named { key, service: service.to_owned(), needed: true };
    let migrates = manner.migrate.iter().map(|of| needed("deploy.migrate.service".to_owned(), &of.service));
    let hooks = manner.hook.points().into_iter();
    let hooks = hooks.map(|(at, service)| needed(format!("deploy.hook.{}.service", point(at)), &service));
    own.chain(migrates).chain(hooks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_with_its_key() {
        let manner: Manner = toml::from_str(
            "hook.after_switch = { service = 'warm', run = ['true'] }\n\
             [service.app]\nport = 80\n[service.api.artifact]\nbase = 'b'\nfiles = { '/a' = 'a' }\n\
             [migrate]\nservice = 'db'\nup = ['true']\n",
        )
        .unwrap();
        let keys: Vec<(String, bool)> = named(&manner).into_iter().map(|named| (named.key, named.needed)).collect();
        let wanted = [
            ("deploy.service.api.artifact", true),
            ("deploy.service.app", false),
            ("deploy.migrate.service", true),
            ("deploy.hook.after_switch.service", true),
        ];
        assert_eq!(keys, wanted.map(|(key, needed)| (key.to_owned(), needed)));
    }
}
