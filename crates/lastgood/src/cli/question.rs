//! The question that `why` and `report` share: paths, times that a person knows, zones. Typed here and understood
//! here; answered by the pipeline.

use std::path::PathBuf;

use clap::Args;
use lastgood_model::Layers;

use crate::case::{Asked, Opened};
use crate::complaint::Complaint;
use crate::investigation::InvestigateArgs;
use crate::pipeline::stack::StackSubject;
use crate::said::{self, Moment};
use crate::settings::Settings;

/// How long failures have to last if nobody says so.
const MIN_DURATION: &str = "30s";

/// What is asked.
#[derive(Clone, Debug, Default, Args)]
pub struct QuestionArgs {
    /// Log files, folders of them, or - for standard input; rotated and gzip files as they are. Or a service by its name.
    /// Nothing: this host, with its containers, as it is now
    #[arg(value_name = "LOG|SERVICE")]
    pub logs: Vec<PathBuf>,
    /// A captured case instead of logs, with what was asked when it was captured
    #[arg(long, value_name = "DIR", conflicts_with = "logs")]
    pub case: Option<PathBuf>,
    /// When somebody noticed: 12:57, '2022-11-16 12:57', RFC 3339, or -2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub noticed_at: Option<String>,
    /// When somebody reported it
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub reported_at: Option<String>,
    /// What a person says was changed, with its time: '11:07 AMI of the instance'; may be given several times
    #[arg(long, value_name = "TIME TEXT", allow_hyphen_values = true)]
    pub change: Vec<String>,
    /// Look at nothing before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Look at nothing after this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Zone of logs that name none: Asia/Seoul, +09:00, UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub tz: Option<String>,
    /// Zone of the answer [default: that of the failing log]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub show_tz: Option<String>,
    /// Failures that end sooner are a note and no incident [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_duration: Option<String>,
    /// The nginx configuration with the logs' formats
    #[arg(long, value_name = "PATH")]
    pub nginx_conf: Option<PathBuf>,
}

impl QuestionArgs {
    /// What was meant by what was typed.
    pub fn understand(&self, settings: &Settings) -> Result<InvestigateArgs, Complaint> {
        let case = Opened::among(&self.logs, self.case.as_deref())?;
        let asked = self.asked(case.as_ref().map(|case| &case.case.question));
        let changes = asked
            .change
            .iter()
            .map(|given| said::change(given).ok_or_else(|| Complaint::Change { given: given.clone() }));
        let min_duration = asked.min_duration.as_deref().unwrap_or(MIN_DURATION);
        let min_duration_ms = said::duration_ms(min_duration)
            .ok_or_else(|| Complaint::Duration { flag: "--min-duration", given: min_duration.to_owned() })?;
        Ok(InvestigateArgs {
            paths: case.as_ref().map_or_else(|| self.logs.clone(), |case| vec![case.folder.clone()]),
            noticed_at: moment("--noticed-at", asked.noticed_at.as_deref())?,
            reported_at: moment("--reported-at", asked.reported_at.as_deref())?,
            changes: changes.collect::<Result<_, _>>()?,
            since: moment("--since", asked.since.as_deref())?,
            until: moment("--until", asked.until.as_deref())?,
            zone: zone("--tz", asked.tz.as_deref())?,
            show_zone: zone("--show-tz", asked.show_tz.as_deref())?,
            min_duration_ms,
            nginx_conf: self.nginx_conf.clone(),
            case,
            declared: settings.logs.clone(),
            stack: StackSubject::default(),
            without: Layers::NONE,
        })
    }

    /// What is asked: what was typed now, else what was typed when the case was captured.
    #[must_use]
    pub fn asked(&self, before: Option<&Asked>) -> Asked {
        let before = before.cloned().unwrap_or_default();
        let or = |now: &Option<String>, before: Option<String>| now.clone().or(before);
        Asked {
            noticed_at: or(&self.noticed_at, before.noticed_at),
            reported_at: or(&self.reported_at, before.reported_at),
            change: if self.change.is_empty() { before.change } else { self.change.clone() },
            since: or(&self.since, before.since),
            until: or(&self.until, before.until),
            tz: or(&self.tz, before.tz),
            show_tz: or(&self.show_tz, before.show_tz),
            min_duration: or(&self.min_duration, before.min_duration),
            service: before.service,
        }
    }
}

/// A time of an option, if it was given.
pub fn moment(flag: &'static str, given: Option<&str>) -> Result<Option<Moment>, Complaint> {
    let read = |given: &str| Moment::parse(given).ok_or_else(|| Complaint::Time { flag, given: given.to_owned() });
    given.map(read).transpose()
}

/// A zone of an option, if it was given.
pub fn zone(flag: &'static str, given: Option<&str>) -> Result<Option<jiff::tz::TimeZone>, Complaint> {
    let read = |given: &str| said::zone(given).ok_or_else(|| Complaint::Zone { flag, given: given.to_owned() });
    given.map(read).transpose()
}
