//! A stream of a bzip2 file. Its blocks are all or nothing: of a cut one nothing can be had.

use bzip2::{Decompress, Status};

use super::input::Input;
use super::{Member, Step, Then, moved};
use crate::damage::Damage;

pub(super) struct Bzip2(Decompress);

impl Bzip2 {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }
}

impl Member for Bzip2 {
    fn step(&mut self, input: &mut Input, out: &mut [u8]) -> Step {
        let bytes = input.bytes();
        let available = bytes.len();
        let (in_before, out_before) = (self.0.total_in(), self.0.total_out());
        let result = self.0.decompress(bytes, out);
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
