//! Room on the host: disk, inodes, memory, open files; and its clock.

use lastgood_model::check::{Finding, Flaw, Severity};

use super::{HOST, Look, finding, of_host};

const GIB: u64 = 1 << 30;

/// File systems that are full, nearly full, or cannot be written to.
pub(super) fn file_systems(look: &Look<'_>, found: &mut Vec<Finding>) {
    for system in &look.stack.host.file_systems {
        let path = || system.path.clone();
        let mut add = |severity, flaw| found.push(finding(severity, HOST, flaw, Some(of_host(&system.path))));
        if system.read_only {
            add(Severity::WillBreak, Flaw::DiskReadOnly { path: path() });
            continue;
        }
        // A share alone says little of a small disk, and bytes alone say little of a large one.
        let (free, bytes) = (system.free, system.bytes);
        let disk = || Flaw::DiskShort { path: path(), free, bytes };
        if (free < GIB && is_below(free, bytes, 20)) || (is_below(free, bytes, 5) && free < 10 * GIB) {
            add(Severity::WillBreak, disk());
        } else if is_below(free, bytes, 10) && free < 20 * GIB {
            add(Severity::WorthKnowing, disk());
        }
        let (free, inodes) = (system.inodes_free, system.inodes);
        if is_below(free, inodes, 10) {
            let severity = if is_below(free, inodes, 5) { Severity::WillBreak } else { Severity::WorthKnowing };
            add(severity, Flaw::InodesShort { path: path(), free, inodes });
        }
    }
}

/// Nothing left for another program.
pub(super) fn memory(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some(memory) = &look.stack.host.memory else { return };
    let left = memory.available.saturating_add(memory.swap_free);
    if is_below(left, memory.total, 5) {
        let flaw = Flaw::MemoryShort { available: memory.available, total: memory.total };
        found.push(finding(Severity::WorthKnowing, HOST, flaw, Some(of_host("memory"))));
    }
}

/// Nobody sets the clock right: tokens and certificates are judged by it.
pub(super) fn clock(look: &Look<'_>, found: &mut Vec<Finding>) {
    if look.stack.host.clock_synchronised == Some(false) {
        found.push(finding(Severity::WorthKnowing, HOST, Flaw::ClockAdrift, Some(of_host("clock"))));
    }
}

/// The whole system is about to run out of open files.
pub(super) fn open_files(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some((open, most)) = look.stack.host.open_files else { return };
    if is_below(most.saturating_sub(open), most, 10) {
        let flaw = Flaw::OpenFilesShort { open, most };
        found.push(finding(Severity::WorthKnowing, HOST, flaw, Some(of_host("open files"))));
    }
}

/// Whether a part is less than so many hundredths; of nothing, it never is.
fn is_below(part: u64, whole: u64, percent: u64) -> bool {
    whole > 0 && u128::from(part) * 100 < u128::from(whole) * u128::from(percent)
}
