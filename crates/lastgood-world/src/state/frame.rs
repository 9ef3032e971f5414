//! The frame around one line of somebody else: `{"v":1,"n":17,"sum":"0123456789abcdef","record":{…}}`. It is JSON, so
//! that people read it with `jq`; it is compared byte for byte, so that damage shows. What stands in it is not known.

use memchr::memmem;
use sha2::{Digest, Sha256};

use super::hex;

/// The version that this program writes, and the newest that it reads. Later versions may change what a record says,
/// and are told apart by it; the frame itself stays as it is.
pub const FRAME_VERSION: u64 = 1;

/// Hexadecimal digits of the sum: 64 bits of SHA-256. It has to tell damage, not forgery (whoever may write here can write
/// a right sum), and a chance of 2⁻⁶⁴ is far below that of a wrong disk. SHA-256, as it is there already, and `sha256sum`
/// is on every machine: `printf '1 %s' "$record" | sha256sum`.
const SUM: usize = 16;

const OPENING: &[u8] = b"{\"v\":";

/// Why a line, or a part of one, is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The end is missing: a crash, or a full disk.
    #[error("ends too early")]
    CutShort,
    /// Its checksum is another.
    #[error("the checksum is wrong")]
    Sum,
    /// It is longer than it says.
    #[error("its length is wrong")]
    Length,
    /// Bytes of zero, as a file system leaves them after a crash.
    #[error("zeros")]
    Zeros,
    /// Something else.
    #[error("not a record")]
    NotOurs,
    /// Longer than any record.
    #[error("longer than any record")]
    TooLong,
}

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A record, and what stands behind it on the same line.
    Whole { version: u64, payload: &'a [u8], rest: &'a [u8] },
    /// A record of a version that is not read here.
    Newer { version: u64, rest: &'a [u8] },
    /// Neither; what stands behind it, where something else may begin.
    Flawed { flaw: Flaw, rest: &'a [u8] },
}

/// The line for a payload, with its end.
pub(super) fn seal(payload: &[u8]) -> Vec<u8> {
    seal_as(FRAME_VERSION, payload)
}

pub(super) fn seal_as(version: u64, payload: &[u8]) -> Vec<u8> {
    let head = format!("{{\"v\":{version},\"n\":{},\"sum\":\"{}\",\"record\":", payload.len(), sum(version, payload));
    [head.as_bytes(), payload, b"}\n"].concat()
}

/// Whether it can be framed: JSON of one line.
pub(super) fn is_line(payload: &[u8]) -> bool {
    !payload.contains(&b'\n') && serde_json::from_slice::<serde_json::Value>(payload).is_ok()
}

/// Looks at the beginning of a line, or of the rest of one. Never fails; an empty rest means that it is done.
pub(super) fn look(line: &[u8]) -> Found<'_> {
    let zeros = line.iter().take_while(|byte| **byte == 0).count();
    if zeros > 0 {
        return Found::Flawed { flaw: Flaw::Zeros, rest: line.get(zeros..).unwrap_or_default() };
    }
    if !line.starts_with(OPENING) {
        // Nothing of ours begins in another way. Only behind something whole it is worth looking on: inside of a damaged
        // record, what looks like a frame may be a part of it.
        let flaw = if OPENING.starts_with(line) { Flaw::CutShort } else { Flaw::NotOurs };
        return Found::Flawed { flaw, rest: &[] };
    }
    let Some(head) = Head::of(line) else { return without_head(line) };
    let behind = line.get(head.length..).unwrap_or_default();
    let (Some(payload), Some(end)) = (behind.get(..head.payload), behind.get(head.payload)) else {
        return Found::Flawed { flaw: Flaw::CutShort, rest: &[] };
    };
    let rest = behind.get(head.payload + 1..).unwrap_or_default();
    if sum(head.version, payload).as_bytes() != head.sum {
        return Found::Flawed { flaw: Flaw::Sum, rest: &[] };
    }
    match (*end, head.version) {
        (b'}', version) if version <= FRAME_VERSION => Found::Whole { version, payload, rest },
        (b'}', version) => Found::Newer { version, rest },
        _ => Found::Flawed { flaw: Flaw::Length, rest: &[] },
    }
}

/// Behind a whole record: what stands there before the next one, and that one. A line end that turned into another byte
/// must not cost the record behind it.
pub(super) fn next(rest: &[u8]) -> (&[u8], &[u8]) {
    rest.split_at(memmem::find(rest, OPENING).unwrap_or(rest.len()))
}

/// A line that says a version and goes on differently: a later version after all, or damage.
fn without_head(line: &[u8]) -> Found<'_> {
    let version = line.get(OPENING.len()..).and_then(number).filter(|(_, behind)| !behind.starts_with(b",\"n\":"));
    match version {
        Some((version, behind)) if version > FRAME_VERSION && behind.starts_with(b",") && is_line(line) => {
            Found::Newer { version, rest: &[] }
        }
        _ if line.ends_with(b"}") => Found::Flawed { flaw: Flaw::NotOurs, rest: &[] },
        _ => Found::Flawed { flaw: Flaw::CutShort, rest: &[] },
    }
}

struct Head<'a> {
    version: u64,
    payload: usize,
    sum: &'a [u8],
    /// Bytes up to the payload.
    length: usize,
}

impl<'a> Head<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (version, behind) = number(line.strip_prefix(OPENING)?)?;
        let (payload, behind) = number(behind.strip_prefix(b",\"n\":")?)?;
        let behind = behind.strip_prefix(b",\"sum\":\"")?;
        let (sum, behind) = behind.split_at_checked(SUM)?;
        let behind = behind.strip_prefix(b"\",\"record\":")?;
        Some(Self { version, payload: usize::try_from(payload).ok()?, sum, length: line.len() - behind.len() })
    }
}

/// A number as it is written here, and what stands behind it.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = bytes.split_at_checked(digits)?;
    let text = std::str::from_utf8(digits).ok().filter(|text| *text == "0" || !text.starts_with('0'))?;
    Some((text.parse().ok()?, behind))
}

/// The version belongs to what is summed up: one flipped bit must not turn a record into one of a newer version.
fn sum(version: u64, payload: &[u8]) -> String {
    let digest = Sha256::new().chain_update(version.to_string()).chain_update(b" ").chain_update(payload).finalize();
    hex(digest.get(..SUM / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_json_and_holds_the_payload_as_it_is() {
        let payload = br#"{"at": 1, "ko":"  \u0000"}"#;
        let line = seal(payload);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let json: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&json["v"], &json["n"]), (&1.into(), &payload.len().into()));
        assert_eq!(look(&line[..line.len() - 1]), Found::Whole { version: 1, payload, rest: b"" });
        // `printf '1 %s' '{"a":1}' | sha256sum`
        assert_eq!(seal(br#"{"a":1}"#), b"{\"v\":1,\"n\":7,\"sum\":\"b0b31f6dc45f795e\",\"record\":{\"a\":1}}\n");
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let line = seal_as(2, b"{}");
        assert_eq!(look(&line[..line.len() - 1]), Found::Newer { version: 2, rest: b"" });
        let newer = |line: &'static [u8]| look(line) == Found::Newer { version: 7, rest: b"" };
        assert!(newer(br#"{"v":7,"kind":"step","at":3}"#));
        assert!(!newer(br#"{"v":7,"kind":"step","at":3"#), "cut off");
        assert!(!newer(br#"{"v":7,"n":2,"sum":"0123456789abcdef","record":{}}"#), "the sum is wrong");
    }

    #[test]
    fn what_cannot_be_framed_is_refused() {
        for wrong in ["", "{\n}", "{", "{} {}", "{}}", "x"] {
            assert!(!is_line(wrong.as_bytes()), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_rest_gets_shorter(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in 0usize..60) {
            let mut line = seal(b"{\"a\":[1,2]}");
            line.truncate(cut);
            line.extend(&bytes);
            for line in [&bytes[..], &line] {
                let (Found::Whole { rest, .. } | Found::Newer { rest, .. } | Found::Flawed { rest, .. }) = look(line);
                prop_assert!(rest.len() < line.len() || line.is_empty());
            }
        }
    }
}
