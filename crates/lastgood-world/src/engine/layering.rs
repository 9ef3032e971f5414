//! An image that is another one with files on top, made by the engine itself: files are put into a container that never runs, and what
//! it holds then becomes the image. So links and folders of the base stay what they are, whoever owns them, and no builder is needed.
//! Which files, and what the image starts, is the caller's.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::compose::{docker, drop_container, word};
use crate::hear::{Heard, Unheard, hear};

/// What a container is told that never runs; not every base says what to start.
const NEVER_RUNS: &str = "lastgood";

/// A file on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid<'a> {
    /// Where in the image, from its root.
    pub path: &'a str,
    /// What is there.
    pub what: What<'a>,
}

/// What is laid there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// The content of a file of this machine, with these permissions.
    File(&'a Path, u32),
    /// A link to this.
    Link(&'a str),
}

/// Packs files as an engine takes them. There are no entries for folders: those of the base stay as they are, and the engine makes those
/// that lack. All are of this moment, since servers tell browsers by time and size whether a file is another one.
///
/// # Errors
/// If one cannot be read, or the stream cannot be written.
pub fn lay(files: &[Laid<'_>], to: impl Write) -> io::Result<()> {
    let mut tar = tar::Builder::new(to);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    for Laid { path, what } in files {
        let path = path.trim_start_matches('/');
        let mut header = tar::Header::new_gnu();
        header.set_mtime(now);
        header.set_uid(0);
        header.set_gid(0);
        match what {
            What::File(from, mode) => {
                let content = File::open(from)?;
                let length = content.metadata()?.len();
                header.set_entry_type(tar::EntryType::Regular);
                header.set_mode(*mode);
                header.set_size(length);
                tar.append_data(&mut header, path, content.take(length))?;
            }
            What::Link(to) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_mode(0o777);
                header.set_size(0);
                tar.append_link(&mut header, path, to)?;
            }
        }
    }
    tar.finish()
}

/// Makes an image of another one, which is there, and a stream of files that goes on top. `container` is what is called so meanwhile;
/// `says` are changes of what the image says of itself, as a Dockerfile has them.
///
/// # Errors
/// If Docker cannot be asked, or does not end within `deadline`.
pub fn layer(
    base: &str,
    mut files: File,
    (container, image): (&str, &str),
    says: &[String],
    deadline: Duration,
) -> Result<Heard, Unheard> {
    drop_container(container, deadline)?;
    let made =
        hear(docker().args(["create", "--name", container, "--network", "none", base, NEVER_RUNS]), None, deadline)?;
    if made.code != 0 {
        return Ok(made);
    }
    files.seek(SeekFrom::Start(0))?;
    let layered = filled(files, (container, image), says, deadline);
    drop_container(container, deadline)?;
    layered
}

fn filled(
    files: File,
    (container, image): (&str, &str),
    says: &[String],
    deadline: Duration,
) -> Result<Heard, Unheard> {
    let put = hear(docker().args(["cp", "-", &format!("{container}:/")]), Some(files), deadline)?;
    if put.code != 0 {
        return Ok(put);
    }
    let changes = says.iter().flat_map(|change| ["--change", change]);
    hear(docker().arg("commit").args(changes).args([container, image]), None, deadline)
}

/// What an image says of itself under a part of its configuration, as JSON.
///
/// # Errors
/// If Docker cannot be asked.
pub fn config_of(image: &str, part: &str) -> Result<Option<String>, Unheard> {
    word(&["image", "inspect", "--format", &format!("{{{{json .Config.{part}}}}}"), "--", image])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_laid_and_no_folders() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("app");
        std::fs::write(&from, "#!/bin/sh\n").unwrap();
        let files = [
            Laid { path: "/bin/app", what: What::File(&from, 0o755) },
            Laid { path: "/srv/a/link", what: What::Link("../b") },
        ];
        let mut stream = Vec::new();
        lay(&files, &mut stream).unwrap();
        let mut archive = tar::Archive::new(stream.as_slice());
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let (header, path) = (entry.header(), entry.path().unwrap().to_string_lossy().into_owned());
            assert!(header.mtime().unwrap() > 0 && header.uid().unwrap() == 0);
            (path, header.mode().unwrap(), entry.link_name().unwrap().map(|to| to.to_string_lossy().into_owned()))
        });
        let entries: Vec<_> = entries.collect();
        let link = Some("../b".to_owned());
        assert_eq!(entries, [("bin/app".to_owned(), 0o755, None), ("srv/a/link".to_owned(), 0o777, link)]);
    }
}
