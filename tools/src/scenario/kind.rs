//! The kinds of story, and what each needs to be told at all.
//! Only names and limits; how a kind fails is in `plan`.

use anyhow::{Result, bail};
use std::str::FromStr;

/// What happens in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// From one request to the next everything fails.
    Sudden,
    /// Half of the requests fail.
    Half,
    /// A fifth of the requests fail.
    Fifth,
    /// The failure rate rises linearly to at least nine tenths.
    Gradual,
    /// Bad for minutes, good for minutes, over a long stretch.
    Intermittent,
    /// Only one path fails, and totally.
    OnePath,
    /// Two total outages far apart.
    TwoIncidents,
    /// The set begins inside the outage.
    NoGoodSeen,
    /// A total outage that lasts to the end.
    Ongoing,
    /// One to three requests a minute.
    Sparse,
    /// A total failure that lasts less than 25 seconds.
    Blip,
    /// Independent rare failures.
    Healthy,
    /// Rare failures that come in bursts.
    BurstyHealthy,
    /// A bot asks for hundreds of paths that do not exist.
    Scanner,
    /// One client is refused again and again.
    ClientErrors,
    /// One of two backends is dead, and nginx hides it by asking the other.
    Retried,
    /// Everything fails for a moment, as of a restart, and one path goes on failing.
    LeftBehind,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 17] = [
        Self::Sudden,
        Self::Half,
        Self::Fifth,
        Self::Gradual,
        Self::Intermittent,
        Self::OnePath,
        Self::LeftBehind,
        Self::TwoIncidents,
        Self::NoGoodSeen,
        Self::Ongoing,
        Self::Sparse,
        Self::Blip,
        Self::Healthy,
        Self::BurstyHealthy,
        Self::Scanner,
        Self::ClientErrors,
        Self::Retried,
    ];

    /// The name used on the command line and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sudden => "sudden",
            Self::Half => "half",
            Self::Fifth => "fifth",
            Self::Gradual => "gradual",
            Self::Intermittent => "intermittent",
            Self::OnePath => "one-path",
            Self::TwoIncidents => "two-incidents",
            Self::NoGoodSeen => "no-good-seen",
            Self::Ongoing => "ongoing",
            Self::Sparse => "sparse",
            Self::Blip => "blip",
            Self::Healthy => "healthy",
            Self::BurstyHealthy => "bursty-healthy",
            Self::Scanner => "scanner",
            Self::ClientErrors => "client-errors",
            Self::Retried => "retried",
            Self::LeftBehind => "left-behind",
        }
    }

    /// Whether a tool has to answer "healthy".
    #[must_use]
    pub const fn healthy(self) -> bool {
        matches!(
            self,
            Self::Blip | Self::Healthy | Self::BurstyHealthy | Self::Scanner | Self::ClientErrors | Self::Retried
        )
    }

    /// Application requests that the whole set should have, so that the story has room.
    pub(super) const fn app_requests(self) -> f64 {
        match self {
            Self::Fifth => 3_500.0,
            Self::Half | Self::Gradual | Self::Intermittent | Self::OnePath | Self::LeftBehind => 1_500.0,
            Self::Sparse => 0.0,
            _ => 600.0,
        }
    }

    /// The highest request rate: a story that takes long must not be cut short by the size cap.
    pub(super) const fn max_rate(self) -> f64 {
        match self {
            Self::BurstyHealthy => 8.0,
            Self::Intermittent | Self::TwoIncidents | Self::Gradual => 14.0,
            _ => 40.0,
        }
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|kind| kind.name() == text) {
            Some(kind) => Ok(kind),
            None => bail!("no kind `{text}`; there are {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}
