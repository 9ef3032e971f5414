//! Files of a container, read without running anything in it: the engine hands them out as an archive. Small ones as a whole,
//! of others the beginning.

use std::io::Read;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Engine, TOO_LATE};
use crate::damage::Damage;

/// A configuration file is not larger than this.
const LARGEST_FILE: u64 = 1024 * 1024;
/// Nor are there more of them in one folder.
const MOST_FILES: usize = 1000;

/// What lies at a path of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lying {
    /// A file, with its first bytes.
    File(Vec<u8>),
    /// A link, with where it leads, as it is written.
    Link(String),
    /// A folder, a socket, a device.
    Other,
}

/// First bytes of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beginnings {
    /// They, by the paths of the files.
    pub files: Vec<(String, Vec<u8>)>,
    /// All that lies there was looked at.
    pub whole: bool,
}

impl Engine {
    /// The regular files at or below a path of a container, by their paths below its parent folder. Larger ones and links are
    /// left out.
    ///
    /// # Errors
    /// [`Damage::NotFound`] if there is no such path, else what went wrong.
    pub fn files(&self, container: &str, path: &str) -> Result<Vec<(String, Vec<u8>)>, Damage> {
        let body = self.get(&place(container, path))?;
        let mut files = Vec::new();
        for entry in tar::Archive::new(body.as_slice()).entries()?.take(MOST_FILES) {
            let Ok(mut entry) = entry else { break };
            if !entry.header().entry_type().is_file() || entry.size() > LARGEST_FILE {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files.push((name, bytes));
        }
        Ok(files)
    }

    /// What lies at a path of a container, with no more than `most` bytes of a file. The rest is not waited for.
    ///
    /// # Errors
    /// [`Damage::NotFound`] if there is no such path, else what went wrong.
    pub fn lying(&self, container: &str, path: &str, most: usize) -> Result<Lying, Damage> {
        let response = self.answered(&place(container, path))?;
        let mut archive = tar::Archive::new(response.into_body().into_reader());
        let Some(entry) = archive.entries()?.next() else { return Err(Damage::NotFound) };
        let entry = entry?;
        let kind = entry.header().entry_type();
        if let Some(link) = entry.link_name_bytes().filter(|_| kind.is_symlink()) {
            return Ok(Lying::Link(String::from_utf8_lossy(&link).into_owned()));
        }
        if !kind.is_file() {
            return Ok(Lying::Other);
        }
        let mut bytes = Vec::with_capacity(most);
        entry.take(most as u64).read_to_end(&mut bytes)?;
        Ok(Lying::File(bytes))
    }

    /// The first bytes of those files at or below a path of a container whose paths are `wanted`, by these; and whether all were
    /// looked at. The engine hands out everything that lies there, so it takes as long as that does, or as there is time.
    ///
    /// # Errors
    /// [`Damage::NotFound`] if there is no such path, else what went wrong before anything was handed out.
    pub fn beginnings(
        &self,
        container: &str,
        path: &str,
        most: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Beginnings, Damage> {
        let response = self.answered(&place(container, path))?;
        let mut archive = tar::Archive::new(response.into_body().into_reader());
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let mut files = Vec::new();
        for entry in archive.entries()? {
            let Ok(mut entry) = entry else { return Ok(Beginnings { files, whole: false }) };
            let name = format!("{parent}/{}", String::from_utf8_lossy(&entry.path_bytes()));
            if !entry.header().entry_type().is_file() || !wanted(&name) {
                continue;
            }
            let mut bytes = Vec::with_capacity(most);
            if entry.by_ref().take(most as u64).read_to_end(&mut bytes).is_err() {
                return Ok(Beginnings { files, whole: false });
            }
            files.push((name, bytes));
        }
        Ok(Beginnings { files, whole: true })
    }

    /// Where paths of a container lead once links are followed, in their order. Much cheaper than what lies there.
    #[must_use]
    pub fn targets(&self, container: &str, paths: &[String]) -> Vec<Result<String, Damage>> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = paths.iter().map(|path| scope.spawn(move || self.target(container, path))).collect();
            let nothing = |_| Err(Damage::Io(Arc::from(TOO_LATE)));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(nothing)).collect()
        })
    }

    fn target(&self, container: &str, path: &str) -> Result<String, Damage> {
        let response = self.about(&place(container, path))?;
        let header = response.headers().get("x-docker-container-path-stat");
        let said = header.and_then(|said| BASE64_STANDARD.decode(said.as_bytes()).ok());
        let said: Option<serde_json::Value> = said.and_then(|said| serde_json::from_slice(&said).ok());
        let target = said.as_ref().and_then(|said| said.get("linkTarget")?.as_str()).filter(|path| !path.is_empty());
        Ok(target.unwrap_or(path).to_owned())
    }
}

fn place(container: &str, path: &str) -> String {
    let escaped: String = path.bytes().map(escaped).collect();
    format!("/containers/{container}/archive?path={escaped}")
}

/// As it may stand in a query.
fn escaped(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    }
}
