//! Changes to a Compose project that runs: each is made for real, and then the binary is asked what differs. What is right
//! stands in `changes.toml`; what Compose itself would create again is compared with it.

mod changes;
mod project;

use std::time::Instant;

use crate::compose::{Compose, in_full, versions};
use changes::{Change, changes};
use project::Project;
pub use project::images;

/// Changes to services that others ask.
const ASKED: [&str; 3] = ["asked", "command", "mount-renamed-over"];
/// So many services at once: an engine with hundreds of containers has more to tell than there is time for.
const AT_ONCE: usize = 36;

#[test]
#[ignore = "needs a Docker engine"]
fn every_change_is_told_and_nothing_else() {
    project::images();
    let only = std::env::var("LASTGOOD_CHANGE").ok();
    let wanted = |change: &Change| match &only {
        Some(only) => change.name == *only,
        None => in_full() || change.usual,
    };
    let (asked, others): (Vec<Change>, Vec<Change>) =
        changes().into_iter().partition(|change| ASKED.contains(&&*change.name));
    let others: Vec<Change> = others.into_iter().filter(wanted).collect();
    let versions = versions();
    let mut wrong = Vec::new();
    for creator in &versions {
        let begun = Instant::now();
        for some in others.chunks(AT_ONCE) {
            let changes: Vec<&Change> = asked.iter().chain(some).collect();
            wrong.extend(walk(&changes, creator, &versions));
        }
        println!(
            "created by Compose {}: {} changes, {} of them differences, asked with {} versions: {:.1} s",
            creator.version,
            asked.len() + others.len(),
            asked.iter().chain(&others).filter(|change| change.is_difference()).count(),
            versions.len(),
            begun.elapsed().as_secs_f64()
        );
    }
    assert!(wrong.is_empty(), "{} are told otherwise than they are:\n{}", wrong.len(), wrong.join("\n"));
}

/// All changes to one project, asked with each version of Compose.
fn walk(changes: &[&Change], creator: &Compose, versions: &[Compose]) -> Vec<String> {
    let project = Project::up(changes, creator);
    let mut wrong = Vec::new();
    for asked in versions {
        let said = project.ask(asked);
        let differing =
            said.iter().filter(|(name, _)| changes.iter().any(|change| change.name == **name && !change.is_new()));
        wrong.extend(differing.map(|(name, items)| format!("{name}, before it was changed: {items:?}")));
    }
    for change in changes {
        project.make(change);
    }
    for asked in versions {
        let said = project.ask(asked);
        for change in changes {
            let items = said.get(&change.name).cloned().unwrap_or_default();
            if let Some(complaint) = change.compare(&items, project.name()) {
                wrong.push(format!(
                    "{} (created by {}, asked with {}): {complaint}",
                    change.name, creator.version, asked.version
                ));
            }
        }
    }
    let again = project.would_create_again(creator);
    let mut unlike = Vec::new();
    for change in changes {
        let Some(expected) = change.recreates(creator) else { continue };
        if again.contains(&change.name) != expected {
            unlike.push(&*change.name);
        }
    }
    if !unlike.is_empty() {
        wrong.push(format!(
            "Compose {} decides otherwise than the table says of {}",
            creator.version,
            unlike.join(", ")
        ));
    }
    wrong
}
