//! Which stack: the arguments that `why`, `check` and `status` share, spelled as Compose spells them. Nothing is looked up here.

use std::path::PathBuf;

use clap::Args;

use crate::pipeline::stack::StackSubject;

/// Which stack.
#[derive(Clone, Debug, Default, Args)]
pub struct StackArgs {
    /// A compose file; may be given several times [default: as Compose finds it]
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The Compose project's name
    #[arg(short, long = "project-name", value_name = "NAME")]
    pub project: Option<String>,
    /// A Compose profile to take in; may be given several times
    #[arg(long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,
}

impl StackArgs {
    /// What was meant.
    #[must_use]
    pub fn subject(&self) -> StackSubject {
        StackSubject {
            files: self.files.clone(),
            project: self.project.clone(),
            profiles: self.profiles.clone(),
            ..StackSubject::default()
        }
    }
}
