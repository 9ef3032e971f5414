//! `gaps.json` of a case: what could not be looked at when it was captured, in a shape that is read again.

use std::sync::Arc;

use lastgood_model::{Gap, GapKind};
use serde::{Deserialize, Serialize};

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
    OtherMachine,
    NothingTells,
    SourceMissing { source: String },
    ZoneAssumed { zone: String },
    YearAssumed,
    NothingThen,
    NoAccessLog,
    OtherThanCompose { keys: String },
    TooLarge,
    NoRoomToProbe,
    NotProbed { because: String },
    TooManyFiles { left_out: u64 },
    AndMore { files: u64, first: Box<Why> },
}

impl From<&Gap> for Written {
    fn from(gap: &Gap) -> Self {
        Self { what: gap.what.to_string(), why: Why::from(&gap.why) }
    }
}

impl From<Written> for Gap {
    fn from(written: Written) -> Self {
        Self { what: Arc::from(written.what), why: written.why.into() }
    }
}

impl From<&GapKind> for Why {
    fn from(why: &GapKind) -> Self {
        match why {
            GapKind::NotFound => Self::NotFound,
            GapKind::NoPermission => Self::NoPermission,
            GapKind::NotAFile => Self::NotAFile,
            GapKind::Io(message) => Self::Io { message: message.to_string() },
            GapKind::Truncated { lines } => Self::Truncated { lines: *lines },
            GapKind::Packed(by) => Self::Packed { by: by.to_string() },
            GapKind::UnknownFormat => Self::UnknownFormat,
            GapKind::NoTimes => Self::NoTimes,
            GapKind::NotGiven => Self::NotGiven,
            GapKind::OtherMachine => Self::OtherMachine,
            GapKind::NothingTells => Self::NothingTells,
            GapKind::SourceMissing(source) => Self::SourceMissing { source: source.to_string() },
            GapKind::ZoneAssumed(zone) => Self::ZoneAssumed { zone: zone.to_string() },
            GapKind::YearAssumed => Self::YearAssumed,
            GapKind::NothingThen => Self::NothingThen,
            GapKind::NoAccessLog => Self::NoAccessLog,
            GapKind::OtherThanCompose(keys) => Self::OtherThanCompose { keys: keys.to_string() },
            GapKind::TooLarge => Self::TooLarge,
            GapKind::NoRoomToProbe => Self::NoRoomToProbe,
            GapKind::NotProbed(why) => Self::NotProbed { because: why.to_string() },
            GapKind::TooManyFiles { left_out } => Self::TooManyFiles { left_out: *left_out },
            GapKind::AndMore { files, why } => Self::AndMore { files: *files, first: Box::new(Self::from(&**why)) },
        }
    }
}

impl From<Why> for GapKind {
    fn from(why: Why) -> Self {
        match why {
            Why::NotFound => Self::NotFound,
            Why::NoPermission => Self::NoPermission,
            Why::NotAFile => Self::NotAFile,
            Why::Io { message } => Self::Io(Arc::from(message)),
            Why::Truncated { lines } => Self::Truncated { lines },
            Why::Packed { by } => Self::Packed(Arc::from(by)),
            Why::UnknownFormat => Self::UnknownFormat,
            Why::NoTimes => Self::NoTimes,
            Why::NotGiven => Self::NotGiven,
            Why::OtherMachine => Self::OtherMachine,
            Why::NothingTells => Self::NothingTells,
            Why::SourceMissing { source } => Self::SourceMissing(Arc::from(source)),
            Why::ZoneAssumed { zone } => Self::ZoneAssumed(Arc::from(zone)),
            Why::YearAssumed => Self::YearAssumed,
            Why::NothingThen => Self::NothingThen,
            Why::NoAccessLog => Self::NoAccessLog,
            Why::OtherThanCompose { keys } => Self::OtherThanCompose(Arc::from(keys)),
            Why::TooLarge => Self::TooLarge,
            Why::NoRoomToProbe => Self::NoRoomToProbe,
            Why::NotProbed { because } => Self::NotProbed(Arc::from(because)),
            Why::TooManyFiles { left_out } => Self::TooManyFiles { left_out },
            Why::AndMore { files, first } => Self::AndMore { files, why: Box::new((*first).into()) },
        }
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
            GapKind::OtherThanCompose("A, B".into()),
            GapKind::TooLarge,
            GapKind::NotProbed("stale".into()),
            GapKind::OtherMachine,
            GapKind::NothingTells,
            GapKind::SourceMissing("/srv/x".into()),
            GapKind::TooManyFiles { left_out: 7 },
            GapKind::AndMore { files: 7, why: Box::new(GapKind::Truncated { lines: 3 }) },
        ];
        for why in kinds {
            let gap = Gap { what: "a.log".into(), why };
            let text = serde_json::to_string(&Written::from(&gap)).unwrap();
            assert_eq!(Gap::from(serde_json::from_str::<Written>(&text).unwrap()), gap, "{text}");
        }
    }
}
