//! Damage that any line format suffers, and what a careful reader can still get out of it.
//! Lines are only cut where nobody can argue: before their status, or behind everything that matters.

use super::draft::Draft;
use super::traffic::MARK;
use crate::sample::Weighted;
use fastrand::Rng;

/// What becomes of a physical line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It still tells of its request.
    Parsed,
    /// It is blank.
    Other,
    /// It tells of no request, and one can see that it is damaged.
    Unreadable,
}

/// A way to damage a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injury {
    /// None.
    Whole,
    /// Cut before it says what came of the request.
    CutEarly,
    /// Cut behind what it says.
    CutLate,
    /// Cut early and without its newline: the next line follows on the same one.
    Glued,
    /// Zero bytes before it.
    Nul,
    /// Ends in CR LF.
    Crlf,
    /// Brackets as one byte each, as a wrong conversion leaves them.
    Latin1,
    /// Brackets as two bytes each.
    Utf8,
    /// Bytes in the query that are no UTF-8.
    NoUtf8,
    /// A blank line before it.
    Blank,
    /// Random bytes before it, in a line of their own.
    Garbage,
}

const ODDS: [(Injury, f64); 11] = [
    (Injury::Whole, 900.0),
    (Injury::CutEarly, 15.0),
    (Injury::CutLate, 15.0),
    (Injury::Glued, 10.0),
    (Injury::Nul, 10.0),
    (Injury::Crlf, 10.0),
    (Injury::Latin1, 5.0),
    (Injury::Utf8, 5.0),
    (Injury::NoUtf8, 10.0),
    (Injury::Blank, 10.0),
    (Injury::Garbage, 10.0),
];

/// What damaging a line made: its bytes with their newlines, and the fate of each physical line in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// None for a line that is glued to the next one.
    pub bytes: Vec<u8>,
    /// In order; empty if the line ends with the next one.
    pub fates: Vec<Fate>,
    /// Whether its request is told of.
    pub told: bool,
}

/// Draws how a line is damaged.
#[must_use]
pub fn draw(bracketed: bool, rng: &mut Rng) -> Injury {
    let injury = ODDS[Weighted::new(ODDS.map(|(_, weight)| weight)).pick(rng)].0;
    if !bracketed && matches!(injury, Injury::Latin1 | Injury::Utf8) { Injury::Whole } else { injury }
}

impl Injury {
    /// Damages a line.
    #[must_use]
    pub fn inflict(self, draft: &Draft, rng: &mut Rng) -> Piece {
        let line = &draft.bytes;
        let parsed = |bytes: Vec<u8>| Piece { bytes, fates: vec![Fate::Parsed], told: true };
        let before = |first: Vec<u8>, fate: Fate| Piece {
            bytes: [first, b"\n".to_vec(), line.clone()].concat(),
            fates: vec![fate, Fate::Parsed],
            told: true,
        };
        let mut piece = match self {
            Self::Whole => parsed(line.clone()),
            Self::CutLate if draft.told_from + 3 < line.len() => {
                parsed(line[..rng.usize(draft.told_from + 2..line.len())].to_vec())
            }
            // Nothing to cut behind it.
            Self::CutLate => parsed(line.clone()),
            Self::CutEarly => {
                let cut = line[..rng.usize(draft.begins + 1..draft.silent_until)].to_vec();
                Piece { bytes: cut, fates: vec![Fate::Unreadable], told: false }
            }
            Self::Glued => {
                let cut = line[..rng.usize(draft.begins + 1..draft.silent_until)].to_vec();
                return Piece { bytes: cut, fates: Vec::new(), told: false };
            }
            Self::Nul => parsed([vec![0; rng.usize(1..600)], line.clone()].concat()),
            Self::Crlf => parsed([&line[..], b"\r"].concat()),
            Self::Latin1 => parsed(replaced(&replaced(line, b"[", b"\xc4"), b"]", b"\xdc")),
            Self::Utf8 => parsed(replaced(&replaced(line, b"[", "Ä".as_bytes()), b"]", "Ü".as_bytes())),
            Self::NoUtf8 => parsed(replaced(line, MARK.as_bytes(), b"\xed\xff\xc3")),
            Self::Blank => before(Vec::new(), Fate::Other),
            Self::Garbage => before(garbage(rng), Fate::Unreadable),
        };
        piece.bytes.push(b'\n');
        piece
    }
}

fn replaced(line: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Random bytes that end no line early and cannot be taken for blank.
fn garbage(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rng.usize(12..200)).map(|_| rng.u8(..)).collect();
    for byte in &mut bytes {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = 0x16;
        }
    }
    bytes[0] = 0x16;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        let mut draft = Draft::default();
        draft.vital(format_args!("[10:00]"));
        draft.request(format_args!(" \"GET /?{MARK} HTTP/1.1\" "));
        draft.vital(format_args!("502"));
        draft.text(format_args!(" 17 \"agent\""));
        draft
    }

    #[test]
    fn cuts_leave_either_everything_or_no_status() {
        let mut rng = Rng::with_seed(1);
        for _ in 0..300 {
            let early = Injury::CutEarly.inflict(&draft(), &mut rng);
            assert!(!early.bytes.windows(3).any(|window| window == b"502"));
            let late = Injury::CutLate.inflict(&draft(), &mut rng);
            assert!(late.bytes.windows(5).any(|window| window == b" 502 "));
        }
    }

    #[test]
    fn every_newline_has_a_fate() {
        let mut rng = Rng::with_seed(2);
        for (injury, _) in ODDS {
            let piece = injury.inflict(&draft(), &mut rng);
            let newlines = piece.bytes.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(newlines, piece.fates.len(), "{injury:?}");
            assert_eq!(piece.told, piece.fates.contains(&Fate::Parsed), "{injury:?}");
        }
    }
}
