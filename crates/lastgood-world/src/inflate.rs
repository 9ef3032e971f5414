//! Unpacks gzip as a stream: members one behind another, and whatever can still be had of a damaged file.
//! It keeps every byte that stands before the damage, which the ready-made readers throw away.

use flate2::{Decompress, FlushDecompress, Status};

use crate::damage::Damage;
use crate::handle::Handle;

const INPUT: usize = 64 * 1024;
/// Largest window of the format, as its exponent.
const WINDOW_BITS: u8 = 15;
/// Deflate cannot do better than 1,032 to 1 and logs do not come near 300; what does is a bomb or a hole.
const BELIEVABLE_RATIO: u64 = 300;
const ALWAYS_ALLOWED: u64 = 256 * 1024 * 1024;

/// A gzip file being unpacked.
#[derive(Debug)]
pub(crate) struct Inflate {
    handle: Handle,
    input: Box<[u8]>,
    at: usize,
    end: usize,
    member: Option<Decompress>,
    members_done: u64,
    unpacked: u64,
    finished: bool,
    damage: Option<Damage>,
}

impl Inflate {
    /// Unpacks what `handle` reads.
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle,
            input: vec![0; INPUT].into_boxed_slice(),
            at: 0,
            end: 0,
            member: Some(Decompress::new_gzip(WINDOW_BITS)),
            members_done: 0,
            unpacked: 0,
            finished: false,
            damage: None,
        }
    }

    /// Packed bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.handle.position()
    }

    /// Unpacks until `out` is full or nothing more can be had; less than `out.len()` means the end. Damage is reported
    /// once everything before it was handed out.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        let mut filled = 0;
        while filled < out.len() && !self.finished {
            match self.step(&mut out[filled..]) {
                Ok(unpacked) => filled += unpacked,
                Err((unpacked, damage)) => {
                    filled += unpacked;
                    self.finished = true;
                    self.damage = Some(damage);
                }
            }
        }
        self.unpacked += filled as u64;
        if self.unpacked > ALWAYS_ALLOWED.saturating_add(self.position().saturating_mul(BELIEVABLE_RATIO)) {
            self.finished = true;
            self.damage = Some(Damage::TooLarge);
        }
        match self.damage.take() {
            Some(damage) if filled == 0 => Err(damage),
            damage => {
                self.damage = damage;
                Ok(filled)
            }
        }
    }

    /// One move: read input, unpack some of it, or look for the next member.
    fn step(&mut self, out: &mut [u8]) -> Result<usize, (usize, Damage)> {
        if self.at == self.end {
            self.at = 0;
            self.end = self.handle.fill(&mut self.input).map_err(|error| (0, Damage::from(error)))?;
        }
        let input = self.input.get(self.at..self.end).unwrap_or_default();
        let Some(member) = &mut self.member else {
            // Tape-era padding: gzip, too, ignores zeros behind a member.
            let zeros = input.iter().take_while(|&&byte| byte == 0).count();
            self.at += zeros;
            match input.get(zeros) {
                Some(0x1f) => self.member = Some(Decompress::new_gzip(WINDOW_BITS)),
                Some(_) => return Err((0, Damage::TrailingBytes)),
                None => self.finished = input.is_empty(),
            }
            return Ok(0);
        };
        let (in_before, out_before) = (member.total_in(), member.total_out());
        let result = member.decompress(input, out, FlushDecompress::None);
        // Both counts hold after an error, too: that is how the bytes before the damage are kept.
        self.at += usize::try_from(member.total_in() - in_before).unwrap_or(input.len());
        let unpacked = usize::try_from(member.total_out() - out_before).unwrap_or(out.len());
        let nothing_yet = member.total_out() == 0;
        match result {
            Ok(Status::StreamEnd) => {
                self.member = None;
                self.members_done += 1;
                Ok(unpacked)
            }
            Ok(_) if input.is_empty() && unpacked == 0 => Err((0, Damage::CutShort)),
            Ok(_) => Ok(unpacked),
            Err(_) if nothing_yet && self.members_done > 0 => Err((0, Damage::TrailingBytes)),
            Err(_) => Err((unpacked, Damage::Corrupt)),
        }
    }
}
