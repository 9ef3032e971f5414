//! Variables that a container was told otherwise than its files say now.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::desired::Service;
use lastgood_model::stack::{EnvFile, EnvRole};
use lastgood_model::{Difference, Ref, Secret, Span, Stack, VariableDrift};

use super::Pair;

impl Pair<'_> {
    /// Key by key. What neither files nor image set, and the container has, is what the files said before; of what was set by
    /// an image that is gone nothing can be said.
    pub(super) fn variables(&self) -> Vec<Difference> {
        let image: BTreeMap<&Arc<str>, &Secret> = self
            .own_image()
            .into_iter()
            .flat_map(|image| image.environment.iter().map(|(key, value)| (key, value)))
            .collect();
        let declared: BTreeMap<&Arc<str>, &Secret> =
            self.service.environment.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))).collect();
        let running: BTreeMap<&Arc<str>, &Secret> =
            self.container.environment.iter().map(|(key, value)| (key, value)).collect();
        let mut found = Vec::new();
        for (key, value) in &declared {
            if running.get(key) != Some(value) {
                found.push(self.variable(key, Some(value), running.get(key).copied()));
            }
        }
        let knows_image = self.own_image().is_some();
        for (key, value) in &running {
            // A key without a value is inherited from a shell that is not this one.
            let is_inherited = self.service.environment.iter().any(|(known, _)| known == *key);
            // Compose hands on how its user reaches the internet; the files do not say it.
            let is_inherited = is_inherited || is_proxy(key);
            if !declared.contains_key(key) && !is_inherited && knows_image && image.get(key) != Some(value) {
                found.push(self.variable(key, image.get(key).copied(), Some(value)));
            }
        }
        found
    }

    fn variable(&self, key: &Arc<str>, declared: Option<&Secret>, running: Option<&Secret>) -> Difference {
        let at = declared_at(self.stack, self.service, key);
        Difference::Variable(VariableDrift {
            key: Arc::clone(key),
            declared: declared.cloned(),
            running: running.cloned(),
            edited: self.edited(at.as_ref()),
            at,
        })
    }

    /// When the value was edited: with its own file, with the one that is interpolated into a compose file, or, if it stands
    /// nowhere any more, with the one that it was taken out of.
    fn edited(&self, at: Option<&Ref>) -> Option<Span> {
        let is_later = |file: &&EnvFile| file.changed.is_some_and(|changed| changed > self.container.created);
        let file = match at {
            Some(Ref::Text { file, .. }) if files_of(self.stack, self.service).any(|known| known.path == *file) => {
                files_of(self.stack, self.service).find(|known| known.path == *file)
            }
            Some(_) => self.stack.env_files.iter().find(|file| file.role == EnvRole::Interpolation).filter(is_later),
            None => files_of(self.stack, self.service).find(is_later),
        }?;
        let modified = file.modified?;
        // A copy that keeps its time arrives later than it was edited.
        Some(Span::new(modified, file.changed.unwrap_or(modified).max(modified)))
    }
}

fn is_proxy(key: &str) -> bool {
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];
    names.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// The environment files that a service is told.
fn files_of<'a>(stack: &'a Stack, service: &'a Service) -> impl Iterator<Item = &'a EnvFile> {
    let is_told = |role: &EnvRole| matches!(role, EnvRole::Container(services) if services.contains(&service.name));
    stack.env_files.iter().filter(move |file| is_told(&file.role))
}

/// Where a value stands that a service is told: what is under `environment` counts more than files, and of files the one that
/// says what counts in the end.
#[must_use]
pub fn declared_at(stack: &Stack, service: &Service, key: &str) -> Option<Ref> {
    if let Some((_, at)) = service.environment_at.iter().find(|(known, _)| **known == *key) {
        return Some(at.clone());
    }
    let told: Vec<_> = files_of(stack, service).filter_map(|file| Some((file, file.entry(key)?))).collect();
    let value = service.variable(key);
    let (file, entry) = told.iter().rev().find(|(_, entry)| entry.value.as_ref() == value).or(told.last())?;
    Some(Ref::Text { file: Arc::clone(&file.path), line: entry.line })
}
