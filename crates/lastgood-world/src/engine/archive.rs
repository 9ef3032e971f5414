//! Small files of a container, read without running anything in it: the engine hands them out as an archive.

use std::io::Read;

use super::Engine;
use crate::damage::Damage;

/// A configuration file is not larger than this.
const LARGEST_FILE: u64 = 1024 * 1024;
/// Nor are there more of them in one folder.
const MOST_FILES: usize = 1000;

impl Engine {
    /// The regular files at or below a path of a container, by their paths below its parent folder. Larger ones and links are
    /// left out.
    ///
    /// # Errors
    /// [`Damage::NotFound`] if there is no such path, else what went wrong.
    pub fn files(&self, container: &str, path: &str) -> Result<Vec<(String, Vec<u8>)>, Damage> {
        let escaped: String = path.bytes().map(escaped).collect();
        let body = self.get(&format!("/containers/{container}/archive?path={escaped}"))?;
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
}

/// As it may stand in a query.
fn escaped(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    }
}
