//! The table of changes, as it is read.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::compose::Compose;

/// One change. A service named after it is made, then changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub name: String,
    /// Also looked at in short runs.
    #[serde(default)]
    pub usual: bool,
    /// What stands under the service; `-`: there is none yet.
    pub service: String,
    /// What stands there afterwards, if it is something else; `-`: it is gone.
    pub becomes: Option<String>,
    /// Files, and what they are afterwards.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    #[serde(default)]
    pub edited: BTreeMap<String, String>,
    /// Lines of `.env`, and what they are afterwards.
    #[serde(default)]
    pub dot: BTreeMap<String, String>,
    #[serde(default)]
    pub dot_edited: BTreeMap<String, String>,
    /// A script that runs before the project is brought up.
    pub prepare: Option<String>,
    /// A script that changes what runs.
    pub run: Option<String>,
    /// All that is to be said of it.
    says: Vec<String>,
    /// Whether Compose would create it again, where that does not follow: files were changed, and something is to be said.
    #[serde(default)]
    recreates: Recreates,
}

/// What Compose would do.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Recreates {
    #[default]
    AsSaid,
    Said(bool),
    Otherwise(Otherwise),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Otherwise {
    /// It is not asked.
    Unknown,
    /// Only 2.26 does.
    #[serde(rename = "before-5")]
    Before5,
    /// Only 5 does.
    #[serde(rename = "from-5")]
    From5,
}

#[derive(Deserialize)]
struct Table {
    change: Vec<Change>,
}

/// All of them.
pub fn changes() -> Vec<Change> {
    toml::from_str::<Table>(include_str!("changes.toml")).unwrap().change
}

impl Change {
    pub fn is_new(&self) -> bool {
        self.service == "-" || self.service.contains("profiles:")
    }

    /// Whether Compose does not know it afterwards.
    pub fn is_absent(&self) -> bool {
        let body = self.becomes.as_ref().unwrap_or(&self.service);
        body == "-" || body.contains("profiles:")
    }

    pub fn is_difference(&self) -> bool {
        !self.says.is_empty()
    }

    /// Whether this version of Compose would create it again; `None` if that is not asked.
    pub fn recreates(&self, compose: &Compose) -> Option<bool> {
        let is_5 = !compose.version.starts_with("2.");
        match self.recreates {
            Recreates::Said(recreates) => Some(recreates),
            Recreates::AsSaid => Some(self.is_difference() && self.run.is_none()),
            Recreates::Otherwise(Otherwise::Unknown) => None,
            Recreates::Otherwise(Otherwise::Before5) => Some(!is_5),
            Recreates::Otherwise(Otherwise::From5) => Some(is_5),
        }
    }

    /// What is said of it against what is to be said.
    pub fn compare(&self, items: &[String], project: &str) -> Option<String> {
        let mut rest: Vec<&String> = items.iter().collect();
        let mut missed = Vec::new();
        for wanted in &self.says {
            let wanted = wanted.replace("@P", project);
            match rest.iter().position(|item| item.contains(&wanted)) {
                Some(at) => drop(rest.remove(at)),
                None => missed.push(wanted),
            }
        }
        (!rest.is_empty() || !missed.is_empty()).then(|| format!("missed {missed:?}, said for nothing {rest:?}"))
    }
}
