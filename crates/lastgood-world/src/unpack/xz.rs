//! A stream of an xz file.

use std::io::ErrorKind;

use lzma_rust2::{Action, Status, XzStream};

use super::input::Input;
use super::{LARGEST_WINDOW, Member, Step, Then, moved};
use crate::damage::Damage;

/// In kibibytes; what a decoder needs beside its window is small.
const MEMORY: u64 = LARGEST_WINDOW / 1024 + 1024;

pub(super) struct Xz(XzStream);

impl Xz {
    pub(super) fn new() -> Self {
        Self(XzStream::new_mem_limit(false, u32::try_from(MEMORY).unwrap_or(u32::MAX)))
    }
}

impl Member for Xz {
    fn step(&mut self, input: &mut Input, out: &mut [u8]) -> Step {
        let bytes = input.bytes();
        let available = bytes.len();
        let action = if bytes.is_empty() { Action::Finish } else { Action::Run };
        let (in_before, out_before) = (self.0.total_in(), self.0.total_out());
        let result = self.0.process(bytes, out, action);
        let taken = usize::try_from(self.0.total_in() - in_before).unwrap_or(available);
        let unpacked = usize::try_from(self.0.total_out() - out_before).unwrap_or(out.len());
        input.take(taken);
        let then = match result.map(|result| result.status) {
            Ok(Status::StreamEnd) => Then::Ended,
            Ok(Status::Ok) => moved(taken, unpacked, available),
            Err(error) => Then::Broken(match error.kind() {
                ErrorKind::OutOfMemory => Damage::TooLarge,
                _ if available == 0 => Damage::CutShort,
                _ => Damage::Corrupt,
            }),
        };
        Step { unpacked, then }
    }
}
