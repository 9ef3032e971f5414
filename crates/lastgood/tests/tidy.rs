//! The house rules, as tests: which crate may lean on which, what a file may be called and how long it may get,
//! and that the documents still describe this tree. Reads manifests and files only; builds nothing.
#![expect(clippy::panic, reason = "a rule that cannot be read is a failed rule")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lastgood_model::CauseCode;
use toml::{Table, Value};

/// What a crate may lean on: crates of this workspace, and for the pure ones also everything from outside.
struct Wall {
    name: &'static str,
    inside: &'static [&'static str],
    /// `None`: any that docs/DEPENDENCIES.md gives a reason for.
    outside: Option<&'static [&'static str]>,
}

const MODEL: &str = "lastgood-model";

const WALLS: &[Wall] = &[
    Wall { name: MODEL, inside: &[], outside: Some(&[]) },
    Wall {
        name: "lastgood-intake",
        inside: &[MODEL],
        outside: Some(&[
            "aho-corasick",
            "foldhash",
            "jiff",
            "memchr",
            "saphyr-parser",
            "serde",
            "serde_json",
            "toml",
            "x509-cert",
        ]),
    },
    Wall { name: "lastgood-diagnose", inside: &[MODEL], outside: Some(&["foldhash"]) },
    Wall { name: "lastgood-rollout", inside: &[MODEL], outside: Some(&[]) },
    Wall { name: "lastgood-world", inside: &[MODEL], outside: None },
    Wall {
        name: "lastgood",
        inside: &[MODEL, "lastgood-intake", "lastgood-diagnose", "lastgood-rollout", "lastgood-world"],
        outside: None,
    },
    Wall { name: "testkit", inside: &[], outside: None },
];

/// May be leaned on by tests, never by the product.
const DEV_ONLY: &[&str] = &["testkit", "lastgood-tools"];

/// Names of drawers: everything fits in, so nothing is found again.
const DRAWERS: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "types"];

const SOFT_LINES: usize = 400;
const HARD_LINES: usize = 800;
const EXAMPLE_BYTES: u64 = 3 * 1024 * 1024;

// ---------------------------------------------------------------------------------------------- the crates

#[test]
fn every_crate_stands_behind_its_wall() {
    let mut wrong = Vec::new();
    let walls: BTreeSet<&str> = WALLS.iter().map(|wall| wall.name).collect();
    for name in crate_names() {
        if !walls.contains(name.as_str()) {
            wrong.push(format!("crates/{name} has no wall: add a line to WALLS in this file"));
        }
    }
    for wall in WALLS {
        let manifest = manifest(&format!("crates/{}/Cargo.toml", wall.name));
        for (kind, dependency) in dependencies(&manifest) {
            let ours = dependency.starts_with("lastgood") || DEV_ONLY.contains(&dependency.as_str());
            let dev = kind == "dev-dependencies";
            let allowed = if dev {
                !ours || DEV_ONLY.contains(&dependency.as_str()) || wall.inside.contains(&dependency.as_str())
            } else if ours {
                wall.inside.contains(&dependency.as_str())
            } else {
                wall.outside.is_none_or(|list| list.contains(&dependency.as_str()))
            };
            if !allowed {
                wrong.push(format!(
                    "crates/{}: `{dependency}` may not stand under [{kind}]; ARCHITECTURE.md says why this crate \
                     does without. Move the code to the crate that may, or change the wall in both places",
                    wall.name
                ));
            }
        }
    }
    report(&wrong);
}

#[test]
fn every_member_inherits_from_the_workspace() {
    let mut wrong = Vec::new();
    for path in member_manifests() {
        let manifest = manifest(&path);
        if lookup(&manifest, &["lints", "workspace"]).and_then(Value::as_bool) != Some(true) {
            wrong.push(format!("{path}: add `[lints]` with `workspace = true`"));
        }
        for (kind, table) in dependency_tables(&manifest) {
            for (name, value) in table {
                if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                    wrong.push(format!(
                        "{path}: write `{name}.workspace = true` under [{kind}] and its version in the root Cargo.toml"
                    ));
                }
            }
        }
    }
    report(&wrong);
}

#[test]
fn pure_crates_ban_the_world_and_keep_the_common_settings() {
    let mut wrong = Vec::new();
    let common = manifest("clippy.toml");
    for wall in WALLS.iter().filter(|wall| wall.outside.is_some()) {
        let path = format!("crates/{}/clippy.toml", wall.name);
        if !root().join(&path).is_file() {
            wrong.push(format!("{path} is missing: a pure crate bans files, network, clock and environment there"));
            continue;
        }
        let own = manifest(&path);
        for (key, value) in &common {
            if own.get(key) != Some(value) {
                wrong.push(format!("{path}: repeat `{key} = {value}`; this file replaces the one at the root"));
            }
        }
        for key in ["disallowed-methods", "disallowed-types"] {
            if own.get(key).and_then(Value::as_array).is_none_or(Vec::is_empty) {
                wrong.push(format!("{path}: `{key}` is empty"));
            }
        }
    }
    report(&wrong);
}

#[test]
fn the_map_shows_exactly_the_crates() {
    let listed = first_cells("ARCHITECTURE.md", "## The crates");
    let present: BTreeSet<String> = crate_names().into_iter().collect();
    report(&differences(&present, &listed, "crates/", "the table under `## The crates` in ARCHITECTURE.md"));
}

#[test]
fn every_dependency_has_a_reason() {
    let workspace = manifest("Cargo.toml");
    let declared = lookup(&workspace, &["workspace", "dependencies"]).and_then(Value::as_table);
    let declared = declared.unwrap_or_else(|| panic!("Cargo.toml: no [workspace.dependencies]"));
    let outside = |table: &Table| -> BTreeSet<String> {
        table.iter().filter(|(_, value)| value.get("path").is_none()).map(|(name, _)| name.clone()).collect()
    };
    let mut wanted = outside(declared);
    let mut used: BTreeSet<String> = BTreeSet::new();
    for path in member_manifests() {
        used.extend(dependencies(&manifest(&path)).into_iter().map(|(_, name)| name));
    }
    let mut wrong: Vec<String> = (declared.keys().filter(|name| !used.contains(*name)))
        .map(|name| format!("Cargo.toml: nobody uses `{name}`; remove it from [workspace.dependencies]"))
        .collect();
    if root().join("fuzz/Cargo.toml").is_file() {
        for (_, table) in dependency_tables(&manifest("fuzz/Cargo.toml")) {
            wanted.extend(outside(&table));
        }
    }
    let reasons = first_cells("docs/DEPENDENCIES.md", "# ");
    wrong.extend(differences(&wanted, &reasons, "the manifests", "docs/DEPENDENCIES.md"));
    report(&wrong);
}

// ----------------------------------------------------------------------------------------------- the files

#[test]
fn every_source_file_says_what_it_is_and_is_not_a_drawer() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        let text = read(&file);
        if !text.starts_with("//! ") {
            wrong.push(format!(
                "{file}: begin with two or three `//!` lines: what this file is for, and what it is not"
            ));
        }
        for part in file.trim_end_matches(".rs").split('/') {
            let drawer = DRAWERS
                .iter()
                .any(|name| part == *name || part.strip_suffix(name).is_some_and(|front| front.ends_with('_')));
            if drawer {
                wrong.push(format!("{file}: `{part}` names a drawer; put the code beside the noun that it serves"));
            }
        }
    }
    report(&wrong);
}

#[test]
fn no_source_file_is_too_long() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        let test = file.contains("/tests/") || file.ends_with("/tests.rs");
        if test || file.ends_with("_table.rs") {
            continue;
        }
        let lines = lines_without_tests(&read(&file));
        if lines > HARD_LINES {
            wrong.push(format!("{file}: {lines} lines without tests, {HARD_LINES} are allowed; split it by nouns"));
        } else if lines > SOFT_LINES {
            eprintln!("note: {file} has {lines} lines without tests, more than {SOFT_LINES}; does it do one thing?");
        }
    }
    report(&wrong);
}

#[test]
fn no_source_file_is_forgotten() {
    let mut wrong = Vec::new();
    let files = rust_files();
    for path in member_manifests() {
        let folder = path.trim_end_matches("Cargo.toml");
        let package = manifest(&path);
        if lookup(&package, &["package", "autotests"]).and_then(Value::as_bool) == Some(false) {
            wrong.push(format!("{path}: `autotests = false` lets a test file be forgotten; remove it"));
        }
        let own: Vec<&String> = files.iter().filter(|file| file.starts_with(folder)).collect();
        let texts: String = own.iter().map(|file| read(file)).collect();
        for file in own {
            let parts: Vec<&str> = file[folder.len()..].trim_end_matches(".rs").split('/').collect();
            let module = match parts.as_slice() {
                // Cargo finds these by itself.
                ["build"] | ["src", "lib" | "main"] => continue,
                ["tests" | "benches" | "examples", _] | ["src", "bin", _] => continue,
                ["tests" | "benches" | "examples", _, "main"] | ["src", "bin", _, "main"] => continue,
                [.., parent, "mod"] => parent,
                [.., stem] => stem,
                [] => continue,
            };
            if !texts.lines().any(|line| declares(line, module)) {
                wrong.push(format!("{file}: no `mod {module};` anywhere in {folder}; it is never compiled"));
            }
        }
    }
    report(&wrong);
}

#[test]
fn every_rule_has_a_file_and_a_line_in_the_table() {
    let folder = "crates/lastgood-diagnose/src/rules";
    let table = format!("{folder}/mod.rs");
    let text = read(&table);
    let mut wrong = Vec::new();
    let mut rules = 0;
    for file in rust_files().iter().filter(|file| file.starts_with(&format!("{folder}/"))) {
        let source = read(file);
        let own: Vec<&str> =
            source.lines().filter_map(|line| line.split_once(" Rule for ")).map(|(_, name)| name).collect();
        if own.len() > 1 {
            wrong.push(format!("{file}: {} rules in one file; give each its own", own.len()));
        }
        for name in own {
            let name = name.trim_end_matches([' ', '{', '}']);
            rules += 1;
            // A rule may stand there several times, each with its own data.
            if ![",", "::", "]"].iter().any(|end| text.contains(&format!("::{name}{end}"))) {
                wrong.push(format!("{table}: `{name}` of {file} is in no table of rules, so it never runs"));
            }
        }
    }
    assert!(rules > 0, "no `impl Rule for …` in {folder}: if rules moved, tell this test");
    report(&wrong);
}

#[test]
fn every_format_is_fuzzed() {
    let source = read("crates/lastgood-intake/src/recognise.rs");
    let body = source.split_once("pub enum Format {").and_then(|(_, after)| after.split_once("\n}"));
    let (body, _) = body.unwrap_or_else(|| panic!("no `pub enum Format` in recognise.rs: if it moved, tell this test"));
    let variants = body.lines().map(str::trim).filter(|line| line.starts_with(char::is_uppercase));
    let targets: BTreeMap<String, String> = names_in("fuzz/targets")
        .into_iter()
        .map(|file| (file.trim_end_matches(".rs").to_owned(), read(&format!("fuzz/targets/{file}"))))
        .collect();
    let mut wrong = Vec::new();
    for variant in variants {
        let name = variant.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let name = name.split(['(', '{', ',']).next().unwrap_or(name).trim();
        let format = format!("Format::{name}");
        let is_named = |text: &String| {
            text.match_indices(&format).any(|(at, _)| !text[at + format.len()..].starts_with(char::is_alphanumeric))
        };
        // What is not known is fuzzed by the target that recognises.
        if name != "Unknown" && !targets.values().any(is_named) {
            wrong.push(format!("fuzz/targets: no target reads {format}; add one, with a seed"));
        }
    }
    let declared = manifest("fuzz/Cargo.toml");
    let bins = declared.get("bin").and_then(Value::as_array).cloned().unwrap_or_default();
    let declared = bins.iter().filter_map(|bin| bin.get("name")?.as_str()).map(str::to_owned).collect();
    let present: BTreeSet<String> = targets.into_keys().collect();
    wrong.extend(differences(&present, &declared, "fuzz/targets/", "fuzz/Cargo.toml"));
    for target in &present {
        if !root().join("fuzz/seeds").join(target).is_dir() || names_in(&format!("fuzz/seeds/{target}")).is_empty() {
            wrong.push(format!("fuzz/seeds/{target}: no seed; a fuzzer without one starts from nothing"));
        }
    }
    report(&wrong);
}

#[test]
fn every_cause_is_explained() {
    let wanted: BTreeSet<String> = CauseCode::ALL.iter().map(|code| format!("{}.toml", code.name())).collect();
    let present: BTreeSet<String> = names_in("knowledge/causes").into_iter().collect();
    report(&differences(&wanted, &present, "CauseCode::ALL", "knowledge/causes/"));
}

#[test]
fn the_bundled_examples_stay_small() {
    let mut wrong = Vec::new();
    for example in names_in("examples").iter().map(|name| format!("examples/{name}")) {
        let mut bytes = 0;
        walk(&root().join(&example), &mut |path| bytes += fs::metadata(path).map_or(0, |meta| meta.len()));
        if bytes > EXAMPLE_BYTES {
            wrong.push(format!("{example}: {bytes} bytes, {EXAMPLE_BYTES} are allowed; generate less traffic"));
        }
    }
    report(&wrong);
}

// ------------------------------------------------------------------------------------------- the documents

#[test]
fn both_readmes_show_the_same_commands() {
    let (english, korean) = (commands("README.md"), commands("README.ko.md"));
    assert!(!english.is_empty(), "README.md has no ```sh block: show how to run it");
    assert_eq!(english, korean, "the ```sh blocks of README.md (left) and README.ko.md (right) differ");
}

#[test]
fn links_and_paths_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for file in files_with_extension("md") {
        let text = read(&file);
        let folder = root().join(&file).parent().map(Path::to_path_buf).unwrap_or_default();
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(&file) } else { folder.join(path) };
            if !target.exists() {
                wrong.push(format!("{file}: the link to `{link}` leads nowhere"));
            } else if !anchor.is_empty() && !headings(&target).contains(anchor) {
                wrong.push(format!("{file}: `{link}`: no such heading there"));
            }
        }
        for path in named_paths(&text) {
            if !root().join(path).exists() {
                wrong.push(format!("{file}: names `{path}`, which does not exist"));
            }
        }
    }
    report(&wrong);
}

// ------------------------------------------------------------------------------------------------- reading

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

/// What stands on one side only, as complaints.
fn differences(a: &BTreeSet<String>, b: &BTreeSet<String>, a_name: &str, b_name: &str) -> Vec<String> {
    let only_a = a.difference(b).map(|item| format!("`{item}` is in {a_name} and missing in {b_name}"));
    let only_b = b.difference(a).map(|item| format!("`{item}` is in {b_name} and not in {a_name}: remove it there"));
    only_a.chain(only_b).collect()
}

fn lookup<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (last, front) = keys.split_last()?;
    front.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?.get(*last)
}

/// Every dependency table of a manifest, those of single targets included, under its plain name.
fn dependency_tables(manifest: &Table) -> Vec<(&'static str, Table)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let places = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut found = Vec::new();
    for place in places.chain([manifest]) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            if let Some(table) = place.get(kind).and_then(Value::as_table) {
                found.push((kind, table.clone()));
            }
        }
    }
    found
}

fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    let tables = dependency_tables(manifest).into_iter();
    tables.flat_map(|(kind, table)| table.into_iter().map(move |(name, _)| (kind, name))).collect()
}

fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

fn crate_names() -> Vec<String> {
    names_in("crates")
}

fn member_manifests() -> Vec<String> {
    let workspace = manifest("Cargo.toml");
    let members = lookup(&workspace, &["workspace", "members"]).and_then(Value::as_array).cloned().unwrap_or_default();
    members.iter().filter_map(Value::as_str).map(|member| format!("{member}/Cargo.toml")).collect()
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || ["target", "corpus", "artifacts"].contains(&&*name) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { walk(&path, visit) } else { visit(&path) }
    }
}

/// Paths relative to the root, sorted.
fn files_with_extension(extension: &str) -> Vec<String> {
    let (root, mut files) = (root(), Vec::new());
    walk(&root, &mut |path| {
        if path.extension().is_some_and(|own| own == extension) {
            files.push(path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned());
        }
    });
    files.sort();
    files
}

fn rust_files() -> Vec<String> {
    files_with_extension("rs")
}

fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    tests.unwrap_or(lines.len())
}

/// Whether a line is `mod name;`, with any visibility.
fn declares(line: &str, module: &str) -> bool {
    let line = line.trim();
    let after = line.strip_prefix("mod ").or_else(|| line.split_once(" mod ").map(|(_, after)| after));
    line.ends_with(';') && after.is_some_and(|after| after.trim_end_matches(';') == module)
}

/// First cells, in backticks, of the table rows from `heading` to the next heading of its rank.
fn first_cells(file: &str, heading: &str) -> BTreeSet<String> {
    let text = read(file);
    let rank = format!("{} ", "#".repeat(heading.chars().take_while(|c| *c == '#').count()));
    let section = text.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let rows = section.take_while(|line| !line.starts_with(&rank)).filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(cell, _)| cell.to_owned()).collect()
}

/// Lines of a Markdown text with their fence: `None` outside, else the word after the backticks.
fn fenced(text: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let mut fence = None;
    text.lines().filter_map(move |line| match (line.trim_start().strip_prefix("```"), fence) {
        (Some(_), Some(_)) => {
            fence = None;
            None
        }
        (Some(word), None) => {
            fence = Some(word);
            None
        }
        (None, _) => Some((fence, line)),
    })
}

/// The commands of a README, without comments.
fn commands(file: &str) -> Vec<String> {
    let text = read(file);
    let lines = fenced(&text).filter(|(fence, _)| *fence == Some("sh")).map(|(_, line)| line);
    let lines = lines.map(|line| line.split(" # ").next().unwrap_or_default().trim_end().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Targets of the relative links outside of code.
fn links(text: &str) -> Vec<&str> {
    let outside = fenced(text).filter(|(fence, _)| fence.is_none());
    let targets = outside.flat_map(|(_, line)| line.split("](").skip(1).filter_map(|rest| rest.split(')').next()));
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// Paths of this tree that a text names in backticks. Patterns (`<name>`, `*`) are not paths.
fn named_paths(text: &str) -> Vec<&str> {
    const PLACES: &[&str] =
        &["crates/", "tools/", "fuzz/", "scripts/", "docs/", "knowledge/", "examples/", "cases/", ".ci/"];
    let outside = fenced(text).filter(|(fence, _)| fence.is_none());
    let code = outside.flat_map(|(_, line)| line.split('`').skip(1).step_by(2));
    let paths = code.filter_map(|code| code.split_whitespace().next()).map(|path| path.trim_end_matches('/'));
    paths
        .filter(|path| PLACES.iter().any(|place| path.starts_with(place)))
        .filter(|path| !path.contains(['<', '*', '{', '…']))
        .collect()
}

/// Headings of a Markdown file, as anchors.
fn headings(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = fenced(&text).filter(|(fence, line)| fence.is_none() && line.starts_with('#')).map(|(_, line)| line);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    lines
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            let count = seen.entry(anchor.clone()).or_default();
            *count += 1;
            if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
        })
        .collect()
}
