//! The wire between lastgood and its agent in a container, `lastgood.probe/1`: what is asked, and what was heard. Both
//! directions are here. What is read may have been written by anybody: it is capped, and what is not known is passed over.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lastgood_model::{Asked, ProbeProtocol, ProbeTarget, Secret, TlsSeen, Transcript, Turn, TurnEnd, UnixMs};
use serde::{Deserialize, Serialize};

use super::MOST_TARGETS;

const SCHEMA: &str = "lastgood.probe/1";
/// A request is not longer, in bytes.
pub const LONGEST_REQUEST: usize = 1024 * 1024;
/// Nor is an answer.
pub const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
/// Turns, addresses or certificates that are read of one transcript.
const MOST: usize = 64;
/// Bytes that are read of one turn.
const MOST_HEARD: usize = 128 * 1024;

/// Why something is not on this wire. It never holds what was read: that may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Too long.
    #[error("too long")]
    TooLong,
    /// No JSON, or JSON of another shape.
    #[error("not {SCHEMA}: line {line}, column {column}")]
    Shape {
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// Another version.
    #[error("not {SCHEMA}: another schema")]
    Schema,
    /// A protocol that is not known.
    #[error("not {SCHEMA}: a protocol that is not known")]
    Protocol,
    /// Too many targets.
    #[error("more than {MOST_TARGETS} targets")]
    TooMany,
    /// Other targets than those that were asked for.
    #[error("{found} transcripts for {wanted} targets")]
    OtherCount {
        /// How many were asked for.
        wanted: usize,
        /// How many came.
        found: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Request<'a> {
    schema: String,
    #[serde(borrow)]
    targets: Vec<Target<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Target<'a> {
    protocol: String,
    host: String,
    port: u16,
    #[serde(default)]
    secure: bool,
    #[serde(default)]
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    password: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    schema: String,
    transcripts: Vec<WireTranscript>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct WireTranscript {
    at: i64,
    took_ms: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<WireTls>,
    turns: Vec<WireTurn>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct WireTls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distrust: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    other_name: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// What was heard is text where it is text, so that a person can read it.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct WireTurn {
    asked: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    ended: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<i32>,
}

/// What is asked, as it is written.
pub(super) fn request(targets: &[ProbeTarget]) -> Secret {
    let target = |target: &ProbeTarget| Target {
        protocol: target.protocol.name().to_owned(),
        host: target.host.to_string(),
        port: target.port,
        secure: target.secure,
        path: target.path.to_string(),
        user: target.user.as_ref().map(ToString::to_string),
        password: target.password.as_ref().map(|password| password.expose().to_owned().into()),
        database: target.database.as_ref().map(ToString::to_string),
    };
    let request = Request { schema: SCHEMA.to_owned(), targets: targets.iter().map(target).collect() };
    // Maps of texts and numbers can always be written.
    Secret::from(serde_json::to_string(&request).unwrap_or_default())
}

/// Reads what is asked.
///
/// # Errors
/// If it is not that.
pub fn read_request(text: &[u8]) -> Result<Vec<ProbeTarget>, NotOurs> {
    if text.len() > LONGEST_REQUEST {
        return Err(NotOurs::TooLong);
    }
    let request: Request<'_> = serde_json::from_slice(text).map_err(|error| shape(&error))?;
    if request.schema != SCHEMA {
        return Err(NotOurs::Schema);
    }
    if request.targets.len() > MOST_TARGETS {
        return Err(NotOurs::TooMany);
    }
    let target = |target: Target<'_>| {
        let protocol = ProbeProtocol::ALL.into_iter().find(|protocol| protocol.name() == target.protocol);
        Ok(ProbeTarget {
            protocol: protocol.ok_or(NotOurs::Protocol)?,
            host: target.host.into(),
            port: target.port,
            secure: target.secure,
            path: target.path.into(),
            user: target.user.map(Into::into),
            password: target.password.map(|password| Secret::from(&*password)),
            database: target.database.map(Into::into),
        })
    };
    request.targets.into_iter().map(target).collect()
}

/// What was heard, as it is written.
#[must_use]
pub fn transcripts(transcripts: &[Transcript]) -> String {
    let answer = Answer { schema: SCHEMA.to_owned(), transcripts: transcripts.iter().map(written).collect() };
    // Maps of texts and numbers can always be written.
    serde_json::to_string(&answer).unwrap_or_default()
}

/// Reads what was heard.
///
/// # Errors
/// If it is not that.
pub fn read_transcripts(text: &[u8]) -> Result<Vec<Transcript>, NotOurs> {
    if text.len() > LONGEST_ANSWER {
        return Err(NotOurs::TooLong);
    }
    let answer: Answer = serde_json::from_slice(text).map_err(|error| shape(&error))?;
    if answer.schema != SCHEMA {
        return Err(NotOurs::Schema);
    }
    if answer.transcripts.len() > MOST_TARGETS {
        return Err(NotOurs::TooMany);
    }
    Ok(answer.transcripts.into_iter().map(read).collect())
}

/// The library's own message would quote what stands there.
fn shape(error: &serde_json::Error) -> NotOurs {
    NotOurs::Shape { line: error.line(), column: error.column() }
}

fn written(transcript: &Transcript) -> WireTranscript {
    WireTranscript {
        at: transcript.at.0,
        took_ms: transcript.took_ms,
        addresses: transcript.addresses.iter().map(ToString::to_string).collect(),
        tls: transcript.tls.as_ref().map(|seen| WireTls {
            certificates: seen.certificates.iter().map(|der| STANDARD.encode(der)).collect(),
            distrust: seen.distrust.as_ref().map(ToString::to_string),
            other_name: seen.other_name,
            alert: seen.alert,
            failed: seen.failed.as_ref().map(ToString::to_string),
            version: seen.version.as_ref().map(ToString::to_string),
        }),
        turns: transcript.turns.iter().map(written_turn).collect(),
    }
}

fn written_turn(turn: &Turn) -> WireTurn {
    let text = std::str::from_utf8(&turn.heard).ok().filter(|text| !text.contains('\0'));
    let (ended, error) = match turn.ended {
        TurnEnd::System(number) => ("system", Some(number)),
        ended => (TurnEnd::PLAIN.iter().find(|(_, own)| *own == ended).map_or("", |(name, _)| *name), None),
    };
    WireTurn {
        asked: turn.asked.name().to_owned(),
        text: text.filter(|text| !text.is_empty()).map(str::to_owned),
        base64: text.is_none().then(|| STANDARD.encode(&turn.heard)),
        ended: ended.to_owned(),
        error,
    }
}

fn read(transcript: WireTranscript) -> Transcript {
    Transcript {
        at: UnixMs(transcript.at),
        took_ms: transcript.took_ms,
        addresses: transcript.addresses.into_iter().take(MOST).map(Into::into).collect(),
        tls: transcript.tls.map(|seen| TlsSeen {
            certificates: seen.certificates.iter().take(MOST).filter_map(|der| STANDARD.decode(der).ok()).collect(),
            distrust: seen.distrust.map(Into::into),
            other_name: seen.other_name,
            alert: seen.alert,
            failed: seen.failed.map(Into::into),
            version: seen.version.map(Into::into),
        }),
        turns: transcript.turns.into_iter().take(MOST).filter_map(read_turn).collect(),
    }
}

/// `None` if it is one that a later version knows.
fn read_turn(turn: WireTurn) -> Option<Turn> {
    let asked = Asked::ALL.into_iter().find(|asked| asked.name() == turn.asked)?;
    let ended = match turn.error {
        Some(number) => TurnEnd::System(number),
        None => TurnEnd::PLAIN.iter().find(|(name, _)| *name == turn.ended)?.1,
    };
    let decoded = turn.base64.and_then(|text| STANDARD.decode(text).ok());
    let mut heard = decoded.unwrap_or_else(|| turn.text.unwrap_or_default().into_bytes());
    heard.truncate(MOST_HEARD);
    Some(Turn { asked, heard, ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> ProbeTarget {
        ProbeTarget {
            protocol: ProbeProtocol::Redis,
            host: "kvs".into(),
            port: 6379,
            secure: true,
            path: "".into(),
            user: Some("app".into()),
            password: Some(Secret::from("car\"bon-\u{e9}-8")),
            database: Some("2".into()),
        }
    }

    #[test]
    fn what_is_asked_arrives_as_it_was() {
        let targets = [target(), ProbeTarget { user: None, password: None, database: None, ..target() }];
        let request = request(&targets);
        assert_eq!(read_request(request.expose().as_bytes()).unwrap(), targets);
    }

    #[test]
    fn what_was_heard_arrives_as_it_was() {
        let turn = |asked, heard: &[u8], ended| Turn { asked, heard: heard.to_vec(), ended };
        let transcript = Transcript {
            at: UnixMs(1_700_000_000_000),
            took_ms: 12,
            addresses: vec!["10.0.0.5".into()],
            tls: Some(TlsSeen {
                certificates: vec![vec![0x30, 0, 255]],
                distrust: Some("UnknownIssuer".into()),
                other_name: true,
                alert: Some(40),
                failed: Some("x".into()),
                version: Some("TLSv1.3".into()),
            }),
            turns: vec![
                turn(Asked::Connect, b"10.0.0.5:6379", TurnEnd::System(111)),
                turn(Asked::Ping, b"-NOAUTH Authentication required.\r\n", TurnEnd::Complete),
                turn(Asked::Greeting, b"\0\xff", TurnEnd::Cut),
                turn(Asked::Facts, b"", TurnEnd::TimedOut),
            ],
        };
        let all = [transcript, Transcript::default()];
        let text = transcripts(&all);
        assert!(text.contains("-NOAUTH Authentication required."), "a person can read it");
        assert_eq!(read_transcripts(text.as_bytes()).unwrap(), all);
    }

    #[test]
    fn what_is_not_ours_is_refused_without_being_repeated() {
        let secret = br#"{"schema":"lastgood.probe/1","targets":"carbon-kvs-password"}"#;
        let refused = read_request(secret).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("carbon"), "{refused}");
        assert_eq!(read_request(br#"{"schema":"lastgood.probe/2","targets":[]}"#), Err(NotOurs::Schema));
        assert_eq!(read_transcripts(&vec![b' '; LONGEST_ANSWER + 1]), Err(NotOurs::TooLong));
        let unknown = br#"{"schema":"lastgood.probe/1","new":1,"transcripts":[{"turns":[{"asked":"tomorrow","ended":"complete"},{"asked":"ping","ended":"?"}]}]}"#;
        assert_eq!(read_transcripts(unknown).unwrap(), [Transcript::default()]);
    }
}
