//! `storage/disk-full` by state: a file system that the engine, the project or the logs are on has no room now. What somebody
//! wrote about it is another rule's.

use std::sync::Arc;

use lastgood_model::stack::FileSystem;
use lastgood_model::{Ailment, CauseCode, Ref, StateClaim, Weight};

use super::{Fault, edge};
use crate::rules::Depth;
use crate::stack_scene::StackScene;

/// With less than this nothing can be written for long.
const LEAST_BYTES: u64 = 16 << 20;
/// Inodes likewise.
const LEAST_INODES: u64 = 64;

/// Proposes one fault, of the fullest file system.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.stack.host.file_systems.iter().find_map(|system| of(scene, system)).into_iter().collect()
}

fn of(scene: &StackScene<'_>, system: &FileSystem) -> Option<Fault> {
    // A file system that is made to be full, as an image, has no room by design.
    if system.read_only || system.bytes == 0 {
        return None;
    }
    // A small one may have little and be fine.
    let no_bytes = system.free < LEAST_BYTES.min(system.bytes / 100);
    let no_inodes = system.inodes > 0 && system.inodes_free < LEAST_INODES.min(system.inodes / 100);
    if !no_bytes && !no_inodes {
        return None;
    }
    let reference = Ref::Key { source: Arc::from("host"), key: Arc::from(format!("disk {}", system.path)) };
    let claim = StateClaim::FileSystemFull { path: Arc::clone(&system.path), inodes: !no_bytes };
    let first_bad = edge(scene.stack.at, reference.clone());
    let host = Arc::from("host");
    Some(Fault::new(CauseCode::DiskFull, &host, Ailment::HostShort, Depth::Origin, first_bad).led(
        None,
        claim,
        reference,
        Weight::Decisive,
    ))
}
