//! `configuration/config-semantic`: since the proxy took over a configuration, what was answered is not found. It says why where
//! the application's own log shows that another path reaches it, or where a `proxy_pass` has a path of its own, which takes the
//! place of the location's. Mistaken for routes that the application lost: asked directly, it answers them.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, Evidence, LineRef, TurnClaim, UnixMs, Weight};

use super::{Depth, Hypothesis, Rule, turn};
use crate::passed::Passed;
use crate::scene::Scene;

/// A proxy whose configuration leads astray.
pub struct PathCut;

impl Rule for PathCut {
    fn code(&self) -> CauseCode {
        CauseCode::ConfigSemantic
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let passed = Passed::of(scene);
        let proxy = passed.as_ref().map(|passed| passed.proxy);
        let changed = turn::proxy_changed(scene, proxy);
        let cut = cut(scene);
        if changed.is_none() && cut.is_none() {
            return None;
        }
        let component = passed.as_ref().map_or_else(|| Arc::from("nginx"), |passed| Arc::clone(&passed.component));
        let mut hypothesis = turn::refused(scene, self.code(), component, &[400, 403, 404, 405])?;
        let replaces = passed.and_then(|passed| passed.pass).filter(|pass| pass.replaces && &*pass.location != "/");
        if cut.is_none() && replaces.is_none() {
            // That it was reloaded is all that is known.
            hypothesis.depth = Depth::Process;
        }
        if let Some(Cut { asked, passed, mark }) = cut {
            let claim = Claim::Turn(TurnClaim::PathCut { asked, passed });
            hypothesis.chain.insert(0, scene.link(claim.clone(), mark));
            hypothesis.evidence.push(scene.evidence(claim, mark, Weight::Decisive));
        }
        if let Some(pass) = replaces {
            let (location, host) = (Arc::clone(&pass.location), Arc::clone(&pass.host));
            let claim = Claim::Turn(TurnClaim::PassReplaces { location, host });
            hypothesis.evidence.push(Evidence { claim, reference: pass.at.clone(), weight: Weight::Strong });
        }
        if let Some(link) = changed {
            hypothesis.set_off_by(link, Weight::Moderate);
        }
        Some(hypothesis)
    }
}

/// A path that arrives as another one.
struct Cut {
    asked: Arc<str>,
    passed: Arc<str>,
    /// Where the application's log says so.
    mark: (UnixMs, LineRef),
}

/// What users ask for and what reaches the application instead: paths that end like those that are
/// refused, of which none was asked for before. Half of the routes at least.
fn cut(scene: &Scene<'_>) -> Option<Cut> {
    let finding = scene.finding;
    let text = |atom| scene.catalogue.text(atom);
    let vhosts: Vec<_> = finding.toll.slices.keys().filter_map(|&id| scene.catalogue.slice(id)).collect();
    let mut elsewhere: Vec<(&str, (UnixMs, LineRef))> = finding
        .look
        .bystanders
        .iter()
        .filter(|(_, seen)| seen.failed * 10 >= seen.requests * 9)
        .filter_map(|(&id, seen)| Some((scene.catalogue.slice(id)?, seen.first_bad?)))
        .filter(|(slice, _)| vhosts.iter().all(|failing| failing.vhost != slice.vhost))
        .map(|(slice, mark)| (text(slice.path), mark))
        .collect();
    elsewhere.sort_by_key(|(path, mark)| (mark.0, mark.1, *path));
    let paths = scene.failing_paths();
    let of = |path: &Arc<str>| {
        let shorter = |passed: &str| passed.len() > 1 && passed.len() < path.len() && path.ends_with(passed);
        elsewhere.iter().find(|(passed, _)| shorter(passed)).map(|(passed, mark)| (Arc::clone(path), *passed, *mark))
    };
    let cut: Vec<_> = paths.iter().filter_map(of).collect();
    let first = cut.iter().min_by_key(|(path, _, mark)| (mark.0, mark.1, Arc::clone(path)))?;
    let (asked, passed, mark) = first;
    (cut.len() * 2 >= paths.len()).then(|| Cut { asked: Arc::clone(asked), passed: Arc::from(*passed), mark: *mark })
}
