//! Lays a log out as a rotated set: names by number or by date, plain or gzip.
//! It only cuts where it is told to; overlaps and damage belong to the callers.

use crate::clock::Zone;
use flate2::{Compression, GzBuilder};
use std::io::Write as _;

/// How rotated files are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `access.log`, `access.log.1`, `access.log.2.gz`.
    Number,
    /// `access.log`, `access.log-20221116`, `access.log-20221115.gz`.
    Date,
}

/// The name of a file of a set: `age` 0 is the one being written.
#[must_use]
pub fn name(base: &str, naming: Naming, age: usize, rotated_ms: i64, zone: Zone, gzip: bool) -> String {
    let end = if gzip { ".gz" } else { "" };
    match (age, naming) {
        (0, _) => format!("{base}{end}"),
        (_, Naming::Number) => format!("{base}.{age}{end}"),
        (_, Naming::Date) => format!("{base}-{}{end}", zone.date_stamp(rotated_ms)),
    }
}

/// One gzip member with no name and no time, so that equal input gives equal bytes.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::with_capacity(bytes.len() / 4), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn names_by_number_and_by_date() {
        let zone = Zone::minutes(540);
        let at = zone.at((2022, 11, 16), 0, 0, 3);
        let of = |naming, age, gzip| name("a-access.log", naming, age, at, zone, gzip);
        assert_eq!(of(Naming::Number, 0, false), "a-access.log");
        assert_eq!(of(Naming::Number, 2, true), "a-access.log.2.gz");
        assert_eq!(of(Naming::Date, 1, true), "a-access.log-20221116.gz");
    }

    #[test]
    fn gzip_is_reproducible_and_reads_back() {
        let text = b"one\ntwo\n".repeat(100);
        let packed = gzip(&text).unwrap();
        assert_eq!(packed, gzip(&text).unwrap());
        assert_eq!(packed[4..8], [0; 4], "no time in the header");
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, text);
    }
}
