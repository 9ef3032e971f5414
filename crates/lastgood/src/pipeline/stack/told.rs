//! What services are told by their environment files, one after the other. Versions of Compose differ in what a file sees of
//! the others: the way of reading that agrees with Compose's own answer is taken, and where none does, that is said. The
//! answer is the truth; the files are read for their lines, and for what `check` asks of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lastgood_intake::compose::Places;
use lastgood_intake::env_file::{ComposeVersion, Dialect, EnvRead, Told, read_in_turn};
use lastgood_model::desired::{EnvFileUse, Service};
use lastgood_model::{Desired, Secret};
use lastgood_world::{Damage, read_small};

/// The files of all services.
#[derive(Default)]
pub(super) struct ToldFiles {
    /// Each once, unless services differ in what they make of it.
    pub(super) files: Vec<ToldFile>,
    /// Those that could not be read.
    pub(super) missing: BTreeMap<Arc<str>, Damage>,
    /// Keys of files that Compose makes something else of.
    pub(super) contradicted: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// A file, and who is told it.
pub(super) struct ToldFile {
    pub(super) path: Arc<str>,
    raw: bool,
    pub(super) read: EnvRead,
    pub(super) services: Vec<Arc<str>>,
}

type Contents = BTreeMap<Arc<str>, Result<Vec<u8>, Damage>>;

/// Reads them. `project` knows the variables of shell and `.env`; `answered` says whether Compose answered at all.
pub(super) fn told(
    desired: &Desired,
    places: &Places,
    project: &dyn Fn(&str) -> Option<String>,
    answered: bool,
) -> ToldFiles {
    let uses = || desired.services.iter().flat_map(|service| &service.env_files);
    let mut contents = Contents::new();
    for one in uses() {
        contents.entry(Arc::clone(&one.path)).or_insert_with(|| read_small(Path::new(&*one.path)));
    }
    let by = |version| {
        let mut told = ToldFiles::default();
        for service in &desired.services {
            let compared = answered && places.is_whole(&service.name);
            told.add(service, &contents, Told { project, own: &own(service), version }, compared);
        }
        told
    };
    let newer = by(ComposeVersion::V2_40);
    let mut told = if newer.contradictions() == 0 {
        newer
    } else {
        let older = by(ComposeVersion::V2_26);
        if older.contradictions() < newer.contradictions() { older } else { newer }
    };
    for (path, content) in contents {
        let Err(damage) = content else { continue };
        // One that need not be there and is not is no gap.
        if damage != Damage::NotFound || uses().any(|one| one.path == path && one.required) {
            told.missing.insert(path, damage);
        }
    }
    told
}

/// What stands under `environment` itself, as Compose resolved it.
fn own(service: &Service) -> Vec<(Arc<str>, Option<Secret>)> {
    let is_own = |key: &Arc<str>| service.environment_at.iter().any(|(known, _)| known == key);
    service.environment.iter().filter(|(key, _)| is_own(key)).cloned().collect()
}

impl ToldFiles {
    fn contradictions(&self) -> usize {
        self.contradicted.values().map(|keys| keys.len().max(1)).sum()
    }

    fn add(&mut self, service: &Service, contents: &Contents, told: Told<'_>, compared: bool) {
        let there: Vec<(&EnvFileUse, &[u8])> =
            service.env_files.iter().filter_map(|one| Some((one, contents.get(&one.path)?.as_deref().ok()?))).collect();
        let dialect = |one: &EnvFileUse| if one.raw { Dialect::Raw } else { Dialect::Compose };
        let texts: Vec<(&[u8], Dialect)> = there.iter().map(|(one, text)| (*text, dialect(one))).collect();
        let mut reads = read_in_turn(&texts, told);
        if compared {
            let paths: Vec<&Arc<str>> = there.iter().map(|(one, _)| &one.path).collect();
            let is_there = |one: &EnvFileUse| contents.get(&one.path).is_some_and(Result::is_ok);
            let all_there = service.env_files.iter().all(|one| is_there(one) || !one.required);
            self.compare(service, &paths, &mut reads, all_there);
        }
        for ((one, _), read) in there.into_iter().zip(reads) {
            let same = |known: &&mut ToldFile| known.path == one.path && known.raw == one.raw && known.read == read;
            match self.files.iter_mut().find(same) {
                Some(known) => known.services.push(Arc::clone(&service.name)),
                None => self.files.push(ToldFile {
                    path: Arc::clone(&one.path),
                    raw: one.raw,
                    read,
                    services: vec![Arc::clone(&service.name)],
                }),
            }
        }
    }

    /// Against what Compose says that the service is told.
    fn compare(&mut self, service: &Service, paths: &[&Arc<str>], reads: &mut [EnvRead], all_there: bool) {
        let is_own = |key: &str| service.environment_at.iter().any(|(known, _)| **known == *key);
        let mut ours: BTreeMap<&str, (&Arc<str>, &Secret)> = BTreeMap::new();
        for (path, read) in paths.iter().zip(&*reads) {
            let set = read.entries.iter().filter_map(|entry| Some((&*entry.key, (*path, entry.value.as_ref()?))));
            ours.extend(set);
        }
        let mut contradicted: Vec<(&Arc<str>, Option<Arc<str>>)> = Vec::new();
        for (key, (path, value)) in &ours {
            if !is_own(key) && service.variable(key) != Some(*value) {
                contradicted.push((path, Some(Arc::from(*key))));
            }
        }
        if let (Some(last), true) = (paths.last(), all_there) {
            let more = service.environment.iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key);
            let more = more.filter(|key| !is_own(key) && !ours.contains_key(&***key));
            contradicted.extend(more.map(|key| (*last, Some(Arc::clone(key)))));
        }
        // What Compose has read it does not refuse.
        let refused = paths.iter().zip(reads).filter_map(|(path, read)| read.fault.take().map(|_| (*path, None)));
        contradicted.extend(refused);
        for (path, key) in contradicted {
            self.contradicted.entry(Arc::clone(path)).or_default().extend(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lastgood_intake::compose::ComposeFile;
    use lastgood_model::Ref;

    use super::*;

    /// What is said of a project whose service `api` is told `a.env` and `b.env`, where Compose answers with these variables.
    fn said(texts: [&str; 2], answer: &[(&str, &str)]) -> ToldFiles {
        let folder = tempfile::tempdir().unwrap();
        let uses = ["a.env", "b.env"].map(|name| {
            let path = folder.path().join(name);
            EnvFileUse { path: Arc::from(path.to_string_lossy()), required: true, raw: false }
        });
        for (one, text) in uses.iter().zip(texts) {
            fs::write(&*one.path, text).unwrap();
        }
        let at = Ref::Text { file: Arc::from("compose.yaml"), line: 1 };
        let service = Service {
            name: Arc::from("api"),
            env_files: uses.to_vec(),
            environment: answer.iter().map(|(key, value)| (Arc::from(*key), Some(Secret::from(*value)))).collect(),
            environment_at: vec![(Arc::from("OWN"), at)],
            ..Service::default()
        };
        let text = "services: {api: {image: x}}".to_owned();
        let file = ComposeFile { path: Arc::from("compose.yaml"), folder: Arc::from("/"), text };
        let desired = Desired { services: vec![service], ..Desired::default() };
        told(&desired, &Places::of(vec![file]), &|_| None, true)
    }

    #[test]
    fn the_way_of_reading_that_agrees_is_taken() {
        for (version_says, value) in [("2", "2"), ("1", "1")] {
            let told = said(["X=1\n", "X=2\nY=$X\n"], &[("X", "2"), ("Y", version_says), ("OWN", "o")]);
            assert!(told.contradicted.is_empty(), "{:?}", told.contradicted);
            assert_eq!(told.files[1].read.value("Y").map(Secret::expose), Some(value));
        }
    }

    #[test]
    fn what_compose_reads_otherwise_is_said() {
        let keys = |told: &ToldFiles| -> Vec<String> {
            told.contradicted.iter().map(|(path, keys)| format!("{} {keys:?}", &path[path.len() - 5..])).collect()
        };
        assert_eq!(keys(&said(["X=1\n", ""], &[("X", "2")])), ["a.env {\"X\"}"]);
        assert_eq!(keys(&said(["X=1\n", ""], &[("X", "1"), ("Z", "2")])), ["b.env {\"Z\"}"]);
        let refused = said(["A B=1\n", ""], &[]);
        assert_eq!(keys(&refused), ["a.env {}"]);
        assert_eq!(refused.files[0].read.fault, None);
    }
}
