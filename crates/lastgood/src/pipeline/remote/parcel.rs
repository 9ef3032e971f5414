//! A case that is captured on another host and comes here: in a folder there that is gone afterwards, whatever happened, and as a
//! parcel on the agent's standard output. What a case holds is `capture`'s.

use std::fs::File;
use std::path::{Path, PathBuf};

use lastgood_world::NewFolder;
use lastgood_world::parcel::{ParcelFault, receive};

use super::{Asked, HostFault, TO_ASK};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::capture::failed;
use crate::render::answer::View;

/// Beside the logs, which have a limit of their own, a case holds little: what an engine says, and files of a project.
const BESIDE_LOGS: u64 = 64 << 20;

/// Where a case goes that comes from elsewhere.
#[derive(Debug)]
pub struct Expected {
    path: PathBuf,
    folder: NewFolder,
    most: u64,
}

impl Expected {
    /// Makes sure that it can be written, before anybody is asked. More than `most` bytes of logs are not taken.
    ///
    /// # Errors
    /// If something is there already, or nothing can be written there.
    pub fn at(path: &Path, most: u64) -> Result<Self, Complaint> {
        let folder = NewFolder::begin(path).map_err(|error| failed(path, &error))?;
        Ok(Self { path: path.to_owned(), folder, most: most.saturating_add(BESIDE_LOGS) })
    }
}

impl Asked {
    /// Has a case captured there and brings it here, with what the agent says of it. Its complaints go where ours would.
    ///
    /// # Errors
    /// If the host cannot be reached any more, or the case does not arrive as a whole; nothing is left of it then, here or there.
    pub fn capture(
        &self,
        expected: Expected,
        typed: &[String],
        settings: Option<&Path>,
        view: View,
        io: &mut Io<'_>,
    ) -> anyhow::Result<Exit> {
        let fault = |fault: HostFault| Complaint::Host { host: self.target.host.clone(), fault };
        let Expected { path, folder, most } = expected;
        let script = self.script(typed, self.meant(typed).as_deref(), settings.is_some(), true, view);
        let settings = settings.map(File::open).transpose()?;
        let (parcel, code) = self.ssh.stream(&script, settings, TO_ASK, |stream| receive(stream, &folder, most));
        let said = match parcel {
            Some(Ok(said)) => Some(said),
            // It may have nothing to send; its exit code tells.
            Some(Err(ParcelFault::Incomplete)) | None => None,
            Some(Err(ParcelFault::Foreign(what))) => return Err(fault(HostFault::Foreign(what)).into()),
            Some(Err(ParcelFault::TooLarge(most))) => return Err(fault(HostFault::TooLarge(most)).into()),
            Some(Err(ParcelFault::Io(why))) => {
                return Err(Complaint::Write { path: path.display().to_string(), why }.into());
            }
        };
        match self.exit(code.map_err(|error| fault(error.into()))?).map_err(fault)? {
            Exit::Good => {
                let said = said.ok_or_else(|| fault(HostFault::Incomplete))?;
                folder.finish().map_err(|error| failed(&path, &error))?;
                io.answer(&String::from_utf8_lossy(&said))?;
                Ok(Exit::Good)
            }
            exit => Ok(exit),
        }
    }
}
