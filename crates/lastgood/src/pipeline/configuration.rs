//! Configurations of nginx and Apache among the files or named by the user, with what they include. What they mean is parsed by
//! `intake`; here they are only found and read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_intake::{ApacheConf, Format, NginxConf, recognise};
use lastgood_model::Gap;
use lastgood_world::{LogFile, expand, read_small};

/// More files than this are no configuration of one server.
const MOST_FILES: usize = 500;

/// Configurations as they are found.
#[derive(Debug, Default)]
pub(crate) struct Configurations {
    conf: NginxConf,
    read: HashSet<PathBuf>,
    /// What was read, in that order.
    texts: Vec<(PathBuf, Vec<u8>)>,
    /// Files among the evidence that hold a configuration: parts of others, or a whole.
    among_files: Vec<PathBuf>,
}

impl Configurations {
    /// What the settings declare, to begin with.
    pub(crate) fn new(declared: NginxConf) -> Self {
        Self { conf: declared, ..Self::default() }
    }

    /// Reads the one that the user names.
    pub(crate) fn given(&mut self, path: &Path, gaps: &mut Vec<Gap>) {
        match read_small(path) {
            Ok(bytes) => {
                self.read.insert(path.to_owned());
                self.take(path, bytes, path.parent().unwrap_or(Path::new("")));
            }
            Err(damage) => gaps.push(Gap { what: Arc::from(path.to_string_lossy()), why: damage.gap_kind(0) }),
        }
    }

    /// Takes files that were read already, in this order; nothing else is looked for.
    pub(crate) fn taken(&mut self, texts: &[(PathBuf, Vec<u8>)]) {
        for (path, bytes) in texts {
            self.read.insert(path.clone());
            self.conf.merge(parsed(bytes));
            self.texts.push((path.clone(), bytes.clone()));
        }
    }

    /// The files that were read, in that order.
    pub(crate) fn into_texts(self) -> Vec<(PathBuf, Vec<u8>)> {
        self.texts
    }

    /// Notes a file among the evidence.
    pub(crate) fn found(&mut self, file: &LogFile) {
        self.among_files.extend(file.path.clone());
    }

    /// What all of them say. A configuration that the user names stands alone.
    pub(crate) fn conclude(&mut self) -> &NginxConf {
        if self.read.is_empty() {
            let mut files = std::mem::take(&mut self.among_files);
            // The main file first: relative patterns in what it includes are relative to its own folder.
            files.sort_by_key(|path| (!is_main(path), path.components().count()));
            let root = files.first().and_then(|path| path.parent()).unwrap_or(Path::new("")).to_owned();
            for path in files {
                self.read_file(&path, &root);
            }
        }
        &self.conf
    }

    fn read_file(&mut self, path: &Path, root: &Path) {
        if self.read.len() < MOST_FILES
            && self.read.insert(path.to_owned())
            && let Ok(bytes) = read_small(path)
        {
            self.take(path, bytes, root);
        }
    }

    fn take(&mut self, path: &Path, bytes: Vec<u8>, root: &Path) {
        let conf = parsed(&bytes);
        self.texts.push((path.to_owned(), bytes));
        let includes = conf.includes.clone();
        self.conf.merge(conf);
        for pattern in includes {
            for path in included(Path::new(&pattern), root) {
                self.read_file(&path, root);
            }
        }
    }
}

/// Whether the others are included by this one.
fn is_main(path: &Path) -> bool {
    ["nginx.conf", "apache2.conf", "httpd.conf"].iter().any(|name| path.ends_with(name))
}

/// A configuration, whoever's it is.
fn parsed(bytes: &[u8]) -> NginxConf {
    match recognise(bytes, "", &NginxConf::default()) {
        Format::ApacheConf => ApacheConf::parse(bytes).into(),
        _ => NginxConf::parse(bytes),
    }
}

/// The files behind an `include`. In a copied folder its absolute path leads nowhere, or to another machine's files:
/// then the longest end of it that is there below `root` is meant.
fn included(pattern: &Path, root: &Path) -> Vec<PathBuf> {
    let parts: Vec<_> = pattern.components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect();
    let is_copy = pattern.is_absolute() && !root.starts_with("/etc") && !root.starts_with("/usr");
    if !is_copy {
        let found = expand(&root.join(pattern));
        if !found.is_empty() {
            return found;
        }
    }
    (0..parts.len())
        .map(|skipped| expand(&root.join(parts.iter().skip(skipped).collect::<PathBuf>())))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn includes_are_followed_in_a_copied_folder_too() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("nginx.conf", "include /etc/nginx/conf.d/*.conf; include formats.conf; include nginx.conf;"),
            ("conf.d/shop.conf", "access_log /var/log/nginx/shop.log main;"),
            ("formats.conf", "log_format main '$status';"),
            ("other/unrelated.conf", "log_format other '$status';"),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut configurations = Configurations::default();
        let mut gaps = Vec::new();
        configurations.given(&folder.path().join("nginx.conf"), &mut gaps);
        let conf = configurations.conclude();
        assert_eq!(conf.log_format("main"), Some("$status"));
        assert_eq!(conf.log_format("other"), None);
        assert_eq!(conf.access_logs.len(), 1);
        assert_eq!(gaps, []);
        configurations.given(&folder.path().join("none.conf"), &mut gaps);
        assert_eq!(gaps.len(), 1);
    }
}
