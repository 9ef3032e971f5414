//! The lock of a target, as a lease: it says who holds it and until when, and one that ran out is taken over, so that a
//! laptop that was closed locks nobody out for ever. What the holder says of itself is not known here, and the clock is
//! the caller's.
//!
//! Every change of the file `lock` is made by whoever holds the kernel's lock of `lock.guard`, which the kernel gives up when
//! its process dies, by any death. Without it, taking over could not be done right: between "this lease ran out" and any
//! `link` or `rename` somebody else may have taken it over already, and would lose a fresh lease. The guard is only held for
//! a few writes, never while a lease is; and it is never removed, or two could hold guards of the same name. The file
//! `lock` itself is written beside and renamed, so that whoever only looks, without the guard, sees a whole one.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lastgood_model::UnixMs;
use rustix::fs::OFlags;

use super::folder::open;
use super::frame::{self, Found};
use super::random;
use super::trouble::{Doing, StateError, While, Why};

/// Nobody says more of itself, in bytes.
const LONGEST: usize = 64 * 1024;
/// The guard is held for a few writes; who waits for longer than this waits for a process that is stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who holds a lease, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What the holder says of itself: one line of JSON.
    pub says: Vec<u8>,
    /// From this moment on, anybody may take it over.
    pub expires: UnixMs,
}

/// What was there when a lease was taken that was not free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Former {
    /// A lease that had run out: its holder died, or sleeps.
    Expired(Holder),
    /// A file that says neither who nor until when.
    Damaged,
}

/// The outcome of trying to take it.
#[derive(Debug)]
pub enum Take {
    /// It is ours.
    Taken {
        /// To renew and to release.
        lease: Lease,
        /// Whom it was taken over from, if from anybody.
        was: Option<Former>,
    },
    /// Somebody holds it.
    Held(Holder),
}

/// The outcome of renewing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a lease that is lost must not be acted on"]
pub enum Renewal {
    /// Still ours.
    Renewed,
    /// Not any more; who has it now, if anybody.
    Lost(Option<Holder>),
}

/// A lease that we took. Dropping it releases nothing: it runs out.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    says: Vec<u8>,
    token: String,
}

/// Takes the lease of the file `lock`, for `ttl` from `now` on, if it is free, has run out, or is damaged. Of many who
/// try at the same time, one gets it. `says` is one line of JSON, for people and for whoever finds it held.
///
/// # Errors
/// What the system says; if it was written by a newer version; if another process is stuck in the middle of this.
pub fn take(lock: &Path, says: &[u8], now: UnixMs, ttl: Duration) -> Result<Take, StateError> {
    if says.len() > LONGEST {
        return Err(StateError::new(Doing::Lock, lock, Why::TooLarge(LONGEST as u64)));
    }
    if !frame::is_line(says) {
        return Err(StateError::new(Doing::Lock, lock, Why::NotALine));
    }
    let _guard = guard(lock)?;
    let was = match stored(lock)? {
        Stored::Free => None,
        Stored::Lease { holder, .. } if holder.expires > now => return Ok(Take::Held(holder)),
        Stored::Lease { holder, .. } => Some(Former::Expired(holder)),
        Stored::Damaged => Some(Former::Damaged),
    };
    let token = random().during(Doing::Lock, lock)?;
    let lease = Lease { path: lock.to_owned(), says: says.to_vec(), token };
    lease.store(now, ttl)?;
    Ok(Take::Taken { lease, was })
}

/// Who holds it, without touching anything; `None` if nobody does. One that ran out is told like any other.
///
/// # Errors
/// As for [`take`]; also if it is damaged.
pub fn look(lock: &Path) -> Result<Option<Holder>, StateError> {
    match stored(lock)? {
        Stored::Free => Ok(None),
        Stored::Lease { holder, .. } => Ok(Some(holder)),
        Stored::Damaged => Err(StateError::new(Doing::Read, lock, Why::Damaged)),
    }
}

impl Lease {
    /// Holds it for `ttl` from `now` on; also one that has run out, as long as nobody took it over.
    ///
    /// # Errors
    /// What the system says. Then it is neither renewed nor lost: it is ours until the moment that was last renewed.
    pub fn renew(&mut self, now: UnixMs, ttl: Duration) -> Result<Renewal, StateError> {
        let _guard = guard(&self.path)?;
        match stored(&self.path)? {
            Stored::Lease { token, .. } if token == self.token => self.store(now, ttl).map(|()| Renewal::Renewed),
            Stored::Lease { holder, .. } => Ok(Renewal::Lost(Some(holder))),
            // Somebody who removes or damages it may have reasons, and others may already have seen it free.
            Stored::Free | Stored::Damaged => Ok(Renewal::Lost(None)),
        }
    }

    /// Gives it back, and says whether it was still ours. Never removes anybody else's.
    ///
    /// # Errors
    /// What the system says. Then it runs out by itself.
    pub fn release(&self) -> Result<bool, StateError> {
        let _guard = guard(&self.path)?;
        match stored(&self.path)? {
            Stored::Lease { token, .. } if token == self.token => {
                fs::remove_file(&self.path).during(Doing::Lock, &self.path)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Only under the guard; therefore the name beside it can be the same each time, and a crash leaves one at most.
    fn store(&self, now: UnixMs, ttl: Duration) -> Result<(), StateError> {
        let ttl = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let expires = now.plus(ttl).0.max(0);
        let head = format!("{{\"token\":\"{}\",\"expires\":{expires},\"holder\":", self.token);
        let line = frame::seal(&[head.as_bytes(), &self.says, b"}"].concat());
        let beside = beside(&self.path, ".new");
        let stored = (|| -> Result<(), Why> {
            let mut file = open(&beside, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
            file.write_all(&line)?;
            // A file without its contents after a power failure would only be told as damaged, but needlessly so.
            file.sync_data()?;
            Ok(fs::rename(&beside, &self.path)?)
        })();
        if stored.is_err() {
            let _nothing_to_remove = fs::remove_file(&beside);
        }
        stored.map_err(|why| StateError::new(Doing::Lock, &self.path, why))
    }
}

fn guard(lock: &Path) -> Result<File, StateError> {
    let path = beside(lock, ".guard");
    let file = open(&path, OFlags::RDWR | OFlags::CREATE).map_err(|why| StateError::new(Doing::Lock, &path, why))?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(StateError::new(Doing::Lock, &path, error)),
            Err(TryLockError::WouldBlock) if begin.elapsed() > PATIENCE => {
                return Err(StateError::new(Doing::Lock, &path, Why::Busy));
            }
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(2)),
        }
    }
}

fn beside(lock: &Path, ending: &str) -> PathBuf {
    let mut name = lock.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

enum Stored {
    Free,
    Lease { token: String, holder: Holder },
    Damaged,
}

fn stored(lock: &Path) -> Result<Stored, StateError> {
    let file = match open(lock, OFlags::RDONLY) {
        Ok(file) => file,
        Err(Why::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::Free),
        Err(why) => return Err(StateError::new(Doing::Lock, lock, why)),
    };
    let mut bytes = Vec::new();
    file.take(2 * LONGEST as u64).read_to_end(&mut bytes).during(Doing::Lock, lock)?;
    let payload = match frame::look(bytes.trim_ascii_end()) {
        Found::Whole { payload, rest: b"", .. } => payload,
        // Whoever wrote it may hold it, and we cannot know.
        Found::Newer { version, .. } => return Err(StateError::new(Doing::Lock, lock, Why::Newer(version))),
        _ => return Ok(Stored::Damaged),
    };
    Ok(lease(payload).map_or(Stored::Damaged, |(token, holder)| Stored::Lease { token, holder }))
}

fn lease(payload: &[u8]) -> Option<(String, Holder)> {
    let (token, behind) = payload.strip_prefix(b"{\"token\":\"")?.split_at_checked(32)?;
    let (expires, behind) = frame::number(behind.strip_prefix(b"\",\"expires\":")?)?;
    let says = behind.strip_prefix(b",\"holder\":")?.strip_suffix(b"}")?.to_vec();
    let expires = UnixMs(i64::try_from(expires).ok()?);
    Some((String::from_utf8(token.to_vec()).ok()?, Holder { says, expires }))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const TTL: Duration = Duration::from_secs(60);
    const START: UnixMs = UnixMs(1_700_000_000_000);

    fn later(ms: i64) -> UnixMs {
        START.plus(ms)
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        (folder, path)
    }

    fn taken(outcome: Take) -> (Lease, Option<Former>) {
        match outcome {
            Take::Taken { lease, was } => (lease, was),
            Take::Held(holder) => panic!("held by {holder:?}"),
        }
    }

    #[test]
    fn one_holds_it_until_it_gives_it_back() {
        let (folder, lock) = place();
        assert_eq!(look(&lock).unwrap(), None);
        let (mut lease, was) = taken(take(&lock, br#"{"who":"kim"}"#, START, TTL).unwrap());
        assert_eq!(was, None);
        let holder = Holder { says: br#"{"who":"kim"}"#.to_vec(), expires: later(60_000) };
        assert_eq!(look(&lock).unwrap(), Some(holder.clone()));
        assert!(matches!(take(&lock, b"{}", later(59_999), TTL).unwrap(), Take::Held(held) if held == holder));
        assert_eq!(lease.renew(later(30_000), TTL).unwrap(), Renewal::Renewed);
        assert!(matches!(take(&lock, b"{}", later(60_000), TTL).unwrap(), Take::Held(_)));
        // People read it.
        let json: serde_json::Value = serde_json::from_slice(&fs::read(&lock).unwrap()).unwrap();
        assert_eq!(json["record"]["holder"]["who"], "kim");
        assert!(lease.release().unwrap());
        assert_eq!(look(&lock).unwrap(), None);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["lock.guard"]);
    }

    #[test]
    fn one_that_ran_out_is_taken_over_and_its_holder_notices() {
        let (_folder, lock) = place();
        let (mut first, _) = taken(take(&lock, b"1", START, TTL).unwrap());
        let (mut second, was) = taken(take(&lock, b"2", later(60_000), TTL).unwrap());
        assert_eq!(was, Some(Former::Expired(Holder { says: b"1".to_vec(), expires: later(60_000) })));
        let now = Holder { says: b"2".to_vec(), expires: later(120_000) };
        assert_eq!(first.renew(later(60_001), TTL).unwrap(), Renewal::Lost(Some(now.clone())));
        assert!(!first.release().unwrap());
        assert_eq!(look(&lock).unwrap(), Some(now));
        // Late, and nobody came.
        assert_eq!(second.renew(later(500_000), TTL).unwrap(), Renewal::Renewed);
        fs::remove_file(&lock).unwrap();
        assert_eq!(second.renew(later(500_001), TTL).unwrap(), Renewal::Lost(None));
        assert!(!second.release().unwrap());
        assert!(!lock.exists());
    }

    #[test]
    fn a_damaged_one_locks_nobody_out() {
        let (_folder, lock) = place();
        let (mut lease, _) = taken(take(&lock, b"{\"pid\":7}", START, TTL).unwrap());
        let whole = fs::read(&lock).unwrap();
        let mut variants: Vec<Vec<u8>> = (0..whole.len() - 1).map(|cut| whole[..cut].to_vec()).collect();
        variants.extend((0..whole.len() - 1).map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 2;
            bytes
        }));
        variants.push(vec![0; 4096]);
        variants.push([&whole[..], &whole].concat());
        variants.push(frame::seal(b"{\"token\":\"x\"}"));
        variants.retain(|bytes| *bytes != whole && bytes.trim_ascii_end() != whole.trim_ascii_end());
        assert!(variants.len() > 200);
        for bytes in variants {
            fs::write(&lock, &bytes).unwrap();
            assert!(look(&lock).is_err());
            assert_eq!(lease.renew(START, TTL).unwrap(), Renewal::Lost(None));
            let (new, was) = taken(take(&lock, b"2", START, TTL).unwrap());
            assert_eq!(was, Some(Former::Damaged));
            assert!(new.release().unwrap());
        }
    }

    #[test]
    fn one_of_a_newer_version_is_left_alone() {
        let (_folder, lock) = place();
        fs::write(&lock, frame::seal_as(2, b"{}")).unwrap();
        let error = take(&lock, b"{}", START, TTL).unwrap_err();
        assert!(matches!(error.why, Why::Newer(2)) && error.hint().is_some(), "{error}");
        assert_eq!(fs::read(&lock).unwrap(), frame::seal_as(2, b"{}"));
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let (folder, lock) = place();
        let victim = folder.path().join("victim");
        fs::write(&victim, "theirs").unwrap();
        for name in ["lock", "lock.new", "lock.guard"] {
            let link = folder.path().join(name);
            let _absent = fs::remove_file(&link);
            std::os::unix::fs::symlink(&victim, &link).unwrap();
            assert!(matches!(take(&lock, b"{}", START, TTL), Err(StateError { why: Why::Link, .. })), "{name}");
            let _removed_already = fs::remove_file(&link);
            assert_eq!(fs::read(&victim).unwrap(), b"theirs");
        }
        assert!(matches!(take(&lock, b"{\n}", START, TTL), Err(StateError { why: Why::NotALine, .. })));
    }

    #[test]
    fn of_many_exactly_one_takes_over() {
        const CONTENDERS: usize = 8;
        const ROUNDS: usize = 150;
        let (_folder, lock) = place();
        let barrier = Barrier::new(CONTENDERS);
        // Looked at afterwards: a contender that stops would let the others wait for ever.
        let wins: Vec<AtomicUsize> = (0..ROUNDS).map(|_| AtomicUsize::new(0)).collect();
        let takeovers = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for contender in 0..CONTENDERS {
                let (lock, barrier, wins, takeovers) = (&lock, &barrier, &wins, &takeovers);
                scope.spawn(move || {
                    for (round, wins) in (0_i64..).zip(wins) {
                        barrier.wait();
                        // Everyone's lease of the round before has run out by now.
                        let now = later(round * 60_000);
                        if let Ok(Take::Taken { was, .. }) = take(lock, contender.to_string().as_bytes(), now, TTL) {
                            wins.fetch_add(1, Ordering::SeqCst);
                            takeovers.fetch_add(usize::from(was.is_some()), Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(wins.iter().all(|wins| wins.load(Ordering::SeqCst) == 1), "{wins:?}");
        assert_eq!(takeovers.load(Ordering::SeqCst), ROUNDS - 1);
    }
}
