//! The question that `why` and `report` share: paths, times that a person knows, zones. Typed here and understood
//! here; answered by the pipeline.

use std::path::PathBuf;

use clap::Args;

use crate::complaint::Complaint;
use crate::investigation::InvestigateArgs;
use crate::said::{self, Moment};

/// What is asked.
#[derive(Clone, Debug, Args)]
pub struct QuestionArgs {
    /// Log files, folders of them, or - for standard input; rotated and gzip files as they are
    #[arg(value_name = "LOG")]
    pub logs: Vec<PathBuf>,
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
    /// Failures that end sooner are a note and no incident
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub min_duration: String,
    /// The nginx configuration with the logs' formats
    #[arg(long, value_name = "PATH")]
    pub nginx_conf: Option<PathBuf>,
}

impl QuestionArgs {
    /// What was meant by what was typed.
    pub fn understand(&self) -> Result<InvestigateArgs, Complaint> {
        let changes = self
            .change
            .iter()
            .map(|given| said::change(given).ok_or_else(|| Complaint::Change { given: given.clone() }));
        let min_duration_ms = said::duration_ms(&self.min_duration)
            .ok_or_else(|| Complaint::Duration { flag: "--min-duration", given: self.min_duration.clone() })?;
        Ok(InvestigateArgs {
            paths: self.logs.clone(),
            noticed_at: moment("--noticed-at", self.noticed_at.as_deref())?,
            reported_at: moment("--reported-at", self.reported_at.as_deref())?,
            changes: changes.collect::<Result<_, _>>()?,
            since: moment("--since", self.since.as_deref())?,
            until: moment("--until", self.until.as_deref())?,
            zone: zone("--tz", self.tz.as_deref())?,
            show_zone: zone("--show-tz", self.show_tz.as_deref())?,
            min_duration_ms,
            nginx_conf: self.nginx_conf.clone(),
        })
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
