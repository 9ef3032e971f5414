//! A target that somebody has to look at: what its services run as now, and the commands that lead back to the last good release. What
//! has to be done is `lastgood-rollout`'s to say, how it is told the renderers'.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lastgood_model::Stack;
use lastgood_model::release::Release;
use lastgood_model::rollout::{Action, ReleaseId};
use lastgood_rollout::{Remains, Runs};
use lastgood_world::digest;

use super::candidate;
use super::doer::{Hands, arguments, kept_image};
use super::gate::{containers, state_of};
use super::include::HOME;
use super::trouble::Trouble;

/// What is there, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// What is there.
    pub remains: Remains,
    /// Why services run as neither release says.
    pub why: BTreeMap<Arc<str>, Trouble>,
    /// What leads back, line by line for a shell; nothing where all is as it was.
    pub by_hand: Vec<String>,
}

impl Hands<'_> {
    /// Looks. `data`: it was brought forward, and bringing it back failed. `returns`: there is a way back.
    pub(super) fn survey(&self, back: Option<&ReleaseId>, data: bool, returns: bool) -> Survey {
        let old = back.and_then(|id| self.releases.get(id));
        let both: Vec<&Release> = old.into_iter().chain(self.releases.get(&self.target)).collect();
        let has_files = |release: &&&Release| {
            let is_there = |path: &str, wanted: &str| digest(&self.live.join(path)).is_ok_and(|found| found == wanted);
            release.files.iter().all(|file| is_there(&file.path, &file.digest))
        };
        // Where each release's files are that are not the live ones.
        let kept = |release: &Release| self.state.join("releases").join(&*release.id.0).join("files");
        let looks: Vec<(&Release, Stack)> = both
            .iter()
            .map(|release| (*release, self.looks.at(release, &kept(release), &self.live, false).stack))
            .collect();
        let (mut services, mut why) = (Vec::new(), BTreeMap::new());
        let mut candidates = Vec::new();
        for name in self.concerned() {
            let has = old.is_some_and(|old| old.service(&name).is_some());
            let (runs, trouble) = runs(&looks, &name);
            if let Some(trouble) = trouble {
                why.insert(Arc::clone(&name), self.discreet(trouble));
            }
            let is_candidate =
                |(release, stack): &(&Release, Stack)| candidate::of(stack, &release.project, &name).is_some();
            if looks.iter().any(is_candidate) {
                candidates.push(Arc::clone(&name));
            }
            services.push((name, runs, has));
        }
        let remains = Remains {
            back: back.cloned(),
            files: both.iter().find(has_files).map(|release| release.id.clone()),
            away: services.iter().map(|(name, ..)| Arc::clone(name)).filter(|name| self.is_away(name)).collect(),
            services,
            candidates,
            data,
        };
        let stack = looks.first().map(|(_, stack)| stack);
        let acts = if returns { remains.by_hand() } else { Vec::new() };
        let by_hand = acts.iter().flat_map(|act| self.commands(act, stack)).collect();
        Survey { remains, why, by_hand }
    }

    /// Services of both releases, in the order of the new one.
    fn concerned(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        let new = self.releases.get(&self.target).into_iter();
        for service in new.chain(self.releases.values()).flat_map(|release| &release.services) {
            if !names.contains(&service.name) {
                names.push(Arc::clone(&service.name));
            }
        }
        names
    }

    /// Does by a shell what the act is to do.
    fn commands(&self, act: &Action, stack: Option<&Stack>) -> Vec<String> {
        let Some(target) = self.releases.get(&self.target) else { return Vec::new() };
        let project = &*target.project;
        let compose =
            |release: &Release| arguments(release).iter().map(|word| word_of(word)).collect::<Vec<_>>().join(" ");
        match act {
            Action::Place { release: Some(id) } => vec![format!("cp -a .lastgood/releases/{}/files/. .", id.0)],
            Action::Switch { service, release: Some(id) } => {
                let Some(release) = self.releases.get(id) else { return Vec::new() };
                let kept = kept_image(project, service, id);
                let image = release.service(service).map(|service| &service.image).filter(|name| !name.contains('@'));
                let tag = image.map(|name| format!("docker tag {} {}", word_of(&kept), word_of(name)));
                let up =
                    format!("docker compose {} up -d --no-build --pull never {}", compose(release), word_of(service));
                tag.into_iter().chain([up]).collect()
            }
            Action::Switch { service, release: None } => {
                let ids = stack.into_iter().flat_map(|stack| containers(stack, project, service));
                ids.map(|container| format!("docker rm -f {}", word_of(&container.name))).collect()
            }
            Action::Route { service, .. } => {
                let mut lines = Vec::new();
                for (path, reloads) in self.ways_away(service, stack) {
                    let path = word_of(&path.to_string_lossy());
                    lines.push(format!("sed -i '/^{HOME}/!d; s///' {path}"));
                    lines.extend(reloads);
                }
                lines
            }
            Action::DropCandidate { service } => {
                vec![format!("docker rm -f {}", word_of(&candidate::name(project, service)))]
            }
            Action::MigrateBack => {
                let Some(migrate) = &self.manner.migrate else { return Vec::new() };
                let down = migrate.down.iter().flatten().map(|word| word_of(word)).collect::<Vec<_>>().join(" ");
                let service = word_of(&migrate.service);
                vec![format!("docker compose {} run --rm --no-deps {service} {down}", compose(target))]
            }
            _ => Vec::new(),
        }
    }
}

/// As which release a service runs; and why as neither, by the first one's account.
fn runs(looks: &[(&Release, Stack)], name: &str) -> (Runs, Option<Trouble>) {
    if looks.iter().all(|(_, stack)| stack.snapshot.is_none()) {
        return (Runs::Unknown, Some(Trouble::NoEngine));
    }
    if !looks.iter().any(|(release, stack)| containers(stack, &release.project, name).next().is_some()) {
        return (Runs::Nothing, None);
    }
    let mut why = None;
    for (release, stack) in looks.iter().filter(|(release, _)| release.service(name).is_some()) {
        match state_of(stack, release, name) {
            Ok(_) | Err(Trouble::NotHealthyYet) => return (Runs::As(release.id.clone()), None),
            Err(trouble) => why = why.or(Some(trouble)),
        }
    }
    (Runs::AsNeither, why)
}

/// A word, as a shell has to read it.
pub(super) fn word_of(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@=+,%".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Where a folder is entered first.
#[must_use]
pub fn enters(live: &Path) -> String {
    format!("cd {}", word_of(&live.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        for (text, word) in [
            ("app", "app"),
            ("", "''"),
            ("my app", "'my app'"),
            ("a'b", r"'a'\''b'"),
            ("$(x)", "'$(x)'"),
            ("registry:5000/app@sha256:ab", "registry:5000/app@sha256:ab"),
        ] {
            assert_eq!(word_of(text), word);
        }
    }
}
