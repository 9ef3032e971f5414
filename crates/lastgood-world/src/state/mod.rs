//! What a deploy keeps on its target, below `.lastgood/`: the ledger, the lease that locks the target, the releases.
//! Records, holders and files are somebody else's; here they are only kept whole, or told to be damaged.

mod away;
pub mod bundle;
mod displace;
mod folder;
mod frame;
mod hands;
mod keeping;
pub mod lease;
pub mod ledger;
mod place;
mod releases;
pub mod reserve;
mod trouble;

pub use displace::displace;
pub use frame::{FRAME_VERSION, Flaw};
pub use hands::{hold, in_hand};
pub use keeping::{Kept, NewFile};
pub use lease::{Former, Holder, Lease, Renewal, Take};
pub use ledger::{Entry, Ledger};
pub use place::{Before, Placed, PlacedFile, Placement, Way};
pub use releases::{Recorded, Releases, Wrong};
pub use trouble::{Doing, StateError, Why};

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use folder::Folder;
use ring::rand::{SecureRandom, SystemRandom};

/// The folder of the state, `.lastgood` below a project's folder: it is created if it is not there, and is for its owner
/// alone (0700) afterwards.
///
/// # Errors
/// If it is a link or no folder, and what the system says.
pub fn prepare(project: &Path) -> Result<PathBuf, StateError> {
    let folder = Folder::named(project, Doing::Write)?.made(OsStr::new(".lastgood"), 0o700)?;
    folder.close_to_others()?;
    Ok(folder.path().to_owned())
}

/// Sixteen random bytes as hexadecimal digits: names that nobody else chooses, and the token of a lease.
fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |text, byte| text + &format!("{byte:02x}"))
}
