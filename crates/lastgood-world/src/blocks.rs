//! Reads a file in blocks that end where a line ends, so that the scan never sees half a line.
//! It counts bytes, not lines, and knows nothing of what stands in them.

use memchr::{memchr, memrchr};

use crate::damage::Damage;
use crate::files::LogFile;
use crate::source::Source;

/// Usual size of a block, in bytes.
pub const BLOCK: usize = 256 * 1024;
/// Longest line that is handed on, in bytes, without its newline. Of a longer one the beginning is handed on and the
/// rest is skipped; except that a run of NUL bytes, as an unclean reboot leaves it before a good line, is shortened
/// instead, whatever its length.
pub const LONGEST_LINE: usize = 1024 * 1024;

/// A run of NULs in a line that fills the buffer is shortened to this.
const NULS_KEPT: usize = 4096;

/// Blocks of one file, in order.
#[derive(Debug)]
pub struct Blocks {
    source: Source,
    buffer: Vec<u8>,
    /// The block before, kept for [`Blocks::tail`]. The two buffers change places with every block.
    before: Vec<u8>,
    before_length: usize,
    /// Where the block handed out last ends; what follows is the beginning of the next.
    given: usize,
    filled: usize,
    longest_line: usize,
    bytes: u64,
    ended: bool,
    damage: Option<Damage>,
}

impl Blocks {
    /// Begins to read `file`.
    ///
    /// # Errors
    /// If it cannot be opened or is packed in a way that is not known.
    pub fn open(file: &LogFile) -> Result<Self, Damage> {
        Self::with_sizes(file, BLOCK, LONGEST_LINE)
    }

    fn with_sizes(file: &LogFile, block: usize, longest_line: usize) -> Result<Self, Damage> {
        Ok(Self {
            source: Source::open(file)?,
            buffer: vec![0; block.clamp(1, longest_line)],
            before: vec![0; block.clamp(1, longest_line)],
            before_length: 0,
            given: 0,
            filled: 0,
            longest_line,
            bytes: 0,
            ended: false,
            damage: None,
        })
    }

    /// The next block: whole lines, each with its newline. Only the last line of the file may lack it. `None` at the
    /// end, and from then on; [`Blocks::damage`] says whether it was the real one.
    pub fn next_block(&mut self) -> Option<&[u8]> {
        if self.ended && self.given == self.filled {
            return None;
        }
        let before_that = self.before_length;
        self.turn_over();
        let mut searched = 0;
        loop {
            let size = self.buffer.len();
            self.read_up_to(size);
            if let Some(newline) = memrchr(b'\n', self.buffer.get(searched..self.filled)?) {
                self.given = searched + newline + 1;
                break;
            }
            if self.ended {
                self.given = self.filled;
                break;
            }
            searched = self.make_room();
        }
        if self.given == 0 {
            // Nothing came, and nothing was overwritten: the last two blocks are still there.
            std::mem::swap(&mut self.buffer, &mut self.before);
            self.given = self.before_length;
            self.filled = self.given;
            self.before_length = before_that;
            return None;
        }
        self.buffer.get(..self.given)
    }

    /// The last two blocks handed out, in order: what ends a file can be looked at again without reading it again.
    #[must_use]
    pub fn tail(&self) -> [&[u8]; 2] {
        [self.before.get(..self.before_length).unwrap_or_default(), self.buffer.get(..self.given).unwrap_or_default()]
    }

    /// Where the next block begins, in bytes after unpacking. Another reader of the same file can go there with
    /// [`Blocks::skip_to`].
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.bytes - (self.filled - self.given) as u64
    }

    /// Goes forward to an offset at which a block begins; never back. A packed file is unpacked on the way.
    pub fn skip_to(&mut self, offset: u64) {
        let mut ahead = offset.saturating_sub(self.offset());
        let held = self.filled - self.given;
        if ahead <= held as u64 {
            self.given += usize::try_from(ahead).unwrap_or(held);
            return;
        }
        ahead -= held as u64;
        self.given = 0;
        self.filled = 0;
        let jumped = self.source.jump(ahead);
        self.bytes += jumped;
        ahead -= jumped;
        while ahead > 0 && !self.ended {
            self.filled = 0;
            self.read_up_to(usize::try_from(ahead).unwrap_or(usize::MAX).min(self.buffer.len()));
            ahead = ahead.saturating_sub(self.filled as u64);
        }
        self.filled = 0;
    }

    /// Why reading ended before the file did. Asked after [`Blocks::next_block`] said `None`.
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Bytes read so far, after unpacking; skipped ones included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes taken from the disk so far, before unpacking: what progress is measured by.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.source.position()
    }

    /// The block handed out becomes the one before, and what follows it the beginning of the next.
    fn turn_over(&mut self) {
        std::mem::swap(&mut self.buffer, &mut self.before);
        let rest = self.before.get(self.given..self.filled).unwrap_or_default();
        if self.buffer.len() < rest.len() {
            self.buffer.resize(rest.len(), 0);
        }
        if let Some(start) = self.buffer.get_mut(..rest.len()) {
            start.copy_from_slice(rest);
        }
        self.filled = rest.len();
        self.before_length = self.given;
        self.given = 0;
    }

    /// Fills the buffer up to `size`, or less if the file ends.
    fn read_up_to(&mut self, size: usize) {
        if self.ended {
            return;
        }
        let Some(room) = self.buffer.get_mut(self.filled..size) else { return };
        match self.source.fill(room) {
            Ok(read) => {
                self.bytes += read as u64;
                // Less than asked for is the end, or damage about which only the next call tells.
                if read == 0 && !room.is_empty() {
                    self.ended = true;
                }
                self.filled += read;
            }
            Err(damage) => {
                self.ended = true;
                self.damage = Some(damage);
            }
        }
    }

    /// One line fills the whole buffer. Says from where on its newline is to be looked for.
    fn make_room(&mut self) -> usize {
        let nuls =
            self.buffer.get(..self.filled).unwrap_or_default().iter().rev().take_while(|&&byte| byte == 0).count();
        if nuls > NULS_KEPT {
            self.filled -= nuls - NULS_KEPT;
        } else if self.filled < self.longest_line {
            let size = self.buffer.len().saturating_mul(2).min(self.longest_line);
            self.buffer.resize(size, 0);
        } else {
            self.skip_rest_of_line();
            return self.longest_line;
        }
        self.filled
    }

    /// Overwrites the rest of an overlong line, so that its newline follows the part that is kept.
    fn skip_rest_of_line(&mut self) {
        let kept = self.filled;
        self.buffer.resize(kept + BLOCK, 0);
        while !self.ended {
            self.filled = kept;
            self.read_up_to(kept + BLOCK);
            let rest = self.buffer.get(kept..self.filled).unwrap_or_default();
            if let Some(newline) = memchr(b'\n', rest) {
                self.buffer.copy_within(kept + newline..self.filled, kept);
                self.filled -= newline;
                return;
            }
        }
        self.filled = kept;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::files::LogFile;
    use lastgood_model::SourceId;

    fn file_with(bytes: &[u8]) -> LogFile {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        let metadata = file.metadata().expect("its size");
        LogFile::describe(SourceId(0), "test.log".into(), None, &Arc::new(file), &metadata, true).expect("readable")
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("memory")
    }

    fn read_all(mut blocks: Blocks) -> (Vec<Vec<u8>>, u64, Option<Damage>) {
        let mut all = Vec::new();
        while let Some(block) = blocks.next_block() {
            all.push(block.to_vec());
        }
        assert!(blocks.next_block().is_none(), "the end stays the end");
        (all, blocks.bytes(), blocks.damage().cloned())
    }

    #[test]
    fn an_empty_file_has_no_blocks() {
        let (blocks, bytes, damage) = read_all(Blocks::open(&file_with(b"")).unwrap());
        assert!(blocks.is_empty() && bytes == 0 && damage.is_none());
    }

    #[test]
    fn a_line_over_the_limit_is_cut_and_the_next_one_is_whole() {
        for length in [99, 100, 101, 1_000, 700_000] {
            let mut text = b"first\n".to_vec();
            text.extend(std::iter::repeat_n(b'x', length));
            text.extend_from_slice(b"\nlast\n");
            let (blocks, bytes, _) = read_all(Blocks::with_sizes(&file_with(&text), 16, 100).unwrap());
            let mut expected = b"first\n".to_vec();
            expected.extend(std::iter::repeat_n(b'x', length.min(100)));
            expected.extend_from_slice(b"\nlast\n");
            assert_eq!(blocks.concat(), expected, "{length}");
            assert_eq!(bytes, text.len() as u64);
        }
    }

    #[test]
    fn an_overlong_last_line_without_a_newline_is_cut_too() {
        let (blocks, bytes, _) = read_all(Blocks::with_sizes(&file_with(&[b'x'; 1_000]), 16, 100).unwrap());
        assert_eq!((blocks.concat(), bytes), (vec![b'x'; 100], 1_000));
    }

    #[test]
    fn nuls_of_any_length_do_not_cost_the_line_behind_them() {
        let mut text = b"good\n10.0.0.1 - - [16/No".to_vec();
        text.extend(std::iter::repeat_n(0, 3 * LONGEST_LINE));
        text.extend_from_slice(b"10.0.0.2 after the crash\nlast");
        let (blocks, bytes, _) = read_all(Blocks::open(&file_with(&text)).unwrap());
        let read = blocks.concat();
        assert!(read.ends_with(b"\x0010.0.0.2 after the crash\nlast"));
        assert!(read.starts_with(b"good\n10.0.0.1 - - [16/No\0"));
        assert!(read.len() < LONGEST_LINE, "{}", read.len());
        assert_eq!(bytes, text.len() as u64);
    }

    #[test]
    fn a_flipped_bit_is_noticed_by_the_checksum() {
        let mut whole = packed(b"one line\n");
        let end = whole.len();
        whole[end - 6] ^= 1;
        let (blocks, _, damage) = read_all(Blocks::open(&file_with(&whole)).unwrap());
        assert_eq!((blocks.concat(), damage), (b"one line\n".to_vec(), Some(Damage::Corrupt)));
    }

    #[test]
    fn the_tail_is_the_last_two_blocks() {
        for (text, tail) in [
            (&b""[..], [&b""[..], b""]),
            (b"a\n", [b"", b"a\n"]),
            (b"a\nb\nc\nd", [b"c\n", b"d"]),
            (b"a\nb\nc\nd\n", [b"c\n", b"d\n"]),
        ] {
            for bytes in [text.to_vec(), packed(text)] {
                let mut blocks = Blocks::with_sizes(&file_with(&bytes), 2, 100).unwrap();
                assert_eq!(blocks.tail(), [b"", b""]);
                while blocks.next_block().is_some() {}
                assert!(blocks.next_block().is_none());
                assert_eq!(blocks.tail(), tail, "{text:?}");
                assert_eq!(blocks.offset(), text.len() as u64);
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_are_the_file(
            lines in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..60), 0..40),
            block in 1_usize..200,
            cuts in prop::collection::vec(0_usize..2_000, 0..3),
            gzip in any::<bool>(),
        ) {
            let text = lines.join(&b'\n');
            // With a first byte that no packer writes: otherwise the content would be taken for packed.
            let text = [b"log ".to_vec(), text].concat();
            let bytes = if gzip {
                let mut at = 0;
                let mut members = Vec::new();
                let mut cuts = cuts.iter().map(|&cut| cut.min(text.len())).collect::<Vec<_>>();
                cuts.sort_unstable();
                for cut in cuts.into_iter().chain([text.len()]) {
                    members.extend(packed(&text[at..cut]));
                    at = cut;
                }
                members
            } else {
                text.clone()
            };
            let (blocks, counted, damage) = read_all(Blocks::with_sizes(&file_with(&bytes), block, 4_096).unwrap());
            prop_assert_eq!(blocks.concat(), text.clone());
            prop_assert_eq!((counted, damage), (text.len() as u64, None));
            for block in blocks.iter().rev().skip(1) {
                prop_assert_eq!(block.last(), Some(&b'\n'));
            }
        }

        #[test]
        fn a_block_is_found_again_by_its_offset(
            lines in prop::collection::vec("[a-z]{0,40}", 1..60),
            block in 1_usize..200,
            picks in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
            gzip in any::<bool>(),
        ) {
            let text = lines.join("\n");
            let file = file_with(&if gzip { packed(text.as_bytes()) } else { text.clone().into_bytes() });
            let mut blocks = Blocks::with_sizes(&file, block, 4_096).unwrap();
            let mut offsets = Vec::new();
            loop {
                offsets.push(usize::try_from(blocks.offset()).unwrap());
                if blocks.next_block().is_none() {
                    break;
                }
            }
            let mut picked: Vec<_> = picks.iter().map(|pick| *pick.get(&offsets)).collect();
            picked.sort_unstable();
            picked.dedup();
            let mut again = Blocks::with_sizes(&file, block, 4_096).unwrap();
            for offset in picked {
                again.skip_to(offset as u64);
                if again.offset() == offset as u64 {
                    let read = again.next_block().unwrap_or_default().to_vec();
                    prop_assert!(text.as_bytes()[offset..].starts_with(&read));
                    prop_assert_eq!(read.is_empty(), offset == text.len());
                }
            }
        }

        #[test]
        fn no_bytes_make_it_panic_and_no_line_is_lost_or_invented(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &bytes].concat();
            for content in [&bytes, &gzip] {
                if let Ok(blocks) = Blocks::with_sizes(&file_with(content), 7, 64) {
                    let (blocks, counted, _) = read_all(blocks);
                    prop_assert!(counted >= blocks.concat().len() as u64);
                }
            }
        }
    }
}
