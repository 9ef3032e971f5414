//! The ways in which a line is damaged, and what a careful reader can still get out of it.
//! One function a line; which lines are damaged is decided in `sheet`.

use fastrand::Rng;

/// What becomes of a physical line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It still tells its status.
    Parsed(u16),
    /// It is empty.
    Other,
    /// Nothing can be made of it.
    Unreadable,
}

/// One physical line with its ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub bytes: Vec<u8>,
    pub fate: Fate,
    /// What was done to it, for the truth's tally.
    pub injury: &'static str,
}

/// A way to damage a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Injury {
    /// None.
    Whole,
    /// Cut at any byte.
    Cut,
    /// Zero bytes before it, as a file system leaves them after a crash.
    Nul,
    /// Ends in CR LF.
    Crlf,
    /// Brackets as one byte each.
    Latin1,
    /// Brackets as two bytes each.
    Utf8,
    /// Begins at the bracket.
    Headless,
    /// Begins at the bracket, and that one is mangled.
    HeadlessLatin1,
    /// Not a line at all.
    Garbage,
    /// Nothing.
    Blank,
    /// Nothing but a carriage return.
    BlankCr,
}

impl Injury {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "none",
            Self::Cut => "cut",
            Self::Nul => "nul",
            Self::Crlf => "crlf",
            Self::Latin1 => "brackets-latin1",
            Self::Utf8 => "brackets-utf8",
            Self::Headless => "headless",
            Self::HeadlessLatin1 => "headless-latin1",
            Self::Garbage => "garbage",
            Self::Blank => "blank",
            Self::BlankCr => "blank-cr",
        }
    }

    /// Damages a whole line (without its newline) whose status is known.
    pub fn inflict(self, line: &[u8], status: u16, rng: &mut Rng) -> Piece {
        let mut fate = Fate::Parsed(status);
        let mut bytes = match self {
            Self::Whole | Self::Crlf => line.to_vec(),
            Self::Cut => {
                let length = rng.usize(1..line.len());
                if status_end(line).is_none_or(|end| length < end) {
                    fate = Fate::Unreadable;
                }
                line[..length].to_vec()
            }
            Self::Nul => {
                let mut bytes = vec![0; rng.usize(1..900)];
                bytes.extend_from_slice(line);
                bytes
            }
            Self::Latin1 => mangled(line, b"\xc4", b"\xdc"),
            Self::Utf8 => mangled(line, "Ä".as_bytes(), "Ü".as_bytes()),
            Self::Headless => headless(line).to_vec(),
            Self::HeadlessLatin1 => mangled(headless(line), b"\xc4", b"\xdc"),
            Self::Garbage => {
                fate = Fate::Unreadable;
                garbage(rng)
            }
            Self::Blank | Self::BlankCr => {
                fate = Fate::Other;
                Vec::new()
            }
        };
        if matches!(self, Self::Crlf | Self::BlankCr) {
            bytes.push(b'\r');
        }
        bytes.push(b'\n');
        Piece { bytes, fate, injury: self.name() }
    }
}

/// The first byte after the status: the request is the first quoted field, the status follows it.
pub(super) fn status_end(line: &[u8]) -> Option<usize> {
    let quotes = line.iter().enumerate().filter(|(_, b)| **b == b'"');
    // `" 200` is the closing quote, a space and three digits.
    quotes.map(|(at, _)| at).nth(1).map(|at| at + 5)
}

fn headless(line: &[u8]) -> &[u8] {
    let bracket = line.iter().position(|&b| b == b'[').unwrap_or(0);
    &line[bracket..]
}

fn mangled(line: &[u8], open: &[u8], close: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 2);
    for &byte in line {
        match byte {
            b'[' => out.extend_from_slice(open),
            b']' => out.extend_from_slice(close),
            _ => out.push(byte),
        }
    }
    out
}

/// Random bytes that end no line early and cannot be taken for blank.
fn garbage(rng: &mut Rng) -> Vec<u8> {
    let length = rng.usize(12..300);
    let mut bytes: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
    for byte in &mut bytes {
        if *byte == b'\n' || *byte == b'\r' {
            *byte = 0x16;
        }
    }
    bytes[0] = 0x16;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"192.0.2.1 - - [16/Nov/2022:11:04:56 +0900] \"GET / HTTP/1.1\" 502 568 \"-\" \"-\"";

    #[test]
    fn a_cut_is_recoverable_only_after_the_whole_status() {
        let end = status_end(LINE).unwrap();
        assert!(LINE[..end].ends_with(b"\" 502"));
        let mut rng = Rng::with_seed(1);
        for _ in 0..500 {
            let piece = Injury::Cut.inflict(LINE, 502, &mut rng);
            let whole = piece.bytes.windows(5).any(|w| w == b"\" 502");
            assert_eq!(piece.fate == Fate::Parsed(502), whole);
        }
    }

    #[test]
    fn garbage_is_one_line() {
        let mut rng = Rng::with_seed(2);
        for _ in 0..200 {
            let piece = Injury::Garbage.inflict(LINE, 502, &mut rng);
            assert_eq!(piece.bytes.iter().filter(|&&b| b == b'\n').count(), 1);
        }
    }
}
