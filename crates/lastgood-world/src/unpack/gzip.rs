//! A member of a gzip file.

use flate2::{Decompress, FlushDecompress, Status};

use super::input::Input;
use super::{Member, Step, Then, moved};
use crate::damage::Damage;

/// Largest window of the format, as its exponent.
const WINDOW_BITS: u8 = 15;

pub(super) struct Gzip(Decompress);

impl Gzip {
    pub(super) fn new() -> Self {
        Self(Decompress::new_gzip(WINDOW_BITS))
    }
}

impl Member for Gzip {
    fn step(&mut self, input: &mut Input, out: &mut [u8]) -> Step {
        let bytes = input.bytes();
        let available = bytes.len();
        let (in_before, out_before) = (self.0.total_in(), self.0.total_out());
        let result = self.0.decompress(bytes, out, FlushDecompress::None);
        // Both counts hold after an error, too: that is how the bytes before the damage are kept.
        let taken = usize::try_from(self.0.total_in() - in_before).unwrap_or(available);
        let unpacked = usize::try_from(self.0.total_out() - out_before).unwrap_or(out.len());
        input.take(taken);
        let then = match result {
            Ok(Status::StreamEnd) => Then::Ended,
            Ok(_) => moved(taken, unpacked, available),
            Err(_) => Then::Broken(Damage::Corrupt),
        };
        Step { unpacked, then }
    }
}
