//! What lastgood says, in every language it speaks. [`Words`] lists what must be sayable, so a text that is missing in
//! one language does not compile. Not the layout, and not the long explanations, which stand in `knowledge/`.

mod account;
mod artifact;
mod building;
mod capture;
mod course;
mod en;
mod environment;
mod fetch;
mod first_settings;
mod flaw;
pub mod josa;
mod knocking;
mod ko;
mod number;
mod overview;
mod page_table;
mod probe;
mod remains;
mod rollout;
#[cfg(test)]
mod rollout_tests;
mod route;
mod under_way;
mod value;
mod waste;
mod written_table;

use lastgood_model::{
    Ailment, ChangeKind, Claim, Confidence, Detection, Gap, Incident, NoteKind, OnsetKind, ProxyErrorKind, Read,
    Status, UnitFileState, UnixMs,
};

use account::is_name;
pub use account::{Account, Trigger, part};
pub use capture::CaptureTold;
pub use first_settings::FirstSettingsWords;
pub use flaw::{CheckWords, FlawText, Side, Told};
pub use number::{grouped, status};
pub use page_table::PageWords;
pub use written_table::{ArticleWords, ReportWords};

use crate::complaint::Complaint;
use crate::render::clock::Clock;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English
    #[default]
    En,
    /// Korean (한국어)
    Ko,
}

impl Lang {
    /// From `LASTGOOD_LANG` or a locale: `ko`, `ko_KR.UTF-8`.
    #[must_use]
    pub fn of_locale(locale: &str) -> Option<Self> {
        let language = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "ko" => Some(Self::Ko),
            "en" | "c" | "posix" => Some(Self::En),
            _ => None,
        }
    }

    /// Stable name: `en`, `ko`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    /// Headings of an explanation.
    #[must_use]
    pub const fn article(self) -> &'static ArticleWords {
        match self {
            Self::En => &written_table::ARTICLE_EN,
            Self::Ko => &written_table::ARTICLE_KO,
        }
    }

    /// Headings of a report.
    #[must_use]
    pub const fn report(self) -> &'static ReportWords {
        match self {
            Self::En => &written_table::REPORT_EN,
            Self::Ko => &written_table::REPORT_KO,
        }
    }

    /// Labels of the HTML report.
    #[must_use]
    pub const fn page(self) -> &'static PageWords {
        match self {
            Self::En => &page_table::PAGE_EN,
            Self::Ko => &page_table::PAGE_KO,
        }
    }

    /// Headings of a check.
    #[must_use]
    pub const fn check(self) -> &'static CheckWords {
        match self {
            Self::En => &flaw::CHECK_EN,
            Self::Ko => &flaw::CHECK_KO,
        }
    }

    /// Its words.
    #[must_use]
    pub const fn words(self) -> &'static dyn Words {
        match self {
            Self::En => &en::English,
            Self::Ko => &ko::Korean,
        }
    }
}

/// What is said about a cause. The summary is one line; the others are sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseText {
    /// What happened, short enough for a line of a terminal.
    pub summary: String,
    /// What to do now.
    pub fix: String,
    /// What keeps it from happening again, most telling first.
    pub prevention: Vec<String>,
}

/// Everything that has to be sayable. Inserted names come from logs: whoever prints a text cleans it first.
pub trait Words: Sync {
    /// Headings and other fixed words.
    fn labels(&self) -> &'static Labels;

    /// A claim, without its time.
    fn claim(&self, claim: &Claim) -> String;
    /// A change, without its time.
    fn change(&self, kind: ChangeKind, subject: &str) -> String;
    /// What a proxy logged of an upstream.
    fn proxy_error(&self, kind: ProxyErrorKind, upstream: Option<&str>) -> String;
    /// Whether a unit starts at boot.
    fn unit_state(&self, state: UnitFileState) -> &'static str;
    /// A cause.
    fn cause(&self, account: &Account<'_>) -> CauseText;

    /// A finding of a check.
    fn flaw(&self, told: &Told<'_>) -> FlawText;
    /// How many things will break, and how many are worth knowing; at least one of them is not 0.
    fn findings(&self, breaking: usize, knowing: usize) -> String;

    /// A note.
    fn note(&self, kind: &NoteKind) -> String;
    /// What was not looked at.
    fn gap_what<'a>(&self, gap: &'a Gap) -> &'a str;
    /// Why not, and the way out where there is one.
    fn gap_why(&self, gap: &Gap) -> String;
    /// The agent is on its way to a host; so many bytes.
    fn brings_agent(&self, host: &str, bytes: u64) -> String;
    /// What was taken away from a host.
    fn removed(&self, host: &str, files: &[String]) -> String;
    /// A complaint, and hints.
    fn complaint(&self, complaint: &Complaint) -> (String, Vec<String>);

    /// How sure, in a word.
    fn confidence(&self, confidence: Confidence) -> &'static str;
    /// Whether something is wrong, in a word.
    fn status(&self, status: Status) -> &'static str;
    /// How much of the turn was seen.
    fn onset_kind(&self, kind: OnsetKind) -> &'static str;

    /// What is wrong, in a line.
    fn wrong(&self, incident: &Incident) -> String;
    /// Since when, in a line.
    fn since(&self, incident: &Incident, clock: &Clock, live: bool) -> String;
    /// How sure and why, in a line.
    fn sure(&self, account: &Account<'_>) -> String;
    /// Who was hit and for how long, one line each, most telling first.
    fn impact(&self, incident: &Incident) -> Vec<String>;
    /// When people saw it, in a line; times of the day of `day` stand without their date.
    fn detection(&self, detection: &Detection, clock: &Clock, day: Option<UnixMs>) -> String;
    /// In which way a component's state is bad, in a line.
    fn ailing(&self, component: &str, ailment: Ailment) -> String;
    /// Nothing is wrong with so many containers, and no request was read, in a line.
    fn healthy_state(&self, running: u64) -> String;
    /// Nothing is wrong, in a line; `requests` and `failed` of all that was read.
    fn healthy(&self, requests: u64, failed: u64) -> String;
    /// What was looked at, in a line.
    fn looked_at(&self, subject: &str, read: &Read, zone: &str) -> String;
    /// A Compose project with its files, in a few words.
    fn project(&self, name: &str, files: &[std::sync::Arc<str>]) -> String;
    /// How much of it was understood, in a line.
    fn read(&self, read: &Read) -> String;
    /// How many containers were started to ask dependencies.
    fn probed(&self, containers: usize) -> String;
    /// Beside the picture: seconds per column, and most requests in one.
    fn scale(&self, seconds: u64, peak: u64) -> String;
    /// So many lines of the answer are left out.
    fn left_out(&self, lines: usize) -> String;
    /// A stretch of time.
    fn duration(&self, seconds: u64) -> String;
    /// A list of names, shortened beyond `most`.
    fn counted(&self, items: &[(std::sync::Arc<str>, u64)], most: usize) -> String;
}

/// Fixed words. Those of the margin stand left of every line of a terminal and are short.
pub struct Labels {
    /// Before what was looked at.
    pub looked_at: &'static str,
    /// Standard input, where a path would stand.
    pub standard_input: &'static str,
    /// What is wrong.
    pub wrong: &'static str,
    /// Since when.
    pub since: &'static str,
    /// Because of what.
    pub because: &'static str,
    /// How sure.
    pub sure: &'static str,
    /// What to do next.
    pub next: &'static str,
    /// Nothing is wrong.
    pub healthy: &'static str,
    /// From when to when.
    pub span: &'static str,
    /// Nobody can tell.
    pub undetermined: &'static str,
    /// The sentence after it.
    pub could_not_tell: &'static str,
    /// First row of the picture.
    pub requests: &'static str,
    /// Second row of the picture.
    pub failing: &'static str,
    /// Trigger, mechanism, symptom.
    pub chain: &'static str,
    /// The two lines of the onset.
    pub turn: &'static str,
    /// The first of them.
    pub last_good: &'static str,
    /// The second of them.
    pub first_bad: &'static str,
    /// The end of it.
    pub recovered: &'static str,
    /// Components that only follow.
    pub follows: &'static str,
    /// What will fail once this is mended.
    pub upcoming: &'static str,
    /// What else speaks for it.
    pub evidence: &'static str,
    /// What speaks against it.
    pub against: &'static str,
    /// Changes just before.
    pub changes: &'static str,
    /// What is fine.
    pub cleared: &'static str,
    /// Who was hit.
    pub impact: &'static str,
    /// Other candidates.
    pub rivals: &'static str,
    /// Other incidents in the same answer.
    pub others: &'static str,
    /// Of a rollout that goes on.
    pub rollout: &'static str,
    /// Seen, and no incident.
    pub notes: &'static str,
    /// What was not looked at.
    pub gaps: &'static str,
    /// What to do now.
    pub fix: &'static str,
    /// What keeps it from happening again.
    pub prevention: &'static str,
    /// Commands.
    pub commands: &'static str,
    /// How much was read.
    pub read: &'static str,
    /// Before what was started to ask dependencies.
    pub probed: &'static str,
    /// Files.
    pub files: &'static str,
    /// Lines left out.
    pub more: &'static str,
    /// Marks what only a person says.
    pub reported: &'static str,
    /// Before a complaint.
    pub error: &'static str,
    /// Before a way out.
    pub hint: &'static str,
}

#[cfg(test)]
mod tests;
