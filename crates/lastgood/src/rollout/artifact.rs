//! What was built on this machine and becomes an image on the target: files, the image that they go on top of, and what is started.
//! Which files these are, and whether the target's processor runs them, is found out here; the image is made there (`making.rs`).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use lastgood_diagnose::architecture::runs_on;
use lastgood_intake::program::{BEGINNING, Program, is_module, program};
use lastgood_world::state::bundle::{Packed, pack_tight};
use lastgood_world::{digest, digest_of, tree_below};
use serde::{Deserialize, Serialize};

/// Its name and version.
pub const SCHEMA: &str = "lastgood.artifact/1";
/// More files are no artifact but a file system.
const MOST_FILES: usize = 20_000;

/// `[deploy.service.NAME.artifact]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// The image below.
    pub base: String,
    /// Where files and folders of the project go: their paths here, and there. One that ends with `/` is a folder.
    pub files: BTreeMap<String, String>,
    /// What is started; `None`: what the base starts.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments.
    pub command: Option<Vec<String>>,
}

/// Why files are no artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactFault {
    /// A file or folder is not there.
    Missing(String),
    /// One cannot be read, in the system's words.
    Unreadable(String, String),
    /// A folder holds more files than this.
    TooMany(String, usize),
    /// There is nothing in it.
    Empty,
    /// Something is to go where nothing can: this is no path of an image.
    Nowhere(String),
    /// A program is for another machine than the image below; both in Docker's words.
    Architecture {
        /// The program, here.
        path: String,
        /// For which it is made.
        made: String,
        /// What the target is.
        machine: String,
    },
    /// There is no room for it, in bytes.
    NoRoom {
        /// Where.
        place: String,
        /// So much it takes.
        needs: u64,
        /// So much there is.
        has: u64,
    },
    /// The connection broke while it was sent: ssh's words.
    CutOff(String),
    /// It did not arrive as it was sent, in the host's words.
    Damaged(String),
    /// What is to go there would lie in a volume of the image below, where nobody sees it.
    InVolume(String, String),
}

/// An artifact, file by file. The same files on the same image are the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    schema: String,
    /// The image below.
    pub base: String,
    /// What lies where in the image.
    pub files: BTreeMap<String, Content>,
    /// What is started.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments.
    pub command: Option<Vec<String>>,
}

/// What lies somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A file: the digest of what it holds, and whether it can be run.
    File(String, bool),
    /// A link to this.
    Link(String),
}

impl Description {
    /// Whether this version knows what is meant.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.schema == SCHEMA
    }

    /// The digest of it, on top of that image.
    #[must_use]
    pub fn digest_on(&self, base: &str) -> String {
        let text = serde_json::to_vec(&(self, base)).unwrap_or_default();
        digest_of(&text)
    }
}

/// An artifact as it lies here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// What it is.
    pub description: Description,
    /// Where each content is, by its digest.
    contents: BTreeMap<String, PathBuf>,
    /// Programs that have to run on the target.
    programs: Vec<PathBuf>,
    folder: PathBuf,
}

impl Artifact {
    /// Gathers its files in the project's folder.
    ///
    /// # Errors
    /// If one is not there, cannot be read, or has nowhere to go.
    pub fn gather(&self, folder: &Path) -> Result<Gathered, ArtifactFault> {
        let mut gathered = Gathered {
            description: Description {
                schema: SCHEMA.to_owned(),
                base: self.base.clone(),
                files: BTreeMap::new(),
                entrypoint: self.entrypoint.clone(),
                command: self.command.clone(),
            },
            contents: BTreeMap::new(),
            programs: Vec::new(),
            folder: folder.to_owned(),
        };
        for (from, to) in &self.files {
            let path = folder.join(from);
            let unreadable = |error: io::Error| match error.kind() {
                io::ErrorKind::NotFound => ArtifactFault::Missing(from.clone()),
                _ => ArtifactFault::Unreadable(from.clone(), error.to_string()),
            };
            if path.metadata().map_err(unreadable)?.is_dir() {
                let inside = tree_below(&path, MOST_FILES).map_err(unreadable)?;
                for file in inside.ok_or_else(|| ArtifactFault::TooMany(from.clone(), MOST_FILES))? {
                    let to = format!("{}/{}", to.trim_end_matches('/'), file.to_string_lossy());
                    gathered.add(&path.join(file), place(&to)?, false).map_err(unreadable)?;
                }
            } else {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let to = if to.ends_with('/') { format!("{to}{name}") } else { to.clone() };
                gathered.add(&path, place(&to)?, true).map_err(unreadable)?;
            }
        }
        if gathered.description.files.is_empty() { Err(ArtifactFault::Empty) } else { Ok(gathered) }
    }
}

impl Gathered {
    /// Adds what lies at `path`. A program that was named by itself, or can be run, has to run on the target; modules in folders may be
    /// there for several kinds of machines.
    fn add(&mut self, path: &Path, to: String, is_named: bool) -> io::Result<()> {
        if !is_named && path.is_symlink() {
            let link = fs::read_link(path)?.to_string_lossy().into_owned();
            self.description.files.insert(to, Content::Link(link));
            return Ok(());
        }
        let can_run = path.metadata()?.permissions().mode() & 0o111 != 0;
        let digest = digest(path)?;
        if is_named || can_run && !is_module(&to) {
            self.programs.push(path.to_owned());
        }
        self.contents.insert(digest.clone(), path.to_owned());
        self.description.files.insert(to, Content::File(digest, can_run));
        Ok(())
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.contents.values().filter_map(|path| Some(path.metadata().ok()?.len())).sum()
    }

    /// The first program that does not run on that machine, which is in Docker's words.
    ///
    /// # Errors
    /// That one.
    pub fn fits(&self, machine: &str) -> Result<(), ArtifactFault> {
        for path in &self.programs {
            let mut beginning = Vec::new();
            let read = File::open(path).and_then(|file| file.take(BEGINNING as u64).read_to_end(&mut beginning));
            let shown = path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into_owned();
            read.map_err(|error| ArtifactFault::Unreadable(shown.clone(), error.to_string()))?;
            if let Some(Program::Code(made)) = program(&beginning)
                && !runs_on(&made, machine)
            {
                let (made, machine) = (made.to_string(), machine.to_owned());
                return Err(ArtifactFault::Architecture { path: shown, made, machine });
            }
        }
        Ok(())
    }

    /// Packs it to be sent: the description, and each content once.
    ///
    /// # Errors
    /// If a file cannot be read, or the stream cannot be written.
    pub fn pack(&self, into: &mut File) -> io::Result<()> {
        let packed =
            |(digest, from): (&String, &PathBuf)| Packed { from: from.clone(), path: digest.into(), mode: 0o600 };
        let contents: Vec<Packed> = self.contents.iter().map(packed).collect();
        pack_tight(into, &serde_json::to_vec(&self.description)?, &contents)
    }
}

/// A path in an image, in one way of writing it.
fn place(to: &str) -> Result<String, ArtifactFault> {
    let path = Path::new(to);
    let mut plain = String::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain += &format!("/{}", name.to_string_lossy()),
            Component::RootDir | Component::CurDir => {}
            _ => return Err(ArtifactFault::Nowhere(to.to_owned())),
        }
    }
    if path.is_absolute() && !plain.is_empty() { Ok(plain) } else { Err(ArtifactFault::Nowhere(to.to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use lastgood_world::state::bundle::unpack_tight;

    use super::*;

    fn artifact(files: &[(&str, &str)]) -> Artifact {
        let files = files.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        Artifact { base: "debian".to_owned(), files, entrypoint: None, command: None }
    }

    /// The header of a program for a processor, by the number that ELF has for it.
    fn elf(machine: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18] = machine;
        bytes
    }

    fn written(folder: &Path, path: &str, content: &[u8], mode: u32) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_and_folders_go_where_they_are_to_go() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        written(at, "out/shop", b"#!/bin/sh\n", 0o700);
        written(at, "web/index.html", b"hello", 0o600);
        written(at, "web/deep/copy.html", b"hello", 0o644);
        symlink("index.html", at.join("web/start.html")).unwrap();
        let gathered = artifact(&[("out/shop", "/usr/bin/"), ("web", "/srv/./www/")]).gather(at).unwrap();
        let shown: Vec<String> = gathered
            .description
            .files
            .iter()
            .map(|(to, what)| match what {
                Content::File(digest, can_run) => format!("{to} {} {can_run}", &digest[..4]),
                Content::Link(link) => format!("{to} -> {link}"),
            })
            .collect();
        let hello = digest_of(b"hello");
        let hello = &hello[..4];
        let script = digest_of(b"#!/bin/sh\n");
        assert_eq!(
            shown,
            [
                format!("/srv/www/deep/copy.html {hello} false"),
                format!("/srv/www/index.html {hello} false"),
                "/srv/www/start.html -> index.html".to_owned(),
                format!("/usr/bin/shop {} true", &script[..4]),
            ]
        );
        // What two files hold travels once, and whoever may read them here does not matter there.
        let mut stream = tempfile::tempfile().unwrap();
        gathered.pack(&mut stream).unwrap();
        io::Seek::rewind(&mut stream).unwrap();
        let into = tempfile::tempdir().unwrap();
        let text = unpack_tight(stream, into.path(), 100).unwrap();
        assert_eq!(serde_json::from_slice::<Description>(&text).unwrap(), gathered.description);
        assert_eq!(fs::read_dir(into.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_same_files_are_the_same_artifact() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        written(at, "app", b"1", 0o755);
        let gather = || artifact(&[("app", "/app")]).gather(at).unwrap().description;
        let one = gather().digest_on("sha256:1");
        written(at, "app", b"1", 0o700);
        assert_eq!(gather().digest_on("sha256:1"), one);
        assert_ne!(gather().digest_on("sha256:2"), one, "on another image");
        written(at, "app", b"2", 0o755);
        assert_ne!(gather().digest_on("sha256:1"), one);
    }

    #[test]
    fn what_cannot_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        written(at, "app", b"1", 0o755);
        fs::create_dir(at.join("nothing")).unwrap();
        let fault = |from: &str, to: &str| artifact(&[(from, to)]).gather(at).unwrap_err();
        assert_eq!(fault("gone", "/app"), ArtifactFault::Missing("gone".to_owned()));
        assert_eq!(fault("nothing", "/app"), ArtifactFault::Empty);
        for to in ["app", "/../app", ""] {
            assert_eq!(fault("app", to), ArtifactFault::Nowhere(to.to_owned()));
        }
    }

    #[test]
    fn programs_have_to_fit_and_modules_in_folders_need_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (amd64, arm64) = (elf(62), elf(183));
        written(at, "shop", &amd64, 0o644);
        written(at, "lib/arm64.node", &arm64, 0o755);
        written(at, "lib/data", &arm64, 0o644);
        let fits = |machine| artifact(&[("shop", "/shop"), ("lib", "/lib")]).gather(at).unwrap().fits(machine);
        assert_eq!(fits("amd64"), Ok(()));
        let refused = |path: &str, made: &str, machine: &str| {
            let [path, made, machine] = [path, made, machine].map(str::to_owned);
            Err(ArtifactFault::Architecture { path, made, machine })
        };
        assert_eq!(fits("arm64"), refused("shop", "amd64", "arm64"));
        written(at, "lib/tool", &arm64, 0o755);
        assert_eq!(fits("amd64"), refused("lib/tool", "arm64", "amd64"));
        written(at, "shop", b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01rest", 0o755);
        assert_eq!(fits("arm64"), refused("shop", "darwin/arm64", "arm64"));
    }
}
