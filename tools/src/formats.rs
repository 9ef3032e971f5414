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
mod single;
mod traffic;
mod truth;

pub use dialect::Dialect;
pub use mixed::mixed;
pub use packing::Packing;
pub use single::single;
pub use truth::Truth;

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

#[cfg(test)]
mod tests;
