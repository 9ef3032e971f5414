//! Which Compose project is meant: named with `-f` and `-p`, found here or above as Compose finds it, or told by the labels
//! of containers that were started from this folder. What it declares is read in `declared`.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_model::Snapshot;

use super::StackSubject;

/// File names that Compose looks for, best first, each with its override.
const NAMES: [(&str, &[&str]); 4] = [
    ("compose.yaml", &["compose.override.yaml", "compose.override.yml"]),
    ("compose.yml", &["compose.override.yml", "compose.override.yaml"]),
    ("docker-compose.yml", &["docker-compose.override.yml", "docker-compose.override.yaml"]),
    ("docker-compose.yaml", &["docker-compose.override.yaml", "docker-compose.override.yml"]),
];

/// A project that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// The files, in the order of merging.
    pub(super) files: Vec<PathBuf>,
    /// What to tell Compose: `-f`, `-p` and profiles as the user typed them, or what stands in for them.
    pub(super) arguments: Vec<String>,
    /// The folder that relative paths start from.
    pub(super) folder: PathBuf,
}

/// The project that the user names, or whose files lie here or above.
pub(super) fn named(subject: &StackSubject) -> Option<Project> {
    let here = here(subject);
    let mut arguments = Vec::new();
    let separator = env::var("COMPOSE_PATH_SEPARATOR").unwrap_or_else(|_| ":".to_owned());
    let of_environment = env::var("COMPOSE_FILE").ok().filter(|text| !text.is_empty());
    let files: Vec<PathBuf> = if !subject.files.is_empty() {
        for file in &subject.files {
            arguments.extend(["-f".to_owned(), file.to_string_lossy().into_owned()]);
        }
        subject.files.clone()
    } else if let Some(list) = of_environment {
        list.split(separator.as_str()).map(PathBuf::from).collect()
    } else {
        found_from(&here)?
    };
    arguments.extend(choices(subject));
    let folder = files.first().and_then(|file| here.join(file).parent().map(Path::to_owned)).unwrap_or(here);
    Some(Project { files, arguments, folder })
}

/// The project of containers that were started from this folder or one below it, or whose name was given.
pub(super) fn of_containers(subject: &StackSubject, snapshot: &Snapshot) -> Option<Project> {
    let here = here(subject);
    let is_meant = |folder: &str, project: Option<&str>| match &subject.project {
        Some(name) => project == Some(name.as_str()),
        None => Path::new(folder) == here,
    };
    let container = snapshot.containers.iter().find(|container| {
        let folder = container.folder.as_deref();
        folder.is_some_and(|folder| is_meant(folder, container.project.as_deref()))
            && !container.config_files.is_empty()
    })?;
    let folder = PathBuf::from(&**container.folder.as_ref()?);
    let mut arguments = Vec::new();
    let mut files = Vec::new();
    // Containers of one project may have been started from different sets of files: all of them belong to it.
    for file in snapshot
        .containers
        .iter()
        .filter(|other| other.project == container.project && other.folder == container.folder)
        .flat_map(|other| &other.config_files)
    {
        let path = PathBuf::from(&**file);
        if !files.contains(&path) && path.is_file() {
            files.push(path);
        }
    }
    for file in &files {
        let short = file.strip_prefix(&here).unwrap_or(file);
        arguments.extend(["-f".to_owned(), short.to_string_lossy().into_owned()]);
    }
    arguments.extend(choices(subject));
    (!files.is_empty()).then_some(Project { files, arguments, folder })
}

fn here(subject: &StackSubject) -> PathBuf {
    let current = env::current_dir().unwrap_or_default();
    current.join(&subject.folder)
}

/// `-p` and `--profile`, as typed.
fn choices(subject: &StackSubject) -> Vec<String> {
    let project = subject.project.iter().flat_map(|name| ["-p".to_owned(), name.clone()]);
    let profiles = subject.profiles.iter().flat_map(|name| ["--profile".to_owned(), name.clone()]);
    project.chain(profiles).collect()
}

/// The nearest folder with a compose file, its override behind it.
fn found_from(here: &Path) -> Option<Vec<PathBuf>> {
    here.ancestors().find_map(|folder| {
        let (main, overrides) = NAMES.iter().find(|(main, _)| folder.join(main).is_file())?;
        let extra = overrides.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        Some(std::iter::once(folder.join(main)).chain(extra).collect())
    })
}

/// The name that the environment sets.
pub(super) fn told_name() -> Option<String> {
    env::var("COMPOSE_PROJECT_NAME").ok().filter(|name| !name.is_empty())
}

impl Project {
    /// What Compose makes of the folder's name.
    pub(super) fn folder_name(&self) -> Option<String> {
        let folder = env::current_dir().unwrap_or_default().join(&self.folder);
        let name = folder.file_name()?.to_string_lossy().to_lowercase();
        let kept = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        let name: String = name.chars().filter(kept).collect();
        let name = name.trim_start_matches(['_', '-']);
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// A file as it is shown: below the current folder without it.
    pub(super) fn shown(&self, file: &Path) -> Arc<str> {
        let here = env::current_dir().unwrap_or_default();
        Arc::from(file.strip_prefix(&here).unwrap_or(file).to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lastgood_model::snapshot::Container;

    use super::*;

    #[test]
    fn files_are_found_here_and_above_with_their_override() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        fs::write(folder.path().join("compose.yml"), "").unwrap();
        fs::write(folder.path().join("compose.override.yml"), "").unwrap();
        let subject = StackSubject { folder: below, ..StackSubject::default() };
        let project = named(&subject).unwrap();
        assert_eq!(project.files, [folder.path().join("compose.yml"), folder.path().join("compose.override.yml")]);
        assert_eq!(project.arguments, Vec::<String>::new());
        assert_eq!(project.folder, folder.path());
    }

    #[test]
    fn what_is_typed_is_repeated() {
        let subject = StackSubject {
            files: vec!["docker-compose.prod.yml".into()],
            project: Some("shop".into()),
            ..StackSubject::default()
        };
        assert_eq!(named(&subject).unwrap().arguments, ["-f", "docker-compose.prod.yml", "-p", "shop"]);
    }

    #[test]
    fn containers_know_the_files_that_compose_would_not_find() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docker-compose.prod.yml");
        fs::write(&file, "").unwrap();
        let container = Container {
            project: Some("shop".into()),
            folder: Some(Arc::from(folder.path().to_string_lossy())),
            config_files: vec![Arc::from(file.to_string_lossy())],
            ..Container::default()
        };
        let snapshot = Snapshot { containers: vec![container], ..Snapshot::default() };
        let subject = StackSubject { folder: folder.path().to_owned(), ..StackSubject::default() };
        assert_eq!(of_containers(&subject, &snapshot).unwrap().arguments, ["-f", "docker-compose.prod.yml"]);
        assert!(of_containers(&StackSubject { folder: "/".into(), ..subject }, &snapshot).is_none());
    }
}
