//! A Dockerfile: which of its steps run programs of the machine that an image is for. Stages that the build does not need are
//! passed over, as the builder does; so are those that are built for the building machine. Nothing is fetched or built.

mod instructions;
mod words;

use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::stack::Dockerfile;

use self::instructions::{Instruction, instructions};
use self::words::{assignments, expand, flag};

/// How a Dockerfile is built.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuildUse<'a> {
    /// The stage that is wanted; the last one if none is named.
    pub target: Option<&'a str>,
    /// Arguments that are handed in.
    pub args: &'a [(Arc<str>, Option<Secret>)],
    /// Names that stand for other folders or images.
    pub contexts: &'a [Arc<str>],
    /// The architecture that it is built for, in Docker's words, where that is known.
    pub architecture: Option<&'a str>,
}

/// For which machine a stage is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Platform {
    /// The one that builds.
    Build,
    /// The one that the image is for.
    Target,
    /// One that is named: its architecture.
    Named(String),
}

#[derive(Debug, Default)]
struct Stage {
    name: String,
    /// The image, or the stage, that it begins with.
    base: String,
    platform: Option<Platform>,
    runs: Vec<u64>,
    /// Stages or images that it takes files from.
    sources: Vec<String>,
}

/// Reads it. What is no instruction that matters here is passed over.
#[must_use]
pub fn dockerfile(path: &Arc<str>, text: &[u8], used: &BuildUse<'_>) -> Dockerfile {
    let text = String::from_utf8_lossy(text);
    let stages = stages(&instructions(&text), used);
    let mut found = Dockerfile { path: Arc::clone(path), ..Dockerfile::default() };
    for index in needed(&stages, used.target) {
        let Some(stage) = stages.get(index) else { continue };
        let runs_there = match platform(&stages, index) {
            Platform::Build => false,
            Platform::Target => true,
            Platform::Named(named) => used.architecture.is_none_or(|target| named == target),
        };
        if runs_there {
            found.run_lines.extend(&stage.runs);
        }
        let is_image = base_stage(&stages, index).is_none() && !used.contexts.iter().any(|name| **name == *stage.base);
        if is_image && stage.base != "scratch" && !stage.base.is_empty() {
            found.bases.push(Arc::from(stage.base.as_str()));
        }
    }
    found.run_lines.sort_unstable();
    found.bases.sort();
    found.bases.dedup();
    found
}

fn stages(instructions: &[Instruction], used: &BuildUse<'_>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    // Only what stands before the first stage is known in `FROM`.
    let mut known: Vec<(String, String)> = Vec::new();
    for Instruction { line, name, rest } in instructions {
        match (name.as_str(), stages.last_mut()) {
            ("ARG", None) => {
                for (key, default) in assignments(rest) {
                    let given = used.args.iter().find(|(arg, _)| **arg == *key).and_then(|(_, value)| value.as_ref());
                    let default = default.map(|default| expand(&default, &|name| value(&known, name)));
                    if let Some(value) = given.map(|value| value.expose().to_owned()).or(default) {
                        known.push((key, value));
                    }
                }
            }
            ("FROM", _) => stages.push(from(rest, &known)),
            ("RUN", Some(stage)) => {
                stage.runs.push(*line);
                let mounts = flag(rest, "mount").into_iter();
                stage.sources.extend(mounts.flat_map(|mount| {
                    let from = |part: &str| part.trim().strip_prefix("from=").map(str::to_owned);
                    mount.split(',').find_map(from)
                }));
            }
            ("COPY" | "ADD", Some(stage)) => stage.sources.extend(flag(rest, "from")),
            _ => {}
        }
    }
    stages
}

/// `[--platform=…] image [AS name]`.
fn from(rest: &str, known: &[(String, String)]) -> Stage {
    let expanded = |text: &str| expand(text, &|name| value(known, name));
    let platform = flag(rest, "platform").into_iter().next().map(|text| named(&expanded(&text)));
    let mut words = rest.split_ascii_whitespace().filter(|word| !word.starts_with("--"));
    let base = expanded(words.next().unwrap_or_default());
    let is_named = words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"));
    let name = words.next().filter(|_| is_named).unwrap_or_default().to_owned();
    Stage { name, base, platform, ..Stage::default() }
}

/// What the builder itself sets has no value before a build; these stand for it.
const BUILDING: &str = "{build}";
const WANTED: &str = "{target}";

fn value(known: &[(String, String)], name: &str) -> Option<String> {
    let set = match name {
        "BUILDPLATFORM" | "BUILDARCH" => Some(BUILDING),
        "TARGETPLATFORM" | "TARGETARCH" => Some(WANTED),
        "BUILDOS" | "TARGETOS" => Some("linux"),
        "BUILDVARIANT" | "TARGETVARIANT" => Some(""),
        _ => None,
    };
    let given = || known.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    set.map(str::to_owned).or_else(given)
}

fn named(platform: &str) -> Platform {
    if platform.contains(BUILDING) {
        return Platform::Build;
    }
    // `linux/arm64/v8`, or the architecture alone.
    let mut parts = platform.split('/');
    let first = parts.next().unwrap_or_default();
    let architecture = parts.next().unwrap_or(first);
    match architecture {
        "" | "linux" => Platform::Target,
        wanted if wanted.contains(WANTED) || wanted.contains('$') => Platform::Target,
        architecture => Platform::Named(architecture.to_owned()),
    }
}

/// A stage is for the machine of the stage that it begins with, else for that of its own `--platform`.
fn platform(stages: &[Stage], index: usize) -> Platform {
    let mut index = index;
    while let Some(base) = base_stage(stages, index) {
        index = base;
    }
    stages.get(index).and_then(|stage| stage.platform.clone()).unwrap_or(Platform::Target)
}

/// The earlier stage that a stage begins with, if it is one.
fn base_stage(stages: &[Stage], index: usize) -> Option<usize> {
    let base = &stages.get(index)?.base;
    stages.iter().take(index).rposition(|stage| is_called(stage, base))
}

fn is_called(stage: &Stage, name: &str) -> bool {
    !stage.name.is_empty() && stage.name.eq_ignore_ascii_case(name)
}

/// Stages that the wanted one is made from, itself included.
fn needed(stages: &[Stage], target: Option<&str>) -> Vec<usize> {
    let by_name = |name: &str, before: usize| {
        let earlier = stages.get(..before).unwrap_or(stages);
        let by_number = || name.parse().ok().filter(|index| *index < earlier.len());
        earlier.iter().rposition(|stage| is_called(stage, name)).or_else(by_number)
    };
    let wanted = target.filter(|name| !name.is_empty()).and_then(|name| by_name(name, stages.len()));
    let mut open: Vec<usize> = wanted.or(stages.len().checked_sub(1)).into_iter().collect();
    let mut needed = Vec::new();
    while let Some(index) = open.pop() {
        let Some(stage) = stages.get(index).filter(|_| !needed.contains(&index)) else { continue };
        needed.push(index);
        open.extend(base_stage(stages, index));
        open.extend(stage.sources.iter().filter_map(|name| by_name(name, index)));
    }
    needed.sort_unstable();
    needed
}

#[cfg(test)]
mod tests;
