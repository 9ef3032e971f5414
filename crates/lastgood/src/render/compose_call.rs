//! How a user would call Compose for a project: with the same `-f`, `-p` and `--profile`. Names come from files and arguments:
//! they are quoted for the shell.

use lastgood_model::Desired;

use super::paste::word;
use crate::pipeline::stack::StackSubject;

/// What Compose finds by itself.
const FOUND: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What it merges by itself.
const MERGED: &[&str] =
    &["compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The beginning of a command: `docker compose -f docker-compose.prod.yml`.
#[must_use]
pub fn compose_call(subject: &StackSubject, desired: Option<&Desired>) -> String {
    let mut words = vec!["docker compose".to_owned()];
    let typed = || subject.files.iter().map(|file| file.to_string_lossy().into_owned());
    let declared = || desired.iter().flat_map(|desired| &desired.files).map(ToString::to_string);
    let is_found = |name: &String| FOUND.contains(&name.as_str()) || MERGED.contains(&name.as_str());
    let files: Vec<String> = match subject.files.is_empty() {
        false => typed().collect(),
        true if declared().all(|name| is_found(&name)) => Vec::new(),
        true => declared().collect(),
    };
    words.extend(files.iter().filter_map(|file| word(file)).map(|file| format!("-f {file}")));
    words.extend(subject.project.as_deref().and_then(word).map(|project| format!("-p {project}")));
    words.extend(subject.profiles.iter().filter_map(|profile| word(profile)).map(|name| format!("--profile {name}")));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_what_the_user_would_type() {
        let desired = |files: &[&str]| Desired {
            files: files.iter().map(|file| std::sync::Arc::from(*file)).collect(),
            ..Desired::default()
        };
        let call = |subject: &StackSubject, files: &[&str]| compose_call(subject, Some(&desired(files)));
        let plain = StackSubject::default();
        assert_eq!(call(&plain, &["compose.yaml"]), "docker compose");
        assert_eq!(call(&plain, &["docker-compose.yml", "docker-compose.override.yml"]), "docker compose");
        assert_eq!(call(&plain, &["docker-compose.prod.yml"]), "docker compose -f docker-compose.prod.yml");
        let typed = StackSubject {
            files: vec!["a b.yml".into(), "c.yml".into()],
            project: Some("shop".into()),
            profiles: vec!["debug".into()],
            ..StackSubject::default()
        };
        assert_eq!(call(&typed, &["a b.yml"]), "docker compose -f 'a b.yml' -f c.yml -p shop --profile debug");
        assert_eq!(compose_call(&plain, None), "docker compose");
    }
}
