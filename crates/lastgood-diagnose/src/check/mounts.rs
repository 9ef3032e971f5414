//! Bind mounts whose source is not what the container needs. The engine makes an empty directory of whatever is missing.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::stack::PathKind;

use super::{Look, finding};

/// Sources that are not there, or are the empty directory that an earlier start left behind.
pub(super) fn sources(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        for mount in service.mounts.iter().filter(|mount| &*mount.kind == "bind") {
            let Some(there) = look.stack.mount_sources.iter().find(|there| there.path == mount.source) else {
                continue;
            };
            let wants_file = names_a_file(&mount.target);
            let (source, target) = (mount.source.clone(), mount.target.clone());
            let (severity, flaw) = match there.kind {
                PathKind::Missing if wants_file => (Severity::WillBreak, Flaw::MountMissing { source, target }),
                // What may be written to begins empty; what may only be read was to hold something.
                PathKind::Missing if mount.read_only => (Severity::WorthKnowing, Flaw::MountMissing { source, target }),
                PathKind::EmptyDirectory if wants_file => (Severity::WillBreak, Flaw::MountNotAFile { source, target }),
                _ => continue,
            };
            found.push(finding(severity, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

/// `/etc/nginx/conf.d/default.conf`, not `/etc/nginx/conf.d`: of a folder the part after the dot is a single letter.
fn names_a_file(target: &str) -> bool {
    let name = target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    !target.ends_with('/') && name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && end.len() > 1)
}
