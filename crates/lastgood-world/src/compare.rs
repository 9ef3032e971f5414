//! Compares two files by what they hold after unpacking: equal, or one the beginning of the other.

use crate::damage::Damage;
use crate::files::LogFile;
use crate::source::Source;
use crate::unpack::LARGEST_WINDOW;

const CHUNK: usize = 128 * 1024;

/// How the contents of two files relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same bytes.
    Equal,
    /// The second goes on where the first ends.
    FirstBeginsSecond,
    /// The first goes on where the second ends.
    SecondBeginsFirst,
    /// Neither.
    Different,
}

/// Compares the contents of two files as far as they can be unpacked, stopping at the first difference. An empty file
/// begins every other.
///
/// # Errors
/// If one of them cannot be opened, or both together would need more memory than we may take.
pub fn relation(first: &LogFile, second: &LogFile) -> Result<Relation, Damage> {
    if first.window.saturating_add(second.window) > LARGEST_WINDOW {
        return Err(Damage::TooLarge);
    }
    let (mut first, mut second) = (Source::open(first)?, Source::open(second)?);
    let (mut a, mut b) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        // Damage is an end here: what can be had of a torn file may well be the beginning of a whole one.
        let a_length = first.fill(&mut a).unwrap_or(0);
        let b_length = second.fill(&mut b).unwrap_or(0);
        let shorter = a_length.min(b_length);
        if a.get(..shorter) != b.get(..shorter) {
            return Ok(Relation::Different);
        }
        // A full chunk is not an end yet; the next round tells.
        match (a_length < CHUNK, b_length < CHUNK) {
            (false, false) => {}
            _ => {
                return Ok(match a_length.cmp(&b_length) {
                    std::cmp::Ordering::Equal => Relation::Equal,
                    std::cmp::Ordering::Less => Relation::FirstBeginsSecond,
                    std::cmp::Ordering::Greater => Relation::SecondBeginsFirst,
                });
            }
        }
    }
}
