//! `gaps.json` of a case: what could not be looked at when it was captured, in a shape that is read again.

use std::sync::Arc;

use lastgood_model::{Gap, GapKind};
use serde::{Deserialize, Serialize};

/// Parts of a case that this version does not collect.
pub const NOT_COLLECTED: [&str; 3] = ["docker", "probes", "project"];

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Gaps {
    /// What was missed while reading; on replay it is missed again.
    pub gaps: Vec<Written>,
    /// Folders that are absent because nothing of their kind was looked at.
    pub not_collected: Vec<String>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Written {
    what: String,
    #[serde(flatten)]
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
enum Why {
    NotFound,
    NoPermission,
    NotAFile,
    Io { message: String },
    Truncated { lines: u64 },
    Packed { by: String },
    UnknownFormat,
    NoTimes,
    NotGiven,
    ZoneAssumed { zone: String },
    NothingThen,
    NoAccessLog,
    TooLarge,
}

impl From<&Gap> for Written {
    fn from(gap: &Gap) -> Self {
        let why = match &gap.why {
            GapKind::NotFound => Why::NotFound,
            GapKind::NoPermission => Why::NoPermission,
            GapKind::NotAFile => Why::NotAFile,
            GapKind::Io(message) => Why::Io { message: message.to_string() },
            GapKind::Truncated { lines } => Why::Truncated { lines: *lines },
            GapKind::Packed(by) => Why::Packed { by: by.to_string() },
            GapKind::UnknownFormat => Why::UnknownFormat,
            GapKind::NoTimes => Why::NoTimes,
            GapKind::NotGiven => Why::NotGiven,
            GapKind::ZoneAssumed(zone) => Why::ZoneAssumed { zone: zone.to_string() },
            GapKind::NothingThen => Why::NothingThen,
            GapKind::NoAccessLog => Why::NoAccessLog,
            GapKind::TooLarge => Why::TooLarge,
        };
        Self { what: gap.what.to_string(), why }
    }
}

impl From<Written> for Gap {
    fn from(written: Written) -> Self {
        let why = match written.why {
            Why::NotFound => GapKind::NotFound,
            Why::NoPermission => GapKind::NoPermission,
            Why::NotAFile => GapKind::NotAFile,
            Why::Io { message } => GapKind::Io(Arc::from(message)),
            Why::Truncated { lines } => GapKind::Truncated { lines },
            Why::Packed { by } => GapKind::Packed(Arc::from(by)),
            Why::UnknownFormat => GapKind::UnknownFormat,
            Why::NoTimes => GapKind::NoTimes,
            Why::NotGiven => GapKind::NotGiven,
            Why::ZoneAssumed { zone } => GapKind::ZoneAssumed(Arc::from(zone)),
            Why::NothingThen => GapKind::NothingThen,
            Why::NoAccessLog => GapKind::NoAccessLog,
            Why::TooLarge => GapKind::TooLarge,
        };
        Self { what: Arc::from(written.what), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gap_is_read_again() {
        let kinds = [
            GapKind::NotFound,
            GapKind::Io("stale".into()),
            GapKind::Truncated { lines: 7 },
            GapKind::ZoneAssumed("UTC".into()),
            GapKind::TooLarge,
        ];
        for why in kinds {
            let gap = Gap { what: "a.log".into(), why };
            let text = serde_json::to_string(&Written::from(&gap)).unwrap();
            assert_eq!(Gap::from(serde_json::from_str::<Written>(&text).unwrap()), gap, "{text}");
        }
    }
}
