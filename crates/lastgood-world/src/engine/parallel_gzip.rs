//! Packs on all processors at once, into one gzip file of several members: whoever unpacks gzip reads them as one. The same bytes become
//! the same file on every machine. What is packed is the caller's.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::num::NonZero;
use std::thread::{self, JoinHandle};

use flate2::Compression;
use flate2::write::GzEncoder;

/// So much goes into a member, in bytes: enough that what it cannot refer to any more, which lies before it, does not matter.
const MEMBER: usize = 4 * 1024 * 1024;

/// Packs what is written to it. What is not finished lacks its end.
#[derive(Debug)]
pub(super) struct ParallelGzip<W> {
    to: W,
    level: Compression,
    /// What no member has yet.
    rest: Vec<u8>,
    /// Members that are packed, the first one first.
    packing: VecDeque<JoinHandle<io::Result<Vec<u8>>>>,
    /// So many at once.
    most: usize,
    empty: bool,
}

impl<W: Write> ParallelGzip<W> {
    pub(super) fn new(to: W, level: Compression) -> Self {
        let most = thread::available_parallelism().map_or(1, NonZero::get);
        Self { to, level, rest: Vec::new(), packing: VecDeque::new(), most, empty: true }
    }

    /// Packs what is left, and returns what it was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        // Of nothing, too, a file has to be made.
        if self.empty || !self.rest.is_empty() {
            self.pack()?;
        }
        while self.hand_on()? {}
        Ok(self.to)
    }

    fn pack(&mut self) -> io::Result<()> {
        if self.packing.len() >= self.most {
            self.hand_on()?;
        }
        let (member, level) = (mem::take(&mut self.rest), self.level);
        self.empty = false;
        self.packing.push_back(thread::spawn(move || {
            let mut packer = GzEncoder::new(Vec::new(), level);
            packer.write_all(&member)?;
            packer.finish()
        }));
        Ok(())
    }

    /// Waits for the first member; `false`: there is none.
    fn hand_on(&mut self) -> io::Result<bool> {
        let Some(first) = self.packing.pop_front() else { return Ok(false) };
        let packed = first.join().map_err(|_| io::Error::other("a thread that packed ended early"))?;
        self.to.write_all(&packed?)?;
        Ok(true)
    }
}

impl<W: Write> Write for ParallelGzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(MEMBER - self.rest.len());
        self.rest.extend_from_slice(bytes.get(..fits).unwrap_or_default());
        if self.rest.len() == MEMBER {
            self.pack()?;
        }
        Ok(fits)
    }

    /// Hands on nothing early, or members would be of all sizes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;

    use super::*;

    fn packed(bytes: &[u8], at_once: usize, most: usize) -> Vec<u8> {
        let mut packer = ParallelGzip { most, ..ParallelGzip::new(Vec::new(), Compression::new(2)) };
        bytes.chunks(at_once).for_each(|part| packer.write_all(part).unwrap());
        packer.finish().unwrap()
    }

    #[test]
    fn it_is_the_same_file_however_it_was_written_and_nothing_is_lost() {
        let lengths = [0, 1, MEMBER - 1, MEMBER, MEMBER + 1, 3 * MEMBER + 7];
        for length in lengths {
            let bytes: Vec<u8> = (0..length).map(|at| (at / 1000 % 251) as u8).collect();
            let one = packed(&bytes, 1 << 20, 1);
            let mut unpacked = Vec::new();
            MultiGzDecoder::new(one.as_slice()).read_to_end(&mut unpacked).unwrap();
            assert!(unpacked == bytes, "{length}");
            assert!(one == packed(&bytes, 4093, 3), "{length}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let mut full = [0; 10];
        let mut packer = ParallelGzip::new(full.as_mut_slice(), Compression::new(2));
        packer.write_all(b"more than fits when it is packed").unwrap();
        assert_eq!(packer.finish().unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
