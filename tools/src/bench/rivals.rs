//! The commands that `bench speed` runs: lastgood, and what a user would run instead.
//! Each gets the same files and does its whole job in one command; none is measured here.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a command's output is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Rows of `lastgood timeline`.
    Lastgood,
    /// Rows of a rival.
    Rival,
    /// Not compared.
    Ignored,
}

/// One command.
#[derive(Debug)]
pub struct Rival {
    /// Name in the table.
    pub name: &'static str,
    /// How its output is read.
    pub output: Output,
    /// Exit codes that mean that it did its work.
    pub codes: &'static [i32],
    program: PathBuf,
    arguments: Vec<String>,
}

/// Name of DuckDB's row, against which the others are held.
pub const DUCKDB: &str = "DuckDB read_csv, 2 threads";

/// What `mawk` does with every line; a minute is written as it was logged.
const MAWK: &str = r#"{
    path = $7; sub(/^[^\/]*\//, "", path); sub(/[\/?"].*/, "", path)
    count[substr($4, 2, 17) "\t" path "\t" substr($9, 1, 1)]++
} END { for (key in count) print key "\t" count[key] }"#;

impl Rival {
    /// The command, ready to run.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env("LC_ALL", "C");
        command
    }
}

/// All commands for a folder; those whose program is missing are told on the side.
pub fn all(dir: &Path, lastgood: &Path, python: &Path) -> Result<(Vec<Rival>, Vec<String>)> {
    let files = logs(dir)?;
    let folder = dir.to_string_lossy().into_owned();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut timeline = words("timeline");
    timeline.push(folder.clone());
    timeline.extend(words("--per 1m --by segment,class --tsv"));
    let why = vec!["why".to_owned(), folder.clone(), "--json".to_owned()];
    let script = include_str!("duckdb_rows.py");
    let mut duckdb = vec!["-c".to_owned(), script.to_owned()];
    duckdb.extend(files.iter().map(|f| f.to_string_lossy().into_owned()));
    let rival = |name, output, codes, program: &Path, arguments| Rival {
        name,
        output,
        codes,
        program: program.to_owned(),
        arguments,
    };
    let mut rivals = vec![
        rival("lastgood timeline", Output::Lastgood, &[0], lastgood, timeline),
        // An incident is found in the set, and that is exit 1.
        rival("lastgood why", Output::Ignored, &[0, 1], lastgood, why),
        rival(DUCKDB, Output::Rival, &[0], python, duckdb),
    ];
    let mut missing = Vec::new();
    let mawk = vec!["-c".to_owned(), pipeline(&files)];
    let shell = Path::new("sh");
    if installed("mawk") {
        rivals.push(rival("zcat, cat \\| mawk", Output::Rival, &[0], shell, mawk));
    } else {
        missing.push("mawk is not installed".to_owned());
    }
    if installed("rg") {
        let mut count = words("-z -a -c");
        count.extend([" 502 ".to_owned(), folder]);
        let name = "rg -z -a -c ' 502 ' (reference)";
        rivals.push(rival(name, Output::Ignored, &[0], Path::new("rg"), count));
    } else {
        missing.push("rg is not installed, no reference row".to_owned());
    }
    Ok((rivals, missing))
}

/// The log files of a folder, in order of name.
pub fn logs(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_file() && path.to_string_lossy().contains(".log") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn pipeline(files: &[PathBuf]) -> String {
    let list = |packed: bool| -> String {
        let chosen = files.iter().filter(|f| packed == f.extension().is_some_and(|e| e == "gz"));
        chosen.map(|f| format!(" {}", quoted(&f.to_string_lossy()))).collect()
    };
    let mut parts = Vec::new();
    for (tool, packed) in [("zcat", true), ("cat", false)] {
        let names = list(packed);
        if !names.is_empty() {
            parts.push(format!("{tool}{names}"));
        }
    }
    format!("{{ {}; }} | mawk {}", parts.join("; "), quoted(MAWK))
}

/// As one word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pipeline_quotes_names_and_reads_both_kinds() {
        let files = [PathBuf::from("/a b/x.log.2.gz"), PathBuf::from("/it's/x.log")];
        let text = pipeline(&files);
        assert!(text.starts_with(r"{ zcat '/a b/x.log.2.gz'; cat '/it'\''s/x.log'; } | mawk '"));
    }
}
