//! Claims about probes: what was answered when somebody's dependency was asked in its stead. Typed; their words live in the
//! binary.

use std::sync::Arc;

use crate::{ProbeOutcome, ProbeProtocol, ProbeQuestion, Told};

/// What is claimed of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeClaim {
    /// Somebody's dependency was asked, and this came back.
    Answered {
        /// Who asked, and whom.
        asked: Asked,
        /// What came back.
        outcome: ProbeOutcome,
        /// In its own words, one line.
        words: Option<Arc<str>>,
    },
    /// No variable of whoever asks holds a password for what wants one.
    NoVariable {
        /// Who asked, and whom.
        asked: Asked,
    },
    /// It serves whoever sends the password that whoever asks was told, and says that whoever asks sends none, or another one.
    ServedWith {
        /// Who asked, and whom.
        asked: Asked,
        /// Whether none is sent, and not another one.
        sends_none: bool,
    },
    /// It answered, whatever it said: the way there is open.
    WayIsOpen {
        /// Who asked, and whom.
        asked: Asked,
    },
}

/// Who asked whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who asked.
    pub from: Arc<str>,
    /// Who was asked, if that is known.
    pub to: Option<Arc<str>>,
    /// The host, as whoever asks writes it.
    pub host: Arc<str>,
    /// The port.
    pub port: u16,
    /// What it is expected to speak.
    pub protocol: ProbeProtocol,
    /// The variable that holds the address.
    pub key: Arc<str>,
    /// The variable that holds the password.
    pub password_key: Option<Arc<str>>,
    /// As whom it was asked.
    pub user: Option<Arc<str>>,
    /// Which database it was asked for, or which path.
    pub place: Option<Arc<str>>,
    /// Whether a password was sent.
    pub sends_password: bool,
    /// Whose values were followed.
    pub told: Told,
}

impl Asked {
    /// Of a question.
    #[must_use]
    pub fn of(question: &ProbeQuestion) -> Self {
        let target = &question.target;
        let path = Some(&target.path).filter(|path| !path.is_empty());
        Self {
            from: Arc::clone(&question.from),
            to: question.to.clone(),
            host: Arc::clone(&target.host),
            port: target.port,
            protocol: target.protocol,
            key: Arc::clone(&question.key),
            password_key: question.password_key.clone(),
            user: target.user.clone(),
            place: target.database.clone().or_else(|| path.cloned()),
            sends_password: target.password.is_some(),
            told: question.told,
        }
    }

    /// The name of what was asked: as users know it, else its host.
    #[must_use]
    pub fn peer(&self) -> &Arc<str> {
        self.to.as_ref().unwrap_or(&self.host)
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}
