//! Puts files of a release into the live folder. What stood there before is kept first, so that an edit by hand is never
//! lost; nothing is removed; doing it again changes nothing. Not what has to be restarted afterwards.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use lastgood_model::UnixMs;
use rustix::fs::{Gid, OFlags, Uid};
use rustix::io::Errno;

use super::folder::{Folder, fresh, names};
use super::keeping::{Building, NewFile, durable, sweep};
use super::releases::{FILES, REPLACED, Recorded, Releases, copy, read_file, recorded};
use super::trouble::{Doing, StateError, Why};

/// Stands beside a live file until it takes its name; one that a crash left is removed by the next placing in that folder.
const BESIDE: &str = ".lastgood-new-";

/// How a file comes to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A new file takes the name of the old one. At every moment, also after a crash, the old or the new one is there, never
    /// a part. Right for what is read when something starts: compose files, env files, what is mounted only into
    /// containers that are created anew.
    ///
    /// A container into which this very file is mounted keeps the *old* file, as it holds the file and not its name, until
    /// it is created anew; a restart is not enough everywhere. (A mounted folder shows the new one at once.)
    Replace,
    /// The same file gets other contents. A container that it is mounted into sees them at once; so do hard links, and its
    /// owner stays. Right for what a running container has mounted and reads again (nginx's configuration before a reload).
    ///
    /// Whoever reads in that moment, and whoever starts after a crash in that moment, sees a part of it; what it was is
    /// among what was replaced. A file that is not there yet is created as by [`Way::Replace`].
    InPlace,
}

/// One file to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Of the release.
    pub from: PathBuf,
    /// Below the live folder.
    pub to: PathBuf,
    /// How.
    pub way: Way,
}

/// What stood at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Absent,
    /// A file. Its contents are kept, at the same path, in the release that [`Placed::kept`] names.
    File {
        /// Its permissions.
        mode: u32,
        /// SHA-256 of its contents, in hexadecimal digits.
        digest: String,
    },
}

/// One file that was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFile {
    /// Below the live folder.
    pub path: PathBuf,
    /// What stood there.
    pub before: Before,
}

/// What placing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// What is different now; files that were right already are not among it.
    pub changed: Vec<PlacedFile>,
    /// The name under which what stood there is kept, if anything did: `.replaced-<ms>`.
    pub kept: Option<String>,
}

struct Step<'a> {
    placement: &'a Placement,
    folders: Vec<&'a OsStr>,
    name: &'a OsStr,
    source: Recorded,
    live: Option<Live>,
}

struct Live {
    facts: Facts,
    digest: String,
}

/// What tells whether a file was touched: device, number, size, and when its contents and facts changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Facts {
    identity: (u64, u64),
    size: u64,
    times: [i64; 4],
    mode: u32,
    owner: (u32, u32),
}

impl Facts {
    fn of(file: &File) -> io::Result<Self> {
        let facts = file.metadata()?;
        Ok(Self {
            identity: (facts.dev(), facts.ino()),
            size: facts.size(),
            times: [facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec()],
            mode: facts.mode() & 0o777,
            owner: (facts.uid(), facts.gid()),
        })
    }
}

impl Releases {
    /// Places files of a release below the folder `into`, with the modes they had when they were kept. Folders that are not
    /// there are created (0755, less the umask). At most `most` bytes of what stands there are kept.
    ///
    /// Everything is looked at, what is to be replaced is kept, and every new file is written beside its place before the
    /// first one changes.
    ///
    /// # Errors
    /// If a path is none below its folder or leads through a link, something else than a file stands there, the release
    /// is damaged, a file changed while this went on, or its owner cannot be kept; and what the system says. The files before
    /// the one that it names may be placed already: to go on, do it again; to go back, place what was there.
    pub fn place(
        &self,
        id: &str,
        into: &Path,
        placements: &[Placement],
        now: UnixMs,
        most: u64,
    ) -> Result<Placed, StateError> {
        let release = self.release(id, Doing::Place)?;
        let live = Folder::named(into, Doing::Place)?;
        let files = release.folder(OsStr::new(FILES))?.ok_or_else(|| release.error(OsStr::new(FILES), Why::Damaged))?;
        let steps = looked(&files, &recorded(&release)?, &live, placements)?;
        sweep_beside(&live, placements)?;
        if steps.is_empty() {
            return Ok(Placed::default());
        }
        let kept = self.keep_replaced(&live, &steps, now, most)?;
        let mut staged = Vec::new();
        for step in &steps {
            staged.push(Staged::write(&files, &live, step)?);
        }
        staged.iter_mut().try_for_each(|staged| staged.take_effect(&files))?;
        let before = |live: &Live| Before::File { mode: live.facts.mode, digest: live.digest.clone() };
        let changed = steps.iter().map(|step| PlacedFile {
            path: step.placement.to.clone(),
            before: step.live.as_ref().map_or(Before::Absent, before),
        });
        Ok(Placed { changed: changed.collect(), kept })
    }

    /// Keeps what stands there, like a release of its own whose files are all secret.
    fn keep_replaced(
        &self,
        into: &Folder,
        steps: &[Step<'_>],
        now: UnixMs,
        most: u64,
    ) -> Result<Option<String>, StateError> {
        if steps.iter().all(|step| step.live.is_none()) {
            return Ok(None);
        }
        let store = self.made(Doing::Keep)?;
        sweep(&store)?;
        let mut building = Building::begin(&store, "replaced", most)?;
        for step in steps {
            let Some(live) = &step.live else { continue };
            let changed = || into.error(step.placement.to.as_os_str(), Why::Changed);
            let content = into.walk(&step.folders)?.map(|folder| folder.file(step.name, OFlags::RDONLY));
            let content = content.transpose()?.flatten().ok_or_else(changed)?;
            let file = NewFile { path: step.path(), mode: live.facts.mode, secret: true, content };
            if building.add(file)? != live.digest {
                return Err(changed());
            }
        }
        as_replaced(&store, building, now).map(Some)
    }
}

/// What was built gets a name among what was replaced.
pub(super) fn as_replaced(store: &Folder, mut building: Building<'_>, now: UnixMs) -> Result<String, StateError> {
    building.complete()?;
    for again in 0..1000 {
        let suffix = if again == 0 { String::new() } else { format!("-{again}") };
        let name = format!("{REPLACED}{}{suffix}", now.0);
        match building.moved(OsStr::new(&name)) {
            Ok(()) => return Ok(name),
            // Twice in one millisecond, or a clock that stands.
            Err(Errno::EXIST | Errno::NOTEMPTY) => {}
            Err(error) => return Err(store.error(OsStr::new(&name), error)),
        }
    }
    Err(store.error(OsStr::new(REPLACED), Why::Another))
}

impl Step<'_> {
    /// Without `//` and the like.
    fn path(&self) -> PathBuf {
        self.folders.iter().chain([&self.name]).collect()
    }
}

/// The placements that change anything, with what stands there now. Nothing is written.
fn looked<'a>(
    files: &Folder,
    recorded: &[Recorded],
    live: &Folder,
    placements: &'a [Placement],
) -> Result<Vec<Step<'a>>, StateError> {
    let mut steps = Vec::new();
    let mut places = BTreeSet::new();
    for placement in placements {
        let wrong = |why| live.error(placement.to.as_os_str(), why);
        let parts = names(&placement.to).map_err(wrong)?;
        let Some((name, folders)) = parts.split_last() else { return Err(wrong(Why::Outside)) };
        if !places.insert(parts.clone()) {
            return Err(wrong(Why::Twice));
        }
        let source = recorded.iter().find(|file| file.path == placement.from);
        let source = source.ok_or_else(|| files.error(placement.from.as_os_str(), Why::NotInRelease))?.clone();
        let damaged = |why| files.error(source.path.as_os_str(), why);
        let mut kept = read_file(files, &source.path)?.ok_or_else(|| damaged(Why::Damaged))?;
        if copy(&mut kept, &mut io::sink(), u64::MAX).map_err(damaged)?.0 != source.digest {
            return Err(damaged(Why::Damaged));
        }
        let file = live.walk(folders)?.map(|folder| folder.file(name, OFlags::RDONLY)).transpose()?.flatten();
        let live = file.map(|file| -> Result<Live, Why> {
            let facts = Facts::of(&file)?;
            let (digest, _) = copy(&mut &file, &mut io::sink(), u64::MAX)?;
            Ok(Live { facts, digest })
        });
        let live = live.transpose().map_err(wrong)?;
        let is_right =
            live.as_ref().is_some_and(|live| live.digest == source.digest && live.facts.mode == source.mode & 0o777);
        if !is_right {
            steps.push(Step { placement, folders: folders.to_vec(), name, source, live });
        }
    }
    Ok(steps)
}

/// A file that is ready to take effect; what was written beside its place vanishes unless it did. It keeps nothing open:
/// there may be more of them than a process may have files.
struct Staged<'a> {
    live: &'a Folder,
    step: &'a Step<'a>,
    /// What stands beside the place; nothing if the file there is written to.
    beside: Option<OsString>,
}

impl<'a> Staged<'a> {
    fn write(files: &Folder, live: &'a Folder, step: &'a Step<'a>) -> Result<Self, StateError> {
        if step.placement.way == Way::InPlace && step.live.is_some() {
            return Ok(Self { live, step, beside: None });
        }
        let folder = live.walk_made(&step.folders, 0o755)?;
        let name = fresh(BESIDE).map_err(|why| folder.error(step.name, why))?;
        let mut file = folder.create(&name)?;
        let staged = Self { live, step, beside: Some(name) };
        let wrong = |why| folder.error(step.name, why);
        let (digest, _) = copy(&mut kept(files, step)?, &mut file, u64::MAX).map_err(wrong)?;
        if digest != step.source.digest {
            return Err(wrong(Why::Damaged));
        }
        if let Some(live) = &step.live {
            let own = Facts::of(&file).map_err(|error| wrong(error.into()))?.owner;
            let (user, group) = live.facts.owner;
            // What could read the old one has to be able to read the new one.
            if own != (user, group) {
                rustix::fs::fchown(&file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
                    .map_err(|_| wrong(Why::Owner))?;
            }
        }
        durable(&file, step.source.mode & 0o777).map_err(wrong)?;
        Ok(staged)
    }

    fn take_effect(&mut self, files: &Folder) -> Result<(), StateError> {
        let step = self.step;
        let changed = || self.live.error(step.placement.to.as_os_str(), Why::Changed);
        let folder = self.live.walk(&step.folders)?.ok_or_else(changed)?;
        // Whoever edited it since it was kept would lose the edit.
        let how = if self.beside.is_some() { OFlags::RDONLY } else { OFlags::RDWR };
        let there = folder.file(step.name, how)?;
        let facts = there.as_ref().map(Facts::of).transpose().map_err(|error| folder.error(step.name, error))?;
        if facts != step.live.as_ref().map(|live| live.facts) {
            return Err(changed());
        }
        match (&self.beside, there) {
            (Some(beside), _) => {
                folder.rename(beside, step.name).map_err(|error| folder.error(step.name, error))?;
                self.beside = None;
                folder.sync()
            }
            (None, Some(file)) => write_in_place(&file, &mut kept(files, step)?, step.source.mode & 0o777)
                .map_err(|why| folder.error(step.name, why)),
            (None, None) => Err(changed()),
        }
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside
            && let Ok(Some(folder)) = self.live.walk(&self.step.folders)
        {
            // If it fails, the next one sweeps.
            let _left = folder.remove(beside);
        }
    }
}

/// Removes what a crash left beside the places.
fn sweep_beside(live: &Folder, placements: &[Placement]) -> Result<(), StateError> {
    for path in placements.iter().filter_map(|placement| placement.to.parent()).collect::<BTreeSet<_>>() {
        let Some(folder) = live.walk(&path.iter().collect::<Vec<_>>())? else { continue };
        for name in folder.list()?.iter().filter(|name| name.as_bytes().starts_with(BESIDE.as_bytes())) {
            if folder.file(name, OFlags::RDONLY).is_ok() {
                folder.remove(name)?;
            }
        }
    }
    Ok(())
}

fn kept(files: &Folder, step: &Step<'_>) -> Result<File, StateError> {
    read_file(files, &step.source.path)?.ok_or_else(|| files.error(step.source.path.as_os_str(), Why::Damaged))
}

#[cfg(target_os = "linux")]
fn set_aside(file: &File, length: u64) -> Result<(), Errno> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, length)
}

/// Other systems cannot without making the file longer; targets are Linux.
#[cfg(not(target_os = "linux"))]
const fn set_aside(_: &File, _: u64) -> Result<(), Errno> {
    Ok(())
}

/// Room is set aside first: a full disk must show before the first byte is overwritten.
fn write_in_place(mut file: &File, kept: &mut File, mode: u32) -> Result<(), Why> {
    let length = kept.metadata()?.len();
    // Any other error: nothing to set aside, or a file system that cannot.
    if let Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) = set_aside(file, length) {
        return Err(error.into());
    }
    // What is written must not be open to more people than it may be, not even for a moment.
    file.set_permissions(Permissions::from_mode(mode & file.metadata()?.mode() & 0o777))?;
    file.seek(SeekFrom::Start(0))?;
    // Not truncated first: the moment in which it is empty would be the longest.
    let written = io::copy(kept, &mut file)?;
    file.flush()?;
    file.set_len(written)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_edit_in_the_last_moment_is_not_lost() {
        for way in [Way::Replace, Way::InPlace] {
            let place = tempfile::tempdir().unwrap();
            let state = place.path().join("state");
            let into = place.path().join("live");
            fs::create_dir(&state).unwrap();
            fs::create_dir(&into).unwrap();
            let releases = Releases::of(&state);
            let file =
                |path: &str| NewFile { path: PathBuf::from(path), mode: 0o600, secret: false, content: &b"new"[..] };
            releases.keep("r", [file("there"), file("absent")], 100).unwrap();
            let release = releases.release("r", Doing::Place).unwrap();
            let files = release.folder(OsStr::new(FILES)).unwrap().unwrap();
            let live = Folder::named(&into, Doing::Place).unwrap();
            for name in ["there", "absent"] {
                let path = into.join(name);
                if name == "there" {
                    fs::write(&path, "old").unwrap();
                }
                let placements = [Placement { from: PathBuf::from(name), to: PathBuf::from(name), way }];
                let steps = looked(&files, &recorded(&release).unwrap(), &live, &placements).unwrap();
                let mut staged = Staged::write(&files, &live, &steps[0]).unwrap();
                fs::write(&path, "edited").unwrap();
                let error = staged.take_effect(&files).unwrap_err();
                assert!(matches!(error.why, Why::Changed) && error.hint().is_some(), "{error}");
                drop(staged);
                assert_eq!(fs::read(&path).unwrap(), b"edited");
                let steps = looked(&files, &recorded(&release).unwrap(), &live, &placements).unwrap();
                fs::write(&path, "edited again").unwrap();
                let error = releases.keep_replaced(&live, &steps, UnixMs(1), 100).unwrap_err();
                assert!(matches!(error.why, Why::Changed), "{error}");
            }
            assert_eq!(fs::read_dir(&into).unwrap().count(), 2);
        }
    }
}
