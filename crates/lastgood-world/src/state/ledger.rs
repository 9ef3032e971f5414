//! The ledger: a file to which records are only ever added, one a line. It survives crashes, full disks and hands that edit
//! it: what was added before and after stays readable. What a record says is not known here.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::OFlags;

use super::folder::{folder_of, open};
use super::frame::{self, Flaw, Found};
use super::trouble::{Doing, StateError, While, Why};

/// No record is longer, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;
/// No more is read of one ledger, in bytes of records.
const MOST: usize = 256 * 1024 * 1024;
/// How often, and for how long in between, reading waits for a record that is just being added.
const PATIENCE: (u32, Duration) = (20, Duration::from_millis(10));

/// One line of a ledger, or a part of one. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A record, as it was added.
    Record {
        /// Where it stands.
        line: u64,
        /// Of its frame.
        version: u64,
        /// What was added.
        payload: Vec<u8>,
    },
    /// Something that is no record, or no longer one.
    Damaged {
        /// Where it stands.
        line: u64,
        /// What is wrong with it.
        why: Flaw,
    },
    /// A record of a newer version of this program. Whoever wants to act on this ledger must not.
    Newer {
        /// Where it stands.
        line: u64,
        /// Of its frame.
        version: u64,
    },
}

/// A ledger to add to.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
}

impl Ledger {
    /// Opens it, and creates it (0600) if it is not there yet. Its folder has to be there.
    ///
    /// # Errors
    /// What the system says; also if it is a link or no file.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let how = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
        let file = open(path, how).map_err(|why| StateError::new(Doing::Write, path, why))?;
        let folder = folder_of(path);
        // Also when it is there already: who created it may have crashed before this.
        File::open(folder).and_then(|folder| folder.sync_all()).during(Doing::Write, folder)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a record and returns when it is on the disk. A torn line that a crash left behind is closed off before it.
    /// Several processes may do this at the same time.
    ///
    /// # Errors
    /// If the payload is not JSON on one line or too long, and what the system says; then nothing was added, or at worst
    /// (a disk that takes nothing back) a torn line that reading tells as damage.
    pub fn append(&mut self, payload: &[u8]) -> Result<(), StateError> {
        if payload.len() > LONGEST {
            return Err(StateError::new(Doing::Append, &self.path, Why::TooLarge(LONGEST as u64)));
        }
        if !frame::is_line(payload) {
            return Err(StateError::new(Doing::Append, &self.path, Why::NotALine));
        }
        // Against another process between the look at the end and the writing, and while a part is taken back. The kernel
        // gives it up when we die.
        self.file.lock().during(Doing::Append, &self.path)?;
        let added = self.add(payload);
        let unlocked = self.file.unlock();
        added.and(unlocked).during(Doing::Append, &self.path)
    }

    fn add(&mut self, payload: &[u8]) -> std::io::Result<()> {
        let before = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if before > 0 {
            self.file.read_exact_at(&mut last, before - 1)?;
        }
        let mut bytes = frame::seal(payload);
        if last != *b"\n" {
            bytes.insert(0, b'\n');
        }
        let written = write_at_once(&mut self.file, &bytes).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // Nobody acts on a record that was not promised, and nobody is to find one. If that fails, too, reading skips it.
            let _torn = self.file.set_len(before).and_then(|()| self.file.sync_data());
        }
        written
    }
}

/// In one call, so that a crash tears as little as it can; a call that took only a part is followed by one that says why.
fn write_at_once(file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)
}

/// Everything that stands in a ledger, in its order. One that is not there has no entries.
///
/// # Errors
/// If it cannot be read at all, or is longer than 256 MiB; never because of damage.
pub fn read(path: &Path) -> Result<Vec<Entry>, StateError> {
    let file = match open(path, OFlags::RDONLY) {
        Ok(file) => file,
        Err(Why::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(StateError::new(Doing::Read, path, why)),
    };
    // A record that is just being added would look torn. Reading never waits for long, though, and needs no permission to
    // lock: then it may be told as damaged once.
    for _ in 0..PATIENCE.0 {
        match file.try_lock_shared() {
            Err(std::fs::TryLockError::WouldBlock) => sleep(PATIENCE.1),
            _ => break,
        }
    }
    let mut reader = BufReader::new(file);
    let mut entries = Vec::new();
    let mut bytes = Vec::new();
    let mut total = 0_usize;
    for line in 1.. {
        bytes.clear();
        // The frame around the longest record takes less than 100 bytes.
        let limit = LONGEST as u64 + 100;
        reader.by_ref().take(limit).read_until(b'\n', &mut bytes).during(Doing::Read, path)?;
        match bytes.last() {
            None => break,
            Some(b'\n') => {
                bytes.pop();
                entries_of(&bytes, line, &mut entries);
            }
            Some(_) if (bytes.len() as u64) < limit => entries_of(&bytes, line, &mut entries),
            Some(_) => {
                entries.push(Entry::Damaged { line, why: Flaw::TooLong });
                reader.skip_until(b'\n').during(Doing::Read, path)?;
            }
        }
        total = total.saturating_add(bytes.len());
        if total > MOST {
            return Err(StateError::new(Doing::Read, path, Why::TooLarge(MOST as u64)));
        }
    }
    Ok(entries)
}

/// The entries of one line: one, unless its end or one before it turned into something else.
fn entries_of(mut bytes: &[u8], line: u64, entries: &mut Vec<Entry>) {
    // An editor of another system ends lines in another way.
    bytes = bytes.trim_ascii_end();
    while !bytes.is_empty() {
        bytes = match frame::look(bytes) {
            Found::Whole { version, payload, rest } => {
                entries.push(Entry::Record { line, version, payload: payload.to_vec() });
                skip_between(rest, line, entries)
            }
            Found::Newer { version, rest } => {
                entries.push(Entry::Newer { line, version });
                skip_between(rest, line, entries)
            }
            Found::Flawed { flaw, rest } => {
                entries.push(Entry::Damaged { line, why: flaw });
                rest
            }
        };
    }
}

fn skip_between<'a>(rest: &'a [u8], line: u64, entries: &mut Vec<Entry>) -> &'a [u8] {
    let (between, next) = frame::next(rest);
    if !between.trim_ascii().is_empty() {
        entries.push(Entry::Damaged { line, why: Flaw::NotOurs });
    }
    next
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::Mode;

    use super::*;

    const PAYLOADS: [&str; 4] = [
        r#"{"did":"plan","id":"a1"}"#,
        r#"{"did":"started","n":{"v":1,"n":2}}"#,
        "[]",
        r#"{"ko":"배포 됨\n","x":1e3}"#,
    ];

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        (folder, path)
    }

    fn written(path: &Path) -> Vec<u8> {
        let mut ledger = Ledger::open(path).unwrap();
        PAYLOADS.iter().for_each(|payload| ledger.append(payload.as_bytes()).unwrap());
        fs::read(path).unwrap()
    }

    fn records(entries: &[Entry]) -> Vec<String> {
        let payload = |entry: &Entry| match entry {
            Entry::Record { payload, .. } => Some(String::from_utf8(payload.clone()).unwrap()),
            _ => None,
        };
        entries.iter().filter_map(payload).collect()
    }

    fn damaged(entries: &[Entry]) -> usize {
        entries.iter().filter(|entry| matches!(entry, Entry::Damaged { .. })).count()
    }

    #[test]
    fn records_come_back_as_they_were_added() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = place();
        assert_eq!(read(&path).unwrap(), []);
        written(&path);
        let entries = read(&path).unwrap();
        assert_eq!((records(&entries), damaged(&entries)), (PAYLOADS.map(str::to_owned).to_vec(), 0));
        assert!(matches!(entries[3], Entry::Record { line: 4, version: 1, .. }));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for wrong in [&b"{\n}"[..], b"", b"{", b"\xff"] {
            let error = Ledger::open(&path).unwrap().append(wrong).unwrap_err();
            assert!(error.to_string().ends_with("ledger.jsonl: not JSON on one line"), "{error}");
        }
        assert_eq!(read(&path).unwrap(), entries);
    }

    #[test]
    fn cut_at_every_byte_everything_before_is_there_and_a_new_record_stands_alone() {
        let (_folder, path) = place();
        let whole = written(&path);
        let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let entries = read(&path).unwrap();
            // A record that lacks its line end is whole.
            let before: Vec<_> =
                ends.iter().zip(PAYLOADS).filter(|(end, _)| **end <= cut).map(|(_, text)| text).collect();
            let torn = usize::from(cut > 0 && !ends.contains(&cut) && !ends.contains(&(cut - 1)));
            assert_eq!(
                (records(&entries), damaged(&entries)),
                (before.iter().map(|text| (*text).to_owned()).collect(), torn),
                "{cut}"
            );
            Ledger::open(&path).unwrap().append(b"{\"after\":true}").unwrap();
            let after = read(&path).unwrap();
            assert_eq!(after.len(), entries.len() + 1, "{cut}");
            assert_eq!(after[..entries.len()], entries, "{cut}");
            assert!(
                matches!(after.last(), Some(Entry::Record { payload, .. }) if payload == b"{\"after\":true}"),
                "{cut}"
            );
        }
    }

    /// The same program, as a process of its own whose files may not grow: it gets a part of its last record written, and no more.
    #[test]
    fn where_the_disk_is_full_a_record_is_there_whole_or_not_at_all() {
        const OWN: &str = "LASTGOOD_TEST_LEDGER";
        let add = |path: &Path, n: usize| {
            Ledger::open(path).unwrap().append(format!("[{n},\"{}\"]", "x".repeat(n)).as_bytes())
        };
        if let Some(path) = std::env::var_os(OWN) {
            let full = (0..1000).find_map(|n| add(Path::new(&path), n).err()).unwrap();
            assert!(full.to_string().starts_with("cannot append to "), "{full}");
            add(Path::new(&path), 1000).unwrap_err();
            return;
        }
        let (_folder, path) = place();
        let limited = "ulimit -f 8; trap '' XFSZ; exec \"$0\" --exact state::ledger::tests::where_the_disk_is_full_a_record_is_there_whole_or_not_at_all";
        let mut child = std::process::Command::new("sh");
        let child = child.args(["-c", limited]).arg(std::env::current_exe().unwrap()).env(OWN, &path).output().unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        let entries = read(&path).unwrap();
        assert!(records(&entries).len() > 10 && damaged(&entries) == 0, "{entries:?}");
        assert!(fs::read(&path).unwrap().ends_with(b"\n"), "what got there of the last one is taken back");
        // There is room again.
        add(&path, 3).unwrap();
        let after = read(&path).unwrap();
        assert_eq!((after.len(), damaged(&after)), (entries.len() + 1, 0));
    }

    #[test]
    fn a_bit_flipped_anywhere_costs_one_record_at_most_and_is_told() {
        let (_folder, path) = place();
        let whole = written(&path);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                fs::write(&path, &bytes).unwrap();
                let entries = read(&path).unwrap();
                assert!(!entries.iter().any(|entry| matches!(entry, Entry::Newer { .. })), "{at} {bit}");
                let hit = whole[..at].iter().filter(|byte| **byte == b'\n').count();
                let mut expected = PAYLOADS.to_vec();
                if whole[at] != b'\n' {
                    expected.remove(hit);
                    assert!(damaged(&entries) >= 1, "{at} {bit}");
                }
                assert_eq!(records(&entries), expected, "{at} {bit}: {entries:?}");
                assert!(damaged(&entries) <= 2, "{at} {bit}");
            }
        }
    }

    #[test]
    fn zeros_other_line_ends_and_strangers_are_no_end_of_it() {
        let (_folder, path) = place();
        let whole = String::from_utf8(written(&path)).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        for (text, told) in [
            (whole.replace('\n', "\r\n"), 0),
            (whole.replace('\n', "\n\n"), 0),
            (whole.trim_end().to_owned(), 0),
            (format!("{}\n{}{}", lines[0], "\0".repeat(4096), lines[1..].join("\n")), 1),
            (format!("{whole}{}", "\0".repeat(4096)), 1),
            (format!("{}\nrm -rf /\n{}", lines[..2].join("\n"), lines[2..].join("\n")), 1),
            (format!("\u{feff}\n{whole}"), 1),
            (format!("{}\n{whole}", "x".repeat(LONGEST + 1000)), 1),
            (lines.concat(), 0),
        ] {
            fs::write(&path, &text).unwrap();
            let entries = read(&path).unwrap();
            assert_eq!((records(&entries), damaged(&entries)), (PAYLOADS.map(str::to_owned).to_vec(), told));
        }
    }

    #[test]
    fn a_newer_record_is_told_and_the_others_are_there() {
        let (_folder, path) = place();
        let whole = written(&path);
        fs::write(&path, [&frame::seal_as(3, b"{}"), &whole[..], b"{\"v\":4,\"said\":{}}\n"].concat()).unwrap();
        let entries = read(&path).unwrap();
        assert_eq!(entries[0], Entry::Newer { line: 1, version: 3 });
        assert_eq!(entries[5], Entry::Newer { line: 6, version: 4 });
        assert_eq!(records(&entries), PAYLOADS);
    }

    #[test]
    fn links_folders_and_pipes_are_refused() {
        let (folder, path) = place();
        std::os::unix::fs::symlink("/tmp/nowhere", &path).unwrap();
        assert!(matches!(Ledger::open(&path), Err(StateError { why: Why::Link, .. })));
        assert!(matches!(read(&path), Err(StateError { why: Why::Link, .. })));
        assert!(read(folder.path()).is_err());
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(matches!(read(&pipe), Err(StateError { why: Why::NotAFile, .. })));
        let error = Ledger::open(&folder.path().join("none/ledger.jsonl")).unwrap_err();
        assert!(
            error.to_string().contains("cannot write") && error.to_string().contains("none/ledger.jsonl"),
            "{error}"
        );
    }

    #[test]
    fn many_add_at_the_same_time() {
        let (_folder, path) = place();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    let mut ledger = Ledger::open(path).unwrap();
                    (0..25).for_each(|n| ledger.append(format!("[{writer},{n}]").as_bytes()).unwrap());
                });
            }
        });
        let entries = read(&path).unwrap();
        assert_eq!((records(&entries).len(), damaged(&entries)), (100, 0));
    }

    #[test]
    fn what_another_process_is_just_writing_is_waited_for() {
        let (_folder, path) = place();
        let whole = written(&path);
        let other = File::options().append(true).open(&path).unwrap();
        other.lock().unwrap();
        (&other).write_all(b"{\"v\":1,\"n\":2").unwrap();
        std::thread::scope(|scope| {
            let adding = scope.spawn(|| Ledger::open(&path).unwrap().append(b"[1]"));
            sleep(Duration::from_millis(50));
            assert!(!adding.is_finished());
            let reading = scope.spawn(|| read(&path));
            sleep(Duration::from_millis(20));
            // It takes back what it could not finish.
            other.set_len(whole.len() as u64).unwrap();
            other.unlock().unwrap();
            adding.join().unwrap().unwrap();
            assert_eq!(damaged(&reading.join().unwrap().unwrap()), 0);
        });
        assert_eq!(fs::read(&path).unwrap(), [&whole[..], &frame::seal(b"[1]")].concat());
        // Whoever never lets go keeps nobody from reading.
        other.lock().unwrap();
        assert_eq!(read(&path).unwrap().len(), 5);
    }
}
