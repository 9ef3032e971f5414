//! A case: the folder of an incident that can be sent and looked at again. This is its `case.toml`, version 1, as
//! described in `docs/CASE.md`; what is captured and how it is replayed stands in `pipeline`.

pub mod gaps;
pub mod host;
pub mod probes;
pub mod stack;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lastgood_world::read_small;
use serde::{Deserialize, Serialize};

use crate::complaint::Complaint;

/// The version that is written, and the newest that is read.
pub const VERSION: u64 = 1;
/// What makes a folder a case.
pub const CASE_TOML: &str = "case.toml";
/// What could not be looked at.
pub const GAPS_JSON: &str = "gaps.json";
/// What the formats of configurations end in.
pub const CONFIGURATION: &str = "-conf";

/// `case.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Case {
    /// Of this shape.
    pub version: u64,
    /// What wrote it, with its version.
    pub tool: String,
    /// When, as RFC 3339.
    pub captured_at: String,
    /// Whether the host was looked at as it was then.
    pub live: bool,
    /// The host, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// Whether addresses stand in it as they were.
    #[serde(default)]
    pub with_addresses: bool,
    /// What was asked.
    #[serde(default)]
    pub question: Asked,
    /// What is in it, in the order in which it was read.
    #[serde(default)]
    pub files: Vec<CaseFile>,
}

/// What was asked, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Asked {
    /// `--noticed-at`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noticed_at: Option<String>,
    /// `--reported-at`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<String>,
    /// `--change`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<String>,
    /// `--since`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// `--until`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// `--tz`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// `--show-tz`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_tz: Option<String>,
    /// `--min-duration`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration: Option<String>,
    /// The service that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// A file of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct CaseFile {
    /// Where it lies, below the case.
    pub path: String,
    /// Where it lay.
    pub original: String,
    /// What it was understood as.
    pub format: String,
    /// When its contents were changed, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// When anything of it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// Its permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The zone in which times without one were read, where something says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// SHA-256 of the file as it lies here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// It said the same as this one, and is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
}

/// A case that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its folder.
    pub folder: PathBuf,
    /// What its `case.toml` says.
    pub case: Case,
    /// When it was captured.
    pub captured_at: Timestamp,
}

impl Opened {
    /// Opens a folder as a case.
    ///
    /// # Errors
    /// If it is none, or one of a newer version.
    pub fn open(folder: &Path) -> Result<Self, Complaint> {
        let wrong = |why: String| Complaint::Case { folder: folder.display().to_string(), why };
        let bytes = read_small(&folder.join(CASE_TOML)).map_err(|damage| wrong(damage.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        // A newer one may have another shape altogether.
        let version = toml::from_str::<toml::Table>(&text).map_err(|error| wrong(error.message().to_owned()))?;
        match version.get("version").and_then(toml::Value::as_integer).and_then(|version| u64::try_from(version).ok()) {
            Some(VERSION) => {}
            Some(version) if version > VERSION => {
                return Err(Complaint::NewerCase { folder: folder.display().to_string(), version });
            }
            _ => return Err(wrong("no version that is known".to_owned())),
        }
        let case: Case = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        let captured_at = case.captured_at.parse().map_err(|_| wrong("captured_at is not a time".to_owned()))?;
        Ok(Self { folder: folder.to_owned(), case, captured_at })
    }

    /// Opens what was named if it is a case: with `--case`, or a folder with a `case.toml`.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub fn among(named: &[PathBuf], case: Option<&Path>) -> Result<Option<Self>, Complaint> {
        match (case, named) {
            (Some(folder), _) => Self::open(folder).map(Some),
            (None, [folder]) if folder.join(CASE_TOML).is_file() => Self::open(folder).map(Some),
            _ => Ok(None),
        }
    }
}

/// A zone as a person would type it.
#[must_use]
pub fn zone_name(zone: &TimeZone) -> Option<String> {
    match zone.iana_name() {
        Some(name) => Some(name.to_owned()),
        None => {
            let seconds = zone.to_fixed_offset().ok()?.seconds();
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
            Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> Result<Opened, Complaint> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CASE_TOML), text).unwrap();
        Opened::open(folder.path())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let case = Case {
            version: VERSION,
            captured_at: "2022-11-16T13:35:00Z".to_owned(),
            question: Asked { noticed_at: Some("12:57".to_owned()), ..Asked::default() },
            files: vec![CaseFile { path: "logs/a.log.gz".to_owned(), ..CaseFile::default() }],
            ..Case::default()
        };
        assert_eq!(opened(&toml::to_string(&case).unwrap()).unwrap().case, case);
    }

    #[test]
    fn a_newer_case_is_refused_and_says_so() {
        assert!(matches!(opened("version = 2\nother = []"), Err(Complaint::NewerCase { version: 2, .. })));
        for none in ["", "version = 0", "version = \"1\"", "version = 1", "{"] {
            assert!(matches!(opened(none), Err(Complaint::Case { .. })), "{none}");
        }
    }

    #[test]
    fn zones_have_names() {
        let name = |text: &str| crate::said::zone(text).and_then(|zone| zone_name(&zone));
        for zone in ["Asia/Seoul", "+09:00", "-03:30", "UTC"] {
            assert_eq!(name(zone).as_deref(), Some(zone));
        }
    }
}
