//! What container runtimes put around a line: Docker's json-file driver, the prefix of `docker compose logs`, CRI.

use super::draft::Draft;
use crate::clock::{Zone, append};

/// What is around each line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// Nothing.
    Bare,
    /// Docker's `json-file`: `/var/lib/docker/containers/…-json.log`.
    Docker,
    /// `docker compose logs`: the service's name and a bar.
    Compose,
    /// `docker compose logs --timestamps`.
    ComposeTimes,
    /// The files of Kubernetes' container runtimes.
    Cri,
}

impl Envelope {
    /// Puts a line in; `at_ms` is when the runtime received it.
    pub fn wrap(self, at_ms: i64, service: &str, draft: &mut Draft) {
        let time = Zone::utc_millis(at_ms);
        match self {
            Self::Bare => {}
            Self::Docker => {
                let mut out = b"{\"log\":\"".to_vec();
                json_escape(&draft.bytes, &mut out);
                append(&mut out, format_args!("\\n\",\"stream\":\"stdout\",\"time\":\"{time}104233Z\"}}"));
                draft.bytes = out;
                // Escapes only make it longer, so what was silent stays so.
                draft.silent_until += 8;
                // Without its end the envelope says no time; who reads on behind that guesses.
                draft.told_from = draft.bytes.len();
            }
            Self::Compose => draft.prefix(format!("{service}-1  | ").as_bytes()),
            Self::ComposeTimes => draft.prefix(format!("{service}-1  | {time}104233Z ").as_bytes()),
            Self::Cri => draft.prefix(format!("{time}104233Z stdout F ").as_bytes()),
        }
    }
}

/// As Go's `encoding/json` does, which Docker uses: bytes that are no UTF-8 become U+FFFD.
fn json_escape(raw: &[u8], out: &mut Vec<u8>) {
    for letter in String::from_utf8_lossy(raw).chars() {
        match letter {
            '"' | '\\' => append(out, format_args!("\\{letter}")),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '<' | '>' | '&' | '\0'..='\u{1f}' => append(out, format_args!("\\u{:04x}", u32::from(letter))),
            _ => append(out, format_args!("{letter}")),
        }
    }
}
