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

/// Whether dependencies are asked, too.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ProbeArgs {
    /// Start no short-lived containers that ask the services' dependencies
    #[arg(long)]
    pub no_probes: bool,
}

impl StackArgs {
    /// What was meant, without probes.
    #[must_use]
    pub fn subject(&self) -> StackSubject {
        StackSubject {
            probes: false,
            files: self.files.clone(),
            project: self.project.clone(),
            profiles: self.profiles.clone(),
            ..StackSubject::default()
        }
    }

    /// What was meant, with probes unless they are not wanted.
    #[must_use]
    pub fn probed(&self, probes: ProbeArgs) -> StackSubject {
        StackSubject { probes: !probes.no_probes, ..self.subject() }
    }
}
