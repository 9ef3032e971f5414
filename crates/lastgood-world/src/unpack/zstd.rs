//! A frame of a zstd file, or one that is to be skipped.

use std::io::Read as _;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::input::Input;
use super::{LARGEST_WINDOW, Member, Step, Then};
use crate::damage::Damage;

/// A last block without content, and room for a checksum.
const NO_MORE: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

pub(super) struct Zstd {
    decoder: FrameDecoder,
    begun: bool,
    damage: Option<Damage>,
}

impl Zstd {
    pub(super) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self { decoder, begun: false, damage: None }
    }

    fn begin(&mut self, input: &mut Input) -> Then {
        self.begun = true;
        match self.decoder.reset(&mut *input) {
            Ok(()) => Then::More,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                if input.skip(length.into()) { Then::Ended } else { Then::Broken(Damage::CutShort) }
            }
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => Then::Broken(Damage::TooLarge),
            Err(_) => Then::Broken(broken(input)),
        }
    }

    /// The decoder holds back what later blocks may point at. After damage nothing will, so it is told that the frame
    /// is over.
    fn decode(&mut self, input: &mut Input) {
        let one = BlockDecodingStrategy::UptoBlocks(1);
        if self.decoder.decode_blocks(&mut *input, one).is_err() {
            self.damage = Some(broken(input));
            // Should it refuse, what it holds back is lost, and the damage is said all the same.
            let _refused = self.decoder.decode_blocks(&NO_MORE[..], BlockDecodingStrategy::UptoBlocks(1)).is_err();
        }
    }

    fn has_right_checksum(&self) -> bool {
        let written = self.decoder.get_checksum_from_data();
        written.is_none() || written == self.decoder.get_calculated_checksum()
    }
}

impl Member for Zstd {
    fn step(&mut self, input: &mut Input, out: &mut [u8]) -> Step {
        if !self.begun {
            return Step { unpacked: 0, then: self.begin(input) };
        }
        if self.damage.is_none() && self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            self.decode(input);
        }
        // What it collects it only copies.
        let unpacked = self.decoder.read(out).unwrap_or(0);
        let then = match &self.damage {
            _ if self.decoder.can_collect() > 0 => Then::More,
            Some(damage) => Then::Broken(damage.clone()),
            None if !self.decoder.is_finished() => Then::More,
            None if self.has_right_checksum() => Then::Ended,
            None => Then::Broken(Damage::Corrupt),
        };
        Step { unpacked, then }
    }
}

fn broken(input: &Input) -> Damage {
    if input.is_starved() { Damage::CutShort } else { Damage::Corrupt }
}
