//! Dockerfiles of services that are built, each read as its service would have it built. Nothing is built.

use std::path::Path;
use std::sync::Arc;

use lastgood_diagnose::check::built_for;
use lastgood_intake::dockerfile::{BuildUse, dockerfile};
use lastgood_model::desired::{Build, Service};
use lastgood_model::stack::Dockerfile;
use lastgood_model::{Desired, Gap, Ref, Snapshot};
use lastgood_world::{Damage, read_small};

use super::project::Project;
use super::{Texts, gap};

const INLINE: &str = "dockerfile_inline:";

/// Of every service that is built, by its name; their texts are added to those that references lead into.
pub(super) fn dockerfiles(
    desired: &Desired,
    snapshot: Option<&Snapshot>,
    project: &Project,
    texts: &mut Texts,
    gaps: &mut Vec<Gap>,
) -> Vec<(Arc<str>, Dockerfile)> {
    let mut found = Vec::new();
    for service in &desired.services {
        let Some(build) = &service.build else { continue };
        let used = BuildUse {
            target: build.target.as_deref(),
            args: &build.args,
            contexts: &build.contexts,
            architecture: built_for(service, snapshot),
        };
        let read = match &build.inline {
            Some(text) => inline(service, text, &used, texts),
            None => file(build, project, &used, texts).unwrap_or_else(|(what, damage)| {
                gaps.push(gap(&format!("{}: {what}", service.name), &damage));
                None
            }),
        };
        found.extend(read.map(|dockerfile| (Arc::clone(&service.name), dockerfile)));
    }
    found
}

fn file(
    build: &Build,
    project: &Project,
    used: &BuildUse<'_>,
    texts: &mut Texts,
) -> Result<Option<Dockerfile>, (String, Damage)> {
    let context = Path::new(&*build.context);
    // An address may hold a password, and is not said.
    if !context.is_absolute() && !build.context.starts_with('.') {
        return Err(("Dockerfile".to_owned(), Damage::NotFound));
    }
    let path = context.join(&*build.dockerfile);
    let shown = project.shown(&path);
    let text = read_small(&path).map_err(|damage| (shown.to_string(), damage))?;
    let read = dockerfile(&shown, &text, used);
    if !texts.iter().any(|(known, _)| *known == shown) {
        texts.push((shown, text));
    }
    Ok(Some(read))
}

/// One that stands in a compose file: its lines are that file's.
fn inline(service: &Service, text: &str, used: &BuildUse<'_>, texts: &Texts) -> Option<Dockerfile> {
    let Some(Ref::Text { file, line }) = &service.at else { return None };
    let read = dockerfile(file, text.as_bytes(), used);
    let (_, compose) = texts.iter().find(|(known, _)| known == file)?;
    let compose = String::from_utf8_lossy(compose);
    let begin = usize::try_from(*line).ok()?.checked_sub(1)?;
    let (offset, key) =
        compose.lines().enumerate().skip(begin).find(|(_, line)| line.trim_start().starts_with(INLINE))?;
    let is_block = key.split_once(INLINE).is_some_and(|(_, rest)| rest.trim_start().starts_with(['|', '>']));
    let key_line = offset as u64 + 1;
    let run_lines = read.run_lines.iter().map(|line| if is_block { key_line + line } else { key_line });
    Some(Dockerfile { run_lines: run_lines.collect(), ..read })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lastgood_model::GapKind;

    use super::*;

    fn service(name: &str, build: Build) -> Service {
        let at = Some(Ref::Text { file: Arc::from("compose.yaml"), line: 2 });
        Service { name: Arc::from(name), build: Some(build), at, ..Service::default() }
    }

    #[test]
    fn files_and_inline_ones_are_read_and_what_is_not_there_is_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let context = folder.path().join("web");
        fs::create_dir(&context).unwrap();
        fs::write(context.join("Dockerfile.prod"), "FROM node:22\nRUN npm ci\n").unwrap();
        let here: Arc<str> = Arc::from(context.to_string_lossy());
        let build = |dockerfile: &str| Build {
            context: Arc::clone(&here),
            dockerfile: Arc::from(dockerfile),
            ..Build::default()
        };
        let inline = Build { inline: Some(Arc::from("FROM x\nCOPY a b\nRUN c\n")), ..build("Dockerfile") };
        let remote = Build { context: Arc::from("https://me:carbon-7@git.example/x.git"), ..build("Dockerfile") };
        let desired = Desired {
            services: vec![
                service("web", build("Dockerfile.prod")),
                service("api", inline),
                service("gone", build("Dockerfile")),
                service("far", remote),
                Service { name: Arc::from("db"), ..Service::default() },
            ],
            ..Desired::default()
        };
        let compose = "services:\n  api:\n    build:\n      dockerfile_inline: |\n        FROM x\n        COPY a b\n        RUN c\n";
        let mut texts: Texts = vec![(Arc::from("compose.yaml"), compose.as_bytes().to_vec())];
        let mut gaps = Vec::new();
        let project = Project { files: Vec::new(), arguments: Vec::new(), folder: folder.path().to_owned() };
        let found = dockerfiles(&desired, None, &project, &mut texts, &mut gaps);
        let lines: Vec<(&str, &[u64])> =
            found.iter().map(|(name, dockerfile)| (&**name, dockerfile.run_lines.as_slice())).collect();
        assert_eq!(lines, [("web", &[2][..]), ("api", &[7][..])]);
        assert!(found[0].1.path.ends_with("Dockerfile.prod") && texts.len() == 2);
        let missed: Vec<&str> = gaps.iter().map(|gap| &*gap.what).collect();
        assert!(missed[0].starts_with("gone: ") && missed[1] == "far: Dockerfile" && missed.len() == 2, "{missed:?}");
        assert!(gaps.iter().all(|gap| gap.why == GapKind::NotFound));
    }
}
