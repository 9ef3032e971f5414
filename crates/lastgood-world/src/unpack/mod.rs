//! Unpacks a file as a stream: members one behind another, and whatever can still be had of a damaged file. It keeps
//! every byte that stands before the damage, which the ready-made readers throw away, and knows when to stop.
//! What a member is in each format stands in a file of its own.

mod bzip2;
mod gzip;
mod input;
mod xz;
mod zstd;

use std::fmt;

use crate::damage::Damage;
use crate::handle::Handle;
use crate::packing::Compression;
use input::Input;

/// Deflate cannot do better than 1,032 to 1 and logs do not come near 300; what does is a bomb or a hole.
const BELIEVABLE_RATIO: u64 = 300;
/// So much may any file unpack to, whatever its size, if there are few.
pub(crate) const ALWAYS_ALLOWED: u64 = 256 * 1024 * 1024;
/// A format that looks back further than this needs more memory than we may take.
pub(crate) const LARGEST_WINDOW: u64 = 128 * 1024 * 1024;

/// One packed text of those that stand one behind another in a file: a member, a frame or a stream.
trait Member: Send {
    /// Takes some of the input, unpacks some of it into `out`. Damage comes with what was unpacked before it.
    fn step(&mut self, input: &mut Input, out: &mut [u8]) -> Step;
}

/// What one step brought.
struct Step {
    /// Bytes of `out` that are filled now.
    unpacked: usize,
    then: Then,
}

enum Then {
    /// There may be more.
    More,
    /// It ended as it should.
    Ended,
    /// Nothing more can be had.
    Broken(Damage),
}

/// A packed file being read.
pub(crate) struct Unpack {
    input: Input,
    packing: Compression,
    member: Option<Box<dyn Member>>,
    unpacked: u64,
    /// It may unpack to this much beside what is believable for its size.
    allowed: u64,
    finished: bool,
    damage: Option<Damage>,
}

impl fmt::Debug for Unpack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpack")
            .field("packing", &self.packing)
            .field("unpacked", &self.unpacked)
            .finish_non_exhaustive()
    }
}

impl Unpack {
    /// Unpacks what `handle` reads, if its packing is one of ours.
    pub(crate) fn new(handle: Handle, packing: Compression, allowed: u64) -> Result<Self, Damage> {
        let member = Some(member(packing).ok_or(Damage::UnknownCompression(packing))?);
        Ok(Self { input: Input::new(handle), packing, member, unpacked: 0, allowed, finished: false, damage: None })
    }

    /// Packed bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.input.position()
    }

    /// Unpacks until `out` is full or nothing more can be had; less than `out.len()` means the end. Damage is reported
    /// once everything before it was handed out.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        let mut filled = 0;
        while filled < out.len() && !self.finished {
            let Some(member) = &mut self.member else {
                self.next_member();
                continue;
            };
            let step = member.step(&mut self.input, &mut out[filled..]);
            filled += step.unpacked;
            match step.then {
                Then::More => {}
                Then::Ended => self.member = None,
                Then::Broken(damage) => self.stop(damage),
            }
        }
        self.unpacked += filled as u64;
        if self.unpacked > believable(self.position(), self.allowed) {
            self.stop(Damage::TooLarge);
        }
        match self.damage.take() {
            Some(damage) if filled == 0 => Err(damage),
            damage => {
                self.damage = damage;
                Ok(filled)
            }
        }
    }

    /// Looks behind a member that ended.
    fn next_member(&mut self) {
        // Tape-era padding: gzip and xz, too, ignore zeros behind a member.
        while let zeros @ 1.. = self.input.bytes().iter().take_while(|&&byte| byte == 0).count() {
            self.input.take(zeros);
        }
        let next = self.input.peek(6);
        if next.is_empty() {
            self.finished = true;
            if let Some(damage) = self.input.failure() {
                self.damage = Some(damage);
            }
        } else if Compression::of(next) == self.packing {
            self.member = member(self.packing);
        } else {
            self.stop(Damage::TrailingBytes);
        }
    }

    fn stop(&mut self, damage: Damage) {
        self.finished = true;
        // If the file could not be read, what came of that is not its own fault.
        self.damage = Some(self.input.failure().unwrap_or(damage));
    }
}

/// The most that so many packed bytes may unpack to.
fn believable(packed: u64, allowed: u64) -> u64 {
    allowed.saturating_add(packed.saturating_mul(BELIEVABLE_RATIO))
}

fn member(packing: Compression) -> Option<Box<dyn Member>> {
    match packing {
        Compression::Gzip => Some(Box::new(gzip::Gzip::new())),
        Compression::Zstd => Some(Box::new(zstd::Zstd::new())),
        Compression::Xz => Some(Box::new(xz::Xz::new())),
        Compression::Bzip2 => Some(Box::new(bzip2::Bzip2::new())),
        Compression::None | Compression::Other(_) => None,
    }
}

/// Judges a step of a decoder that is handed bytes: it moved, or there is nothing to move it.
fn moved(taken: usize, unpacked: usize, available: usize) -> Then {
    match (taken, unpacked, available) {
        (0, 0, 0) => Then::Broken(Damage::CutShort),
        (0, 0, _) => Then::Broken(Damage::Corrupt),
        _ => Then::More,
    }
}

#[cfg(test)]
mod tests;
