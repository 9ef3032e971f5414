//! Fetches single lines by their numbers, for quoting them. It hands on their bytes as they are.

use memchr::{memchr, memchr_iter};

use crate::blocks::Blocks;
use crate::damage::Damage;
use crate::files::LogFile;

/// Where reading can begin: a block's offset, as [`Blocks::offset`] said it, and the lines before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// In bytes after unpacking.
    pub offset: u64,
    /// Lines of the file before it.
    pub lines_before: u64,
}

/// The texts of some lines, counted from 1, without their newlines. `wanted` must be sorted. `start` may know a block
/// that begins before a line, so that less has to be read. Reading stops behind the last one; lines that are not there
/// are left out.
///
/// # Errors
/// If the file cannot be opened any more.
pub fn fetch(
    file: &LogFile,
    wanted: &[u64],
    start: impl Fn(u64) -> Option<Start>,
) -> Result<Vec<(u64, Vec<u8>)>, Damage> {
    let mut found = Vec::with_capacity(wanted.len());
    let mut wanted = wanted.iter().copied().peekable();
    let mut blocks = Blocks::open(file)?;
    let mut lines_before = 0;
    while let Some(&next) = wanted.peek() {
        if let Some(start) = start(next).filter(|start| start.offset > blocks.offset()) {
            blocks.skip_to(start.offset);
            lines_before = start.lines_before;
        }
        let Some(block) = blocks.next_block() else { break };
        let lines_here = lines_in(block);
        if next <= lines_before + lines_here {
            let mut rest = block;
            for number in lines_before + 1..=lines_before + lines_here {
                let end = memchr(b'\n', rest).unwrap_or(rest.len());
                let (line, tail) = rest.split_at(end);
                rest = tail.get(1..).unwrap_or_default();
                if wanted.next_if(|&next| next <= number).is_some() {
                    found.push((number, line.to_vec()));
                    while wanted.next_if(|&next| next <= number).is_some() {}
                }
            }
        }
        lines_before += lines_here;
    }
    Ok(found)
}

/// Lines in a block, an unfinished last one included.
fn lines_in(block: &[u8]) -> u64 {
    let newlines = memchr_iter(b'\n', block).count() as u64;
    newlines + u64::from(block.last().is_some_and(|&byte| byte != b'\n'))
}
