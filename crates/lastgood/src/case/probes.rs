//! What a case holds of probes: whom each asked in whose stead, and what came back. No password, and no user name; values are
//! masked before they come here.

use std::sync::Arc;

use lastgood_model::{
    ProbeAnswer, ProbeOutcome, ProbeProtocol, ProbeQuestion, ProbeTarget, Probed, Secret, TlsFault, Told,
};
use serde::{Deserialize, Serialize};

/// Where they lie.
pub const PROBES: &str = "probes/answers.json";
/// What stands for a password that was sent.
const SENT: &str = "…";

/// A probe that was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ProbeFacts {
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_key: Option<String>,
    /// `running` or `declared`.
    told: String,
    protocol: String,
    host: String,
    port: u16,
    secure: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    sends_password: bool,
    outcome: Outcome,
    /// The peer's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<String>,
    took_ms: u32,
}

/// What came back: its name, and what that name takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Outcome {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<i64>,
    /// What is wrong with TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<bool>,
}

impl ProbeFacts {
    /// Of a probe; `mask` makes texts fit to be handed on.
    pub fn of(probed: &Probed, mask: &mut dyn FnMut(&str) -> String) -> Self {
        let Probed { question, answer } = probed;
        let target = &question.target;
        Self {
            from: question.from.to_string(),
            to: question.to.as_deref().map(str::to_owned),
            key: question.key.to_string(),
            password_key: question.password_key.as_deref().map(str::to_owned),
            told: question.told.name().to_owned(),
            protocol: target.protocol.name().to_owned(),
            host: mask(&target.host),
            port: target.port,
            secure: target.secure,
            path: mask(&target.path),
            database: target.database.as_deref().map(&mut *mask),
            sends_password: target.password.is_some(),
            outcome: Outcome::of(&answer.outcome),
            words: answer.words.as_deref().map(&mut *mask),
            addresses: answer.addresses.iter().map(|address| mask(address)).collect(),
            took_ms: answer.took_ms,
        }
    }

    /// As it was; `None` if a later version wrote something that this one does not know.
    #[must_use]
    pub fn probed(self) -> Option<Probed> {
        let text = |text: String| Arc::from(text);
        let protocol = ProbeProtocol::ALL.into_iter().find(|known| known.name() == self.protocol)?;
        let told = [Told::Running, Told::Declared].into_iter().find(|known| known.name() == self.told)?;
        let target = ProbeTarget {
            protocol,
            host: text(self.host),
            port: self.port,
            secure: self.secure,
            path: text(self.path),
            user: None,
            password: self.sends_password.then(|| Secret::from(SENT)),
            database: self.database.map(text),
        };
        let question = ProbeQuestion {
            from: text(self.from),
            to: self.to.map(text),
            key: text(self.key),
            password_key: self.password_key.map(text),
            told,
            target,
        };
        let answer = ProbeAnswer {
            outcome: self.outcome.outcome()?,
            words: self.words.map(text),
            addresses: self.addresses.into_iter().map(text).collect(),
            took_ms: self.took_ms,
        };
        Some(Probed { question, answer })
    }
}

impl Outcome {
    fn of(outcome: &ProbeOutcome) -> Self {
        let mut facts = Self { name: outcome.name().to_owned(), ..Self::default() };
        match outcome {
            ProbeOutcome::HttpStatus(status) => facts.status = Some(*status),
            ProbeOutcome::IssuerDiffers { said } => facts.said = Some(said.to_string()),
            ProbeOutcome::ClockDiffers { seconds } => facts.seconds = Some(*seconds),
            ProbeOutcome::Tls(fault) => {
                facts.tls = Some(fault.name().to_owned());
                match fault {
                    TlsFault::OtherName { names } => facts.names = names.iter().map(ToString::to_string).collect(),
                    TlsFault::UnknownIssuer { alone } => facts.alone = Some(*alone),
                    TlsFault::Alert(alert) => facts.said = Some(alert.to_string()),
                    TlsFault::Expired | TlsFault::NotYetValid | TlsFault::NothingInCommon => {}
                }
            }
            _ => {}
        }
        facts
    }

    fn outcome(self) -> Option<ProbeOutcome> {
        if let Some(plain) = ProbeOutcome::PLAIN.into_iter().find(|plain| plain.name() == self.name) {
            return Some(plain);
        }
        let said = || self.said.as_deref().map(Arc::from);
        match self.name.as_str() {
            "http-status" => self.status.map(ProbeOutcome::HttpStatus),
            "issuer-differs" => said().map(|said| ProbeOutcome::IssuerDiffers { said }),
            "clock-differs" => self.seconds.map(|seconds| ProbeOutcome::ClockDiffers { seconds }),
            "tls" => {
                let names = || self.names.iter().map(|name| Arc::from(name.as_str())).collect();
                let fault = match self.tls.as_deref()? {
                    "expired" => TlsFault::Expired,
                    "not-yet-valid" => TlsFault::NotYetValid,
                    "other-name" => TlsFault::OtherName { names: names() },
                    "unknown-issuer" => TlsFault::UnknownIssuer { alone: self.alone.unwrap_or_default() },
                    "nothing-in-common" => TlsFault::NothingInCommon,
                    "alert" => TlsFault::Alert(said()?),
                    _ => return None,
                };
                Some(ProbeOutcome::Tls(fault))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probed(outcome: ProbeOutcome) -> Probed {
        let target = ProbeTarget {
            protocol: ProbeProtocol::Postgres,
            host: Arc::from("db"),
            port: 5432,
            secure: true,
            path: Arc::from(""),
            user: None,
            password: Some(Secret::from(SENT)),
            database: Some(Arc::from("shop")),
        };
        let question = ProbeQuestion {
            from: Arc::from("backend"),
            to: Some(Arc::from("db")),
            key: Arc::from("DATABASE_URL"),
            password_key: Some(Arc::from("DATABASE_URL")),
            told: Told::Declared,
            target,
        };
        let words = Some(Arc::from("FATAL"));
        Probed { question, answer: ProbeAnswer { outcome, words, addresses: vec![Arc::from("10.0.0.2")], took_ms: 4 } }
    }

    #[test]
    fn every_probe_is_read_again() {
        let faults = [
            TlsFault::Expired,
            TlsFault::NotYetValid,
            TlsFault::OtherName { names: vec![Arc::from("id.example")] },
            TlsFault::UnknownIssuer { alone: true },
            TlsFault::NothingInCommon,
            TlsFault::Alert(Arc::from("handshake_failure")),
        ];
        let others = [
            ProbeOutcome::HttpStatus(503),
            ProbeOutcome::IssuerDiffers { said: Arc::from("http://id") },
            ProbeOutcome::ClockDiffers { seconds: -90 },
        ];
        let all = ProbeOutcome::PLAIN.into_iter().chain(others).chain(faults.map(ProbeOutcome::Tls));
        for probed in all.map(probed) {
            let facts = ProbeFacts::of(&probed, &mut str::to_owned);
            let text = serde_json::to_string(&facts).unwrap();
            assert_eq!(serde_json::from_str::<ProbeFacts>(&text).unwrap().probed(), Some(probed), "{text}");
        }
    }

    #[test]
    fn no_password_is_written() {
        let mut secret = probed(ProbeOutcome::Serves);
        secret.question.target.password = Some(Secret::from("carbon-db-password"));
        let text = serde_json::to_string(&ProbeFacts::of(&secret, &mut str::to_owned)).unwrap();
        assert!(!text.contains("carbon"), "{text}");
    }
}
