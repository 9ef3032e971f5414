//! What is said of a finding, whatever the language: the pieces, and what a language needs to know to say them.

use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::check::{Finding, Flaw};
use lastgood_model::drift::VariableDrift;

use super::value;
use crate::render::clock::Clock;

/// A finding to be told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The project that its component belongs to, if that is not the one looked at.
    pub foreign: Option<&'a str>,
    /// No value is to be shown.
    pub hide_values: bool,
    /// Zone of the answer.
    pub clock: Clock,
    /// When it was looked at: times of that day stand without their date.
    pub now: UnixMs,
}

/// What is said of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlawText {
    /// What is wrong, in a sentence.
    pub what: String,
    /// Values side by side.
    pub sides: Vec<Side>,
    /// Why it bites.
    pub why: String,
    /// What to do.
    pub fix: String,
}

/// One of several values that should be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Where it stands.
    pub place: String,
    /// What stands there, as far as it may be shown.
    pub value: String,
    /// Since when, in words, where that is known.
    pub since: Option<String>,
}

/// Headings of `check`.
pub struct CheckWords {
    /// Nothing was found.
    pub nothing: &'static str,
    /// Not all could be looked at.
    pub not_looked: &'static str,
    /// Before why it bites.
    pub why: &'static str,
    /// Before what to do.
    pub fix: &'static str,
    /// Before the reason of an acceptance.
    pub accepted: &'static str,
    /// Before what was not looked at.
    pub gaps: &'static str,
    /// Before acceptances that fit nothing.
    pub unused: &'static str,
}

pub(super) const CHECK_EN: CheckWords = CheckWords {
    nothing: "nothing would bite",
    not_looked: "could not tell: not everything could be looked at",
    why: "why",
    fix: "fix",
    accepted: "accepted",
    gaps: "not seen",
    unused: "fits nothing any more",
};

pub(super) const CHECK_KO: CheckWords = CheckWords {
    nothing: "문제없음",
    not_looked: "판단 불가: 일부를 확인하지 못함",
    why: "이유",
    fix: "조치",
    accepted: "수용됨",
    gaps: "미확인",
    unused: "더 이상 해당하는 항목 없음",
};

/// A value that differs, both sides as far as they may be shown; `nothing` stands for a blank one.
pub(super) fn sides(told: &Told<'_>, variable: &VariableDrift, nothing: &'static str) -> Option<(String, String)> {
    if told.hide_values {
        return None;
    }
    value::both(&variable.key, variable.running.as_ref(), variable.declared.as_ref(), nothing)
}

/// A few names, and how many more there are as `+3`.
pub(super) fn listed(names: &[Arc<str>]) -> String {
    const MOST: usize = 4;
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} +{more}", shown.join(", ")),
    }
}

/// The beginning of what a program said: one line, and not all of a long one.
pub(super) fn said(text: &str) -> String {
    const MOST: usize = 160;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}

/// Whether a flaw lies in what a container does, so that somebody else's may not be touched.
pub(super) const fn is_of_a_container(flaw: &Flaw) -> bool {
    matches!(flaw, Flaw::NotRunning { .. } | Flaw::CrashLooping { .. } | Flaw::Unhealthy { .. } | Flaw::Paused { .. })
}
