//! Arguments of `timeline`. What it does with them stands in `commands/timeline.rs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::place::PlaceArgs;
use super::stack::StackArgs;

/// Requests over time, as a table.
#[derive(Clone, Debug, Args)]
pub struct TimelineArgs {
    /// Log files, folders of them, or - for standard input [default: what this host's services and containers log]
    #[arg(value_name = "LOG")]
    pub logs: Vec<PathBuf>,
    /// A captured case instead of logs
    #[arg(long, value_name = "DIR", conflicts_with = "logs")]
    pub case: Option<PathBuf>,
    /// Length of a row's stretch of time: 1s, 5m, 1h
    #[arg(long, value_name = "DURATION", default_value = "1m")]
    pub per: String,
    /// What to count apart, in this order
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KEY,…")]
    pub by: Vec<Key>,
    /// Count nothing before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Count nothing after this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Zone of logs that name none: Asia/Seoul, +09:00, UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub tz: Option<String>,
    /// The nginx configuration with the logs' formats
    #[arg(long, value_name = "PATH")]
    pub nginx_conf: Option<PathBuf>,
    /// As JSON
    #[arg(long, conflicts_with = "tsv")]
    pub json: bool,
    /// As tab-separated values, with a header line
    #[arg(long)]
    pub tsv: bool,
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
}

/// What requests are counted apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Key {
    /// Virtual host
    Vhost,
    /// First segment of the path
    Segment,
    /// Path template
    Path,
    /// Address that answered last
    Upstream,
    /// Method
    Method,
    /// Status
    Status,
    /// Class of the status: 2xx, 5xx
    Class,
}

impl Key {
    /// As in the header line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vhost => "vhost",
            Self::Segment => "segment",
            Self::Path => "path",
            Self::Upstream => "upstream",
            Self::Method => "method",
            Self::Status => "status",
            Self::Class => "class",
        }
    }
}
