//! Finds the files behind the arguments: folders are walked, pipes are taken in, and what cannot be read is said.
//! It does not look at what the files hold, except for how they are packed.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_model::{Gap, GapKind, SourceId};

use crate::damage::Damage;
use crate::files::LogFile;
use crate::packing::Compression;
use crate::spool::spool;
use crate::unpack::ALWAYS_ALLOWED;

/// Folders deeper than this below an argument are not entered.
const DEEPEST: usize = 8;
/// More files than this are not taken from one run's arguments.
const MOST_FILES: usize = 10_000;
/// So many files are kept open, so that a rotation while we read does not matter to them.
/// Fewer than the 256 that some systems allow in all.
const KEPT_OPEN: usize = 128;
/// What all packed files together may unpack to beside what is believable for their sizes, unless they are very many:
/// a folder of bombs is one, too.
const ALLOWED_TOGETHER: u64 = 4 * 1024 * 1024 * 1024;
const LEAST_ALLOWED: u64 = 1024 * 1024;
/// Never entered on the way: what looks like a file there may block for ever or be the machine itself.
const NOT_LOGS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What the user asks to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, a folder or a named pipe.
    Path(PathBuf),
    /// Standard input, `-`.
    Stdin,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Files in the order of the arguments, in a folder in the order of their names; `id` counts them from 0.
    pub files: Vec<LogFile>,
    /// The same file met again under another name (a link); it is read once.
    pub again: Vec<Again>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// A second name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// The second name, as it would be shown.
    pub display: Arc<str>,
    /// The file.
    pub of: SourceId,
}

/// Finds the files behind the arguments. Standard input and named pipes are read to their ends here.
#[must_use]
pub fn discover(inputs: &[Input]) -> Discovered {
    let mut search = Search::default();
    for input in inputs {
        match input {
            Input::Stdin => search.pipe(Arc::from("-"), &mut io::stdin().lock()),
            Input::Path(path) => search.argument(path),
        }
    }
    search.finish()
}

#[derive(Default)]
struct Search {
    found: Discovered,
    /// For each file the folder argument that its name is relative to.
    below: Vec<Option<PathBuf>>,
    by_inode: HashMap<(u64, u64), usize>,
    folders: HashSet<(u64, u64)>,
    /// The argument at which there were too many files, and how many were left out.
    left_out: Option<(Arc<str>, u64)>,
}

impl Search {
    fn argument(&mut self, path: &Path) {
        let shown = shown(path);
        match fs::metadata(path) {
            Err(error) => self.gap(shown, Damage::from(error)),
            Ok(metadata) if metadata.is_dir() => self.folder(path, path, 0),
            Ok(metadata) if metadata.file_type().is_fifo() => match File::open(path) {
                Ok(mut pipe) => self.pipe(shown, &mut pipe),
                Err(error) => self.gap(shown, Damage::from(error)),
            },
            Ok(metadata) => self.file(path, &metadata, None),
        }
    }

    fn folder(&mut self, path: &Path, root: &Path, depth: usize) {
        let entered = fs::metadata(path).is_ok_and(|metadata| {
            let place = (metadata.dev(), metadata.ino());
            // A loop of links leads to a folder that was entered already.
            self.folders.insert(place) && (depth == 0 || !is_off_limits(place))
        });
        if !entered {
            return;
        }
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect::<Vec<_>>(),
            Err(error) => return self.gap(below(path, root), Damage::from(error)),
        };
        entries.sort();
        for entry in entries {
            // Hidden ones are editors', shells' and version control's.
            if entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                continue;
            }
            match fs::metadata(&entry) {
                Ok(metadata) if metadata.is_dir() && depth < DEEPEST => self.folder(&entry, root, depth + 1),
                Ok(metadata) if metadata.is_dir() => {
                    self.found.gaps.push(Gap { what: below(&entry, root), why: GapKind::TooLarge });
                }
                Ok(metadata) => self.file(&entry, &metadata, Some(root)),
                Err(error) => self.gap(below(&entry, root), Damage::from(error)),
            }
        }
    }

    fn file(&mut self, path: &Path, metadata: &Metadata, root: Option<&Path>) {
        let display = root.map_or_else(|| shown(path), |root| below(path, root));
        if !metadata.is_file() {
            return self.found.gaps.push(Gap { what: display, why: GapKind::NotAFile });
        }
        let place = (metadata.dev(), metadata.ino());
        if let Some(first) = self.by_inode.get(&place).and_then(|&index| self.found.files.get(index)) {
            if first.display != display {
                self.found.again.push(Again { display, of: first.id });
            }
            return;
        }
        if self.found.files.len() >= MOST_FILES {
            self.left_out.get_or_insert_with(|| (root.map_or(display, shown), 0)).1 += 1;
            return;
        }
        let index = self.found.files.len();
        let described = File::open(path).and_then(|file| {
            let id = SourceId(u32::try_from(index).unwrap_or(u32::MAX));
            let keep_open = index < KEPT_OPEN;
            LogFile::describe(id, Arc::clone(&display), Some(path.to_owned()), &Arc::new(file), metadata, keep_open)
        });
        match described {
            Ok(file) => {
                self.by_inode.insert(place, index);
                self.found.files.push(file);
                self.below.push(root.map(Path::to_owned));
            }
            Err(error) => self.gap(display, Damage::from(error)),
        }
    }

    fn pipe(&mut self, display: Arc<str>, pipe: &mut dyn io::Read) {
        let index = self.found.files.len();
        let described = spool(pipe).and_then(|spooled| {
            let metadata = spooled.file.metadata()?;
            let id = SourceId(u32::try_from(index).unwrap_or(u32::MAX));
            let file = LogFile::describe(id, Arc::clone(&display), None, &spooled.file, &metadata, true)?;
            Ok((LogFile { modified: None, ..file }, spooled.damage))
        });
        match described {
            Ok((file, damage)) => {
                self.found.files.push(file);
                self.below.push(None);
                if let Some(damage) = damage {
                    self.gap(display, damage);
                }
            }
            Err(error) => self.gap(display, Damage::from(error)),
        }
    }

    fn gap(&mut self, what: Arc<str>, damage: impl Into<Damage>) {
        self.found.gaps.push(Gap { what, why: damage.into().gap_kind(0) });
    }

    fn finish(mut self) -> Discovered {
        let packed = self.found.files.iter().filter(|file| file.compression != Compression::None).count() as u64;
        let allowed = (ALLOWED_TOGETHER / packed.max(1)).clamp(LEAST_ALLOWED, ALWAYS_ALLOWED);
        self.found.files.iter_mut().for_each(|file| file.allowed = allowed);
        if let Some((what, left_out)) = self.left_out {
            self.found.gaps.push(Gap { what, why: GapKind::TooManyFiles { left_out } });
        }
        // Two folders may hold files of one name: those are shown with the folder, as it was given.
        let mut times = HashMap::<Arc<str>, usize>::new();
        for file in &self.found.files {
            *times.entry(Arc::clone(&file.display)).or_default() += 1;
        }
        for (file, root) in self.found.files.iter_mut().zip(&self.below) {
            if let (Some(path), Some(_)) = (&file.path, root)
                && times.get(&file.display).is_some_and(|&times| times > 1)
            {
                file.display = shown(path);
            }
        }
        self.found
    }
}

fn is_off_limits(place: (u64, u64)) -> bool {
    NOT_LOGS.iter().any(|path| fs::metadata(path).is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == place))
}

fn shown(path: &Path) -> Arc<str> {
    Arc::from(path.to_string_lossy())
}

fn below(path: &Path, root: &Path) -> Arc<str> {
    shown(path.strip_prefix(root).ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path))
}
