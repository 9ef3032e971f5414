//! What happened to lines on their way: brackets mangled by a terminal, a beginning lost.
//! Only the two manglings of the story; the dirty sets have their own, harsher ones.

/// In which bytes a mangled bracket arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mangled {
    /// One byte each: `Ä` is 0xC4, `Ü` is 0xDC.
    Latin1,
    /// Two bytes each.
    Utf8,
}

/// The line with the brackets around its time turned into `Ä` and `Ü`, as a terminal with a
/// national 7-bit character set shows them.
pub(super) fn mangle(line: &[u8], how: Mangled) -> Vec<u8> {
    let (open, close): (&[u8], &[u8]) = match how {
        Mangled::Latin1 => (b"\xc4", b"\xdc"),
        Mangled::Utf8 => ("Ä".as_bytes(), "Ü".as_bytes()),
    };
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

/// The line from its opening bracket on.
pub(super) fn headless(line: &[u8]) -> &[u8] {
    let bracket = line.iter().position(|&b| b == b'[').unwrap_or(0);
    &line[bracket..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mangles_and_beheads_as_in_the_story() {
        let line = b"192.0.2.1 - - [16/Nov/2022:11:04:56 +0900] \"POST /api/join/user\"\n";
        assert_eq!(
            mangle(headless(line), Mangled::Latin1),
            b"\xc416/Nov/2022:11:04:56 +0900\xdc \"POST /api/join/user\"\n"
        );
        assert!(mangle(line, Mangled::Utf8).starts_with("192.0.2.1 - - Ä16/Nov".as_bytes()));
    }
}
