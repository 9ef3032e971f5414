//! A stack: a folder with a compose file and a `stack.toml`, whose words are put in when it is laid. It runs nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::draw::Draw;
use crate::fault::{Words, fill};

const ABOUT: &str = "stack.toml";

/// `stack.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    /// Another stack, whose files and words it has except for its own.
    base: Option<String>,
    /// Where users come in.
    front: Option<String>,
    /// What they ask for: a path, and what else curl is to be told.
    #[serde(default)]
    requests: Vec<String>,
    /// What curl is told with every request: whom to trust, where a name is.
    #[serde(default)]
    curl: Vec<String>,
    /// What must never be shown.
    #[serde(default)]
    secrets: Vec<String>,
    /// A script before it comes up.
    prepare: Option<String>,
    #[serde(default)]
    words: Words,
    /// What variants that nobody wrote down are drawn from; its own instead of its base's.
    draw: Option<Draw>,
}

/// A stack, before its words are put in.
#[derive(Clone, Debug)]
pub struct Stack {
    base: Option<Box<Stack>>,
    folder: PathBuf,
    about: About,
}

impl Stack {
    /// Reads what stands about it.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(ABOUT);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let about: About = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let beside = |name: &String| Self::read(&folder.with_file_name(name)).map(Box::new);
        let base = about.base.as_ref().map(beside).transpose()?;
        Ok(Self { base, folder: folder.to_owned(), about })
    }

    /// Its words, and those that replace them.
    pub fn words(&self, others: &Words) -> Words {
        let mut words = self.base.as_ref().map_or_else(Words::new, |base| base.words(&Words::new()));
        words.extend(self.about.words.clone());
        words.extend(others.clone());
        words
    }

    pub fn front(&self, words: &Words) -> String {
        match (&self.about.front, &self.base) {
            (Some(front), _) => fill(front, words),
            (None, Some(base)) => base.front(words),
            (None, None) => String::new(),
        }
    }

    /// What users ask for; its own instead of its base's, if it names any.
    pub fn requests(&self, words: &Words) -> Vec<String> {
        match &self.base {
            Some(base) if self.about.requests.is_empty() => base.requests(words),
            _ => self.about.requests.iter().map(|request| fill(request, words)).collect(),
        }
    }

    /// What curl is told with every request.
    pub fn curl(&self, words: &Words) -> Vec<String> {
        match &self.base {
            Some(base) if self.about.curl.is_empty() => base.curl(words),
            _ => self.about.curl.iter().map(|word| fill(word, words)).collect(),
        }
    }

    pub fn secrets(&self) -> Vec<String> {
        let base = self.base.as_ref().map(|base| base.secrets()).unwrap_or_default();
        [base, self.about.secrets.clone()].concat()
    }

    pub fn draw(&self) -> Draw {
        match (&self.about.draw, &self.base) {
            (Some(draw), _) => draw.clone(),
            (None, Some(base)) => base.draw(),
            (None, None) => Draw::default(),
        }
    }

    pub fn prepare(&self) -> Option<&str> {
        self.about.prepare.as_deref()
    }

    /// Copies its files, with words put in, to a folder that is there.
    pub fn lay(&self, to: &Path, words: &Words) -> Result<()> {
        if let Some(base) = &self.base {
            base.lay(to, words)?;
        }
        lay(&self.folder, to, words)
    }
}

fn lay(from: &Path, to: &Path, words: &Words) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if name == ABOUT {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        if source.is_dir() {
            fs::create_dir_all(&target)?;
            lay(&source, &target, words)?;
            continue;
        }
        match String::from_utf8(fs::read(&source)?) {
            Ok(text) => fs::write(&target, fill(&text, words))?,
            Err(binary) => fs::write(&target, binary.into_bytes())?,
        }
        // Programs stay programs; whoever runs in a container may read.
        fs::set_permissions(&target, fs::Permissions::from_mode(fs::metadata(&source)?.permissions().mode() | 0o444))?;
    }
    Ok(())
}
