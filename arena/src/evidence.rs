//! The files of a case as somebody else would read them: lines of logs for quotes and baselines, values of the engine's answers, and
//! whether a secret stands anywhere. Nothing of lastgood's own reading is used, so that it is not its own witness.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::pattern::stands_in;

/// A case on disk.
pub struct Case {
    files: HashMap<String, String>,
}

impl Case {
    /// Reads all of it, unpacked.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut files = HashMap::new();
        let mut open = vec![folder.to_owned()];
        while let Some(next) = open.pop() {
            for path in fs::read_dir(&next)?.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                    files.insert(name, unpacked(&path)?);
                }
            }
        }
        Ok(Self { files })
    }

    /// Its files below a folder, by name.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut found: Vec<(&str, &str)> = self
            .files
            .iter()
            .filter(|(name, _)| name.starts_with(folder))
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .collect();
        found.sort_unstable();
        found.into_iter()
    }

    /// How many of these texts stand in it.
    pub fn holds(&self, secrets: &[String]) -> usize {
        secrets.iter().filter(|secret| self.files.values().any(|text| text.contains(secret.as_str()))).count()
    }

    /// Every reference of a verdict that leads nowhere, and every quote that does not stand where it says; and how many there are.
    pub fn misquoted(&self, verdict: &Value) -> (usize, Vec<String>) {
        let (mut quotes, mut wrong) = (0, Vec::new());
        self.walk(verdict, &mut quotes, &mut wrong);
        (quotes, wrong)
    }

    fn walk(&self, value: &Value, quotes: &mut usize, wrong: &mut Vec<String>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.walk(value, quotes, wrong)),
            Value::Object(entries) => {
                if let (Some(place), Some(quote)) =
                    (entries.get("ref").and_then(Value::as_str), entries.get("quote").and_then(Value::as_str))
                {
                    *quotes += 1;
                    if !self.says(place, quote) {
                        wrong.push(format!("{place} does not say `{quote}`"));
                    }
                }
                entries.values().for_each(|value| self.walk(value, quotes, wrong));
            }
            _ => {}
        }
    }

    /// A line by its number; else a value that the engine, Compose or a dependency answered, or a line of the project's files.
    fn says(&self, place: &str, quote: &str) -> bool {
        let line = place.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<usize>().ok()?)));
        if let Some((path, number)) = line
            && let Some(text) = self.files.get(path).or_else(|| self.files.get(&format!("project/{path}")))
        {
            return number
                .checked_sub(1)
                .and_then(|at| text.split('\n').nth(at))
                .is_some_and(|line| stands_in(quote, line));
        }
        // Of an environment file, a case holds which variable stands in which line, and a digest of its value.
        if let Some((path, number)) = line
            && let Some((key, _)) = quote.split_once('=')
            && let Some(text) = self.files.get("project/project.json")
            && let Ok(project) = serde_json::from_str::<Value>(text)
        {
            let files = project["env_files"].as_array().map_or(&[][..], Vec::as_slice);
            let entries =
                files.iter().filter(|file| file["path"] == path).filter_map(|file| file["entries"].as_array());
            if entries.flatten().any(|entry| entry["line"] == number && entry["key"] == key) {
                return true;
            }
        }
        let answers = || ["docker/", "probes/", "host/", "project/"].iter().flat_map(|folder| self.below(folder));
        // Of several values that stand apart, each word is one.
        let apart = |word: &str| {
            answers().any(|(_, text)| serde_json::from_str(text).is_ok_and(|value: Value| is_a_value(&value, word)))
        };
        let said = answers().any(|(name, text)| {
            if Path::new(name).extension().is_some_and(|extension| extension == "json") {
                serde_json::from_str(text).is_ok_and(|value| holds(&value, quote))
            } else {
                text.lines().any(|line| stands_in(quote, line))
            }
        });
        said || quote.split([',', ' ']).filter(|word| !word.is_empty()).all(apart)
    }
}

fn is_a_value(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text == word,
        Value::Array(values) => values.iter().any(|value| is_a_value(value, word)),
        Value::Object(entries) => entries.values().any(|value| is_a_value(value, word)),
        _ => false,
    }
}

fn holds(value: &Value, quote: &str) -> bool {
    match value {
        Value::String(text) => stands_in(quote, text),
        Value::Array(values) => values.iter().any(|value| holds(value, quote)) || stands_in(quote, &value.to_string()),
        Value::Object(entries) => entries.iter().any(|(key, value)| {
            holds(value, quote) || value.as_str().is_some_and(|text| stands_in(quote, &format!("{key}={text}")))
        }),
        other => stands_in(quote, &other.to_string()),
    }
}

fn unpacked(path: &PathBuf) -> Result<String> {
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
    } else {
        bytes = fs::read(path)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
