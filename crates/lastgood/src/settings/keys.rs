//! Which keys `lastgood.toml` may have, and the first one of a text that it may not. What they mean is not known here.

use lastgood_diagnose::nearest::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SettingsFault;

/// Every key, with the tables that it is in; `*` is a name that the user chooses. docs/CONFIG.md says what each means.
pub(crate) const KEYS: &[&str] = &[
    "lang",
    "dev.arch",
    "target.*.host",
    "target.*.path",
    "target.*.env_file",
    "target.*.env_command",
    "target.*.env",
    "deploy.service.*.switch",
    "deploy.service.*.candidate",
    "deploy.service.*.health",
    "deploy.service.*.port",
    "deploy.service.*.start",
    "deploy.service.*.build.on",
    "deploy.service.*.artifact.base",
    "deploy.service.*.artifact.files.*",
    "deploy.service.*.artifact.entrypoint",
    "deploy.service.*.artifact.command",
    "deploy.migrate.service",
    "deploy.migrate.up",
    "deploy.migrate.down",
    "deploy.migrate.compatible",
    "deploy.smoke.name",
    "deploy.smoke.url",
    "deploy.smoke.method",
    "deploy.smoke.header.*",
    "deploy.smoke.body",
    "deploy.smoke.status",
    "deploy.smoke.expect.*",
    "deploy.smoke.save.*",
    "deploy.smoke.within",
    "deploy.test",
    "deploy.build.on",
    "deploy.hook.before",
    "deploy.hook.after",
    "deploy.hook.before_switch.service",
    "deploy.hook.before_switch.run",
    "deploy.hook.after_switch.service",
    "deploy.hook.after_switch.run",
    "deploy.hold",
    "deploy.bake",
    "deploy.guard",
    "deploy.nginx.folder",
    "deploy.nginx.command",
    "deploy.nginx.become",
    "deploy.nginx.drain",
    "check.accept.code",
    "check.accept.component",
    "check.accept.keys",
    "check.accept.reason",
    "formats.*",
    "logs.path",
    "logs.format",
];

/// The first key that is not known. A text that is no TOML has none: its parser says more.
pub(super) fn unknown(text: &str) -> Option<SettingsFault> {
    let table = DeTable::parse(text).ok()?;
    in_table(table.get_ref(), "", text)
}

fn in_table(table: &DeTable<'_>, above: &str, text: &str) -> Option<SettingsFault> {
    let mut keys: Vec<(&Spanned<_>, &Spanned<DeValue<'_>>)> = table.iter().collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    keys.into_iter().find_map(|(key, value)| {
        let name: &str = key.get_ref();
        if is_known(above, name) {
            return inside(value.get_ref(), &format!("{above}{name}."), text);
        }
        Some(SettingsFault::UnknownKey {
            line: super::line(text, key.span().start),
            key: format!("{above}{name}"),
            near: nearest(name, below(above)).map(|name| format!("{above}{name}")),
        })
    })
}

fn inside(value: &DeValue<'_>, above: &str, text: &str) -> Option<SettingsFault> {
    match value {
        DeValue::Table(table) => in_table(table, above, text),
        DeValue::Array(items) => items.iter().find_map(|item| inside(item.get_ref(), above, text)),
        _ => None,
    }
}

fn is_known(above: &str, name: &str) -> bool {
    below(above).any(|known| known == name || known == "*")
}

/// Names that may stand in a table, which is written as the names above it, each with a dot behind it.
fn below(above: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(move |key| {
        let mut parts = key.split('.');
        let inside =
            above.split_terminator('.').all(|name| parts.next().is_some_and(|part| part == name || part == "*"));
        parts.next().filter(|_| inside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unknown_key_is_found_with_what_was_meant() {
        let found = |text: &str| match unknown(text) {
            Some(SettingsFault::UnknownKey { line, key, near }) => Some((line, key, near)),
            _ => None,
        };
        let some = |line, key: &str, near: Option<&str>| Some((line, key.to_owned(), near.map(str::to_owned)));
        assert_eq!(found("\n[formatz]\nx = ''"), some(2, "formatz", Some("formats")));
        assert_eq!(found("[dev]\narc = 1"), some(2, "dev.arc", Some("dev.arch")));
        assert_eq!(
            found("[[check.accept]]\ncode = 'x'\n[[check.accept]]\ncomponents = 'x'"),
            some(4, "check.accept.components", Some("check.accept.component"))
        );
        assert_eq!(found("tomato = 1"), some(1, "tomato", None));
        assert_eq!(found("[formats]\nanything = 'x'\n[[logs]]\npath = 'x'"), None);
        assert_eq!(found("[formats"), None);
    }
}
