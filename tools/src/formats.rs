//! The same story in every format that the product reads: plain, damaged, packed, and all in one folder.
//! The writers follow the documentation of the servers, not the readers that they test.

mod balancers;
mod clf;
pub mod dialect;
mod draft;
pub mod envelope;
pub mod injury;
mod json_lines;
mod mixed;
mod nginx;
mod packing;
mod request;
mod servers;
mod shown;
mod single;
mod traffic;
mod truth;
pub mod witness;

pub use dialect::Dialect;
pub use mixed::mixed;
pub use packing::Packing;
pub use shown::shown;
pub use single::single;
pub use truth::Truth;
pub use witness::{Witness, witness};

use anyhow::{Result, bail};

/// Relative path and content of each of some files.
pub type Files = Vec<(String, Vec<u8>)>;

/// A generated folder and what is true of it.
#[derive(Clone, Debug)]
pub struct Set {
    /// Its files.
    pub files: Files,
    /// What a reader has to find.
    pub truth: Truth,
}

/// The names of all sets: one a format, and `mixed`.
pub fn names() -> impl Iterator<Item = &'static str> {
    let formats = dialect::ALL.iter().map(|dialect| dialect.name);
    formats.chain(witness::ALL.iter().map(|witness| witness.name)).chain(["mixed"])
}

/// The set of this name. Equal arguments give equal bytes.
pub fn set(name: &str, seed: u64, damaged: bool) -> Result<Set> {
    if let Some(dialect) = dialect::by_name(name) {
        return single(dialect, seed, damaged);
    }
    if let Some(kind) = witness::ALL.iter().find(|witness| witness.name == name) {
        return witness(kind, seed, damaged);
    }
    match name {
        "mixed" => mixed(seed, damaged),
        _ => bail!("no format {name}; there are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests;
