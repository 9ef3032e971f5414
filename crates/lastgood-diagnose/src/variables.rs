//! What a container was told of a variable that its program asks for: nothing, a blank, another name; or the variable after all.
//! Whether the program asks for it is somebody else's business.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::stack::EnvRole;
use lastgood_model::{Instead, Ref, StateClaim};

use crate::nearest::distance;
use crate::stack_scene::{StackScene, key};

/// What there is of a variable, and where that stands.
#[must_use]
pub fn told(scene: &StackScene<'_>, container: &Container, variable: &Arc<str>) -> (StateClaim, Ref) {
    let of_env = |name: &str| key(&container.name, &format!("Config.Env/{name}"));
    let missing = |instead| StateClaim::VariableMissing {
        container: Arc::clone(&container.name),
        key: Arc::clone(variable),
        instead,
    };
    match container.variable(variable) {
        Some(value) if value.is_blank() => return (missing(Instead::Blank), of_env(variable)),
        Some(_) => {
            let there = StateClaim::VariableThere { container: Arc::clone(&container.name), key: Arc::clone(variable) };
            return (there, of_env(variable));
        }
        None => {}
    }
    let declared = scene.service(container).map(|service| &service.environment);
    let names = container.environment.iter().map(|(name, _)| name);
    // What the image brings is not what somebody meant to set.
    let own = names.filter(|name| declared.is_none_or(|declared| declared.iter().any(|(known, _)| known == *name)));
    if let Some(near) = own.filter(|name| is_slip(variable, name)).min_by_key(|name| distance(variable, name)) {
        return (missing(Instead::Near(Arc::clone(near))), of_env(near));
    }
    let files = scene.stack.env_files.iter().filter(|file| file.role == EnvRole::Interpolation);
    let mut lines = files.flat_map(|file| file.entries.iter().map(move |entry| (file, entry)));
    if let Some((file, entry)) = lines.find(|(_, entry)| entry.key == *variable) {
        let at = Ref::Text { file: Arc::clone(&file.path), line: entry.line };
        return (missing(Instead::OnlyIn(Arc::clone(&file.path))), at);
    }
    (missing(Instead::Nothing), key(&container.name, "Config.Env"))
}

/// Whether a name is another one with a slip in it: letters of another case, or one or two that differ.
fn is_slip(wanted: &str, there: &str) -> bool {
    let most = if wanted.len() > 8 { 2 } else { 1 };
    wanted.eq_ignore_ascii_case(there) || (wanted.len() > 3 && distance(wanted, there) <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_no_other_name() {
        for (wanted, there) in [("DB_URL", "db_url"), ("SECRET_KEY", "SECRET_KY"), ("DATABASE_URL", "DATABSE_URL")] {
            assert!(is_slip(wanted, there), "{there}");
        }
        for (wanted, there) in
            [("DB_URL", "KV_URI"), ("SECRET_KEY", "PUBLIC_KEY"), ("KEY", "KEX"), ("DB_USER", "DB_PORT")]
        {
            assert!(!is_slip(wanted, there), "{there}");
        }
    }
}
