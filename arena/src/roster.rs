//! Which rounds there are: every fault of the folders that were named, in every variant, and where its stack and its bundle are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::bundle;
use crate::fault::{Fault, Variant, Words};
use crate::stack::Stack;

/// A fault in one variant.
#[derive(Clone, Debug)]
pub struct Round {
    pub fault: Fault,
    pub variant: Variant,
    pub stack: Stack,
    /// The words of the stack and of the variant; a port comes when it is laid.
    pub words: Words,
    /// Where its bundle is, or would be.
    pub bundle: PathBuf,
}

impl Round {
    /// `rd-01.names`
    pub fn name(&self) -> String {
        format!("{}.{}", self.fault.id, self.variant.name)
    }
}

/// All rounds of these folders, in the order of their names. A folder has `faults/*.toml`, or they lie in it directly; stacks
/// that it does not bring are those of `home`.
pub fn rounds(folders: &[PathBuf], home: &Path) -> Result<Vec<Round>> {
    let mut rounds: Vec<Round> = Vec::new();
    for folder in folders {
        let below = folder.join("faults");
        let place = if below.is_dir() { &below } else { folder };
        let entries = fs::read_dir(place).with_context(|| format!("cannot read {}", place.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let fault = Fault::read(&path)?;
            ensure!(
                path.file_stem().is_some_and(|stem| *stem == *fault.id),
                "{}: its id is {}",
                path.display(),
                fault.id
            );
            let stack = |name: &str| {
                let places = [folder.as_path(), home].map(|root| root.join("stacks").join(name));
                let Some(place) = places.iter().find(|place| place.is_dir()) else {
                    bail!("{}: no stack {name:?} in {} or {}", path.display(), folder.display(), home.display());
                };
                Stack::read(place)
            };
            let own = stack(&fault.stack)?;
            for variant in fault.draw.variants(&fault.id, &fault.variants, &own.draw()) {
                let stack = variant.stack.as_deref().map_or_else(|| Ok(own.clone()), stack)?;
                let words = stack.words(&variant.words);
                let bundle = bundle::place(folder, &format!("{}.{}", fault.id, variant.name));
                rounds.push(Round { fault: fault.varied(&variant), variant, stack, words, bundle });
            }
        }
    }
    rounds.sort_by_key(Round::name);
    if let Some(pair) = rounds.windows(2).find(|pair| pair[0].name() == pair[1].name()) {
        bail!("two rounds are called {}", pair[0].name());
    }
    Ok(rounds)
}
