//! What Compose takes in beside the files that it is told: those that they include or extend, and what these name in turn. What is not
//! there is left out: where it has to be, Compose says so.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

use lastgood_intake::compose::{ComposeFile, named};
use lastgood_model::desired::{Taken, TakenIn};
use lastgood_world::read_small;

/// No project is made of more.
const MOST: usize = 500;

/// Each of them once. `value` knows what a variable is set to.
pub(super) fn taken_in(files: &[ComposeFile], value: &dyn Fn(&str) -> Option<String>) -> Vec<TakenIn> {
    let mut found: BTreeSet<(String, Taken)> = BTreeSet::new();
    let mut ahead: VecDeque<(ComposeFile, bool)> = files.iter().map(|file| (file.clone(), true)).collect();
    while let Some((file, is_told)) = ahead.pop_front() {
        let named = named(&file, value);
        // What services of the files that Compose is told have, they say themselves: some of them may not be asked for.
        let variables = named.interpolated.into_iter().chain(named.told.into_iter().filter(|_| !is_told));
        let with = |taken| move |path: String| (path, taken);
        let beside = variables.map(with(Taken::Variables)).chain(named.labels.into_iter().map(with(Taken::Labels)));
        found.extend(beside.filter(|(path, _)| Path::new(path).is_file()));
        for (path, folder) in named.composed {
            let Ok(bytes) = read_small(Path::new(&path)) else { continue };
            if found.len() < MOST && found.insert((path.clone(), Taken::Composed)) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                ahead.push_back((ComposeFile { path: path.into(), folder, text }, false));
            }
        }
    }
    found.into_iter().map(|(path, taken)| TakenIn { path: Arc::from(path), taken }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_lead_to_further_ones_and_not_in_circles() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir_all(at.join("store/deep")).unwrap();
        for (path, text) in [
            (
                "store/compose.yaml",
                "include: [deep/compose.yaml, ../compose.yaml, none.yaml]\nservices: {kvs: {env_file: kvs.env}}",
            ),
            ("store/deep/compose.yaml", "services: {a: {extends: {file: ../base.yaml, service: b}}}"),
            ("store/base.yaml", "services: {b: {env_file: [b.env, none.env], label_file: b.labels}}"),
            ("store/.env", ""),
            ("store/kvs.env", ""),
            ("store/b.env", ""),
            ("store/b.labels", ""),
            ("compose.yaml", "include: [store/compose.yaml]"),
            ("app.env", ""),
        ] {
            fs::write(at.join(path), text).unwrap();
        }
        let text = "include: [store/compose.yaml]\nservices: {app: {env_file: app.env}}".to_owned();
        let file = ComposeFile { path: "compose.yaml".into(), folder: at.to_string_lossy().into(), text };
        let found = taken_in(&[file], &|_| None);
        let found: Vec<_> = found
            .iter()
            .map(|file| (Path::new(&*file.path).strip_prefix(at).unwrap().to_str().unwrap(), file.taken))
            .collect();
        assert_eq!(
            found,
            [
                ("compose.yaml", Taken::Composed),
                ("store/.env", Taken::Variables),
                ("store/b.env", Taken::Variables),
                ("store/b.labels", Taken::Labels),
                ("store/base.yaml", Taken::Composed),
                ("store/compose.yaml", Taken::Composed),
                ("store/deep/compose.yaml", Taken::Composed),
                ("store/kvs.env", Taken::Variables),
            ]
        );
    }
}
