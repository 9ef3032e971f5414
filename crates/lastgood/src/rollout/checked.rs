//! What `check` finds wrong with a release before anything is touched. Only what the release itself brings along counts: what is wrong
//! with what runs now may be what it is there to mend.

use std::path::Path;
use std::sync::Arc;

use lastgood_diagnose::check::{Accept, CheckQuestion, accept, check};
use lastgood_diagnose::{drift, topology};
use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::topology::Via;
use lastgood_model::{Stack, Topology};

use crate::privacy::secrets::is_secret_key;

/// Findings, by their codes, that hold of what is declared, whatever runs.
const OF_A_RELEASE: &[&str] = &[
    "nothing-to-wait-for",
    "network-missing",
    "volume-missing",
    "variable-required",
    "env-file-refused",
    "keys-lost",
    "half-address",
    "dollar-lost",
    "carriage-return",
    "image-mislabelled",
    "module-architecture",
    "image-architecture",
    "port-taken",
    "disk-short",
    "disk-read-only",
];

/// What would break it, as declared in `stack`, beside what is accepted. `changes` are services that change, and whether they go; `there`
/// says what lies where something is mounted from once its files are in place.
#[must_use]
pub fn would_break(
    stack: &Stack,
    changes: &[(Arc<str>, bool)],
    there: &dyn Fn(&Path) -> bool,
    accepted: &[Accept],
) -> Vec<Finding> {
    let question = CheckQuestion { development: None, is_secret_key };
    let topology = topology::build(stack);
    let mut findings = check(stack, &topology, &drift::find(stack), &question);
    findings.retain(|finding| OF_A_RELEASE.contains(&finding.flaw.code()));
    findings.extend(left_behind(stack, &topology, changes));
    findings.extend(not_brought(stack, changes, there));
    // What fits nothing here may fit another check.
    let _unused = accept(&mut findings, accepted);
    findings.retain(|finding| finding.accepted.is_none() && finding.severity == Severity::WillBreak);
    findings
}

/// Files that a service which changes has mounted, and that nobody brings. The engine would make an empty folder of each.
fn not_brought<'a>(
    stack: &'a Stack,
    changes: &'a [(Arc<str>, bool)],
    there: &'a dyn Fn(&Path) -> bool,
) -> impl Iterator<Item = Finding> + 'a {
    let services = stack.desired.iter().flat_map(|desired| &desired.services);
    let services = services.filter(|service| changes.iter().any(|(name, goes)| *name == service.name && !goes));
    // `site.conf`, and not `conf.d`.
    let is_file = |path: &str| Path::new(path).extension().is_some_and(|end| end.len() > 1);
    services.flat_map(move |service| {
        let mounts = service.mounts.iter().filter(move |mount| {
            &*mount.kind == "bind"
                && is_file(&mount.source)
                && is_file(&mount.target)
                && !there(Path::new(&*mount.source))
        });
        mounts.map(|mount| Finding {
            flaw: Flaw::MountMissing { source: Arc::clone(&mount.source), target: Arc::clone(&mount.target) },
            severity: Severity::WillBreak,
            component: Arc::clone(&service.name),
            refs: service.at.iter().cloned().collect(),
            accepted: None,
        })
    })
}

/// Whoever asks a service that goes with the release.
fn left_behind<'a>(
    stack: &'a Stack,
    topology: &'a Topology,
    changes: &'a [(Arc<str>, bool)],
) -> impl Iterator<Item = Finding> + 'a {
    let declared = |name: &str| stack.desired.as_ref().and_then(|desired| desired.service(name));
    let goes = |name: &str| changes.iter().any(|(service, goes)| *goes && **service == *name);
    let changes = move |name: &str| changes.iter().any(|(service, _)| **service == *name);
    topology.edges.iter().filter(move |edge| goes(&edge.host)).filter_map(move |edge| {
        let asker = declared(&topology.components.get(edge.from)?.name)?;
        // Of a service that changes, only what it will be told counts; what a proxy will read nobody has read yet.
        let is_told = |key: &Arc<str>| asker.environment.iter().any(|(told, _)| told == key);
        let key = match &edge.via {
            Via::Variable { key, .. } if !changes(&asker.name) || is_told(key) => Some(Arc::clone(key)),
            Via::Proxy if !changes(&asker.name) => None,
            _ => return None,
        };
        Some(Finding {
            flaw: Flaw::UnknownName { key, name: Arc::clone(&edge.host), nearest: None },
            severity: Severity::WillBreak,
            component: Arc::clone(&asker.name),
            refs: edge.at.iter().cloned().collect(),
            accepted: None,
        })
    })
}

#[cfg(test)]
mod tests {
    use lastgood_model::Secret;
    use lastgood_model::desired::{Desired, Mount, Service};
    use lastgood_model::snapshot::{Container, Snapshot};

    use super::*;

    #[test]
    fn a_file_that_is_mounted_has_to_be_brought_or_there() {
        let mount = |source: &str, target: &str| Mount {
            kind: "bind".into(),
            source: source.into(),
            target: target.into(),
            ..Mount::default()
        };
        let mounts = vec![
            mount("/srv/a.conf", "/etc/a.conf"),
            mount("/srv/conf.d", "/etc/conf.d"),
            mount("/srv/data", "/data.db"),
        ];
        let service = Service { name: "app".into(), mounts, ..Service::default() };
        let stack =
            Stack { desired: Some(Desired { services: vec![service], ..Desired::default() }), ..Stack::default() };
        let found = |changes: &[(Arc<str>, bool)], there| -> Vec<Flaw> {
            would_break(&stack, changes, &|_| there, &[]).into_iter().map(|finding| finding.flaw).collect()
        };
        let missing = Flaw::MountMissing { source: "/srv/a.conf".into(), target: "/etc/a.conf".into() };
        assert_eq!(found(&[("app".into(), false)], false), [missing]);
        assert_eq!(found(&[("app".into(), false)], true), []);
        assert_eq!(found(&[("app".into(), true)], false), [], "it goes");
        assert_eq!(found(&[], false), [], "it stays as it is");
    }

    #[test]
    fn every_code_is_one_that_check_knows() {
        for code in OF_A_RELEASE {
            assert!(Flaw::CODES.contains(code), "{code}");
        }
    }

    #[test]
    fn nobody_is_left_behind_by_a_service_that_goes() {
        let app = |environment: &[(&str, &str)]| Service {
            name: "app".into(),
            environment: environment.iter().map(|(key, value)| ((*key).into(), Some(Secret::from(*value)))).collect(),
            ..Service::default()
        };
        let container = |service: &str, environment: &[(&str, &str)]| Container {
            name: format!("shop-{service}-1").into(),
            project: Some("shop".into()),
            service: Some(service.into()),
            environment: environment.iter().map(|(key, value)| ((*key).into(), Secret::from(*value))).collect(),
            ..Container::default()
        };
        let asks = [("KVS_HOST", "kvs"), ("KVS_PORT", "6379")];
        let codes = |declared: &[(&str, &str)], changes: &[(&str, bool)], accepted: &[Accept]| {
            let stack = Stack {
                desired: Some(Desired { project: "shop".into(), services: vec![app(declared)], ..Desired::default() }),
                snapshot: Some(Snapshot {
                    containers: vec![container("app", &asks), container("kvs", &[])],
                    ..Snapshot::default()
                }),
                ..Stack::default()
            };
            let changes: Vec<_> = changes.iter().map(|(name, goes)| (Arc::from(*name), *goes)).collect();
            let found = would_break(&stack, &changes, &|_| true, accepted);
            found.iter().map(|finding| (finding.flaw.code(), finding.component.to_string())).collect::<Vec<_>>()
        };
        let left = [("unknown-name", "app".to_owned())];
        assert_eq!(codes(&asks, &[("kvs", true)], &[]), left);
        assert_eq!(codes(&asks, &[("kvs", true), ("app", false)], &[]), left, "it changes, and asks all the same");
        assert_eq!(codes(&[], &[("kvs", true), ("app", false)], &[]), [], "it is told of it no more");
        assert_eq!(codes(&asks, &[("app", false)], &[]), [], "nobody goes");
        let accept = Accept {
            code: "unknown-name".into(),
            component: None,
            keys: Vec::new(),
            reason: "it is not asked any more".into(),
        };
        assert_eq!(codes(&asks, &[("kvs", true)], &[accept]), []);
    }
}
