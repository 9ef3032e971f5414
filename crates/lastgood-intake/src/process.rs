//! What the kernel tells of a process: sockets on which something listens, and how often memory ran out in its cgroup.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use lastgood_model::snapshot::Listening;

/// The kernel's number for a socket that listens.
const LISTEN: &str = "0A";

/// Sockets that listen, from `/proc/PID/net/tcp` or `tcp6`.
#[must_use]
pub fn listening(table: &[u8]) -> Vec<Listening> {
    let mut found: Vec<Listening> = sockets(table).into_iter().map(|(listening, _)| listening).collect();
    found.sort();
    found.dedup();
    found
}

/// The same, each with the inode by which processes hold it.
#[must_use]
pub fn sockets(table: &[u8]) -> Vec<(Listening, u64)> {
    let text = String::from_utf8_lossy(table);
    let rows = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (local, _, state) = (words.next()?, words.next()?, words.next()?);
        let (address, port) = local.split_once(':').filter(|_| state == LISTEN)?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let inode = words.nth(5).and_then(|inode| inode.parse().ok()).unwrap_or(0);
        Some((Listening { address: Arc::from(shown(address)?.to_string()), port }, inode))
    });
    rows.collect()
}

/// An address as the kernel writes it: words of four bytes, each in the order of the machine.
fn shown(hex: &str) -> Option<IpAddr> {
    let word =
        |at: usize| -> Option<[u8; 4]> { Some(u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?.to_ne_bytes()) };
    match hex.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index * 8)?);
            }
            Some(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical())
        }
        _ => None,
    }
}

/// How often the kernel killed for lack of memory, from `memory.events` or `memory.oom_control`; older kernels do not say.
#[must_use]
pub fn oom_kills(account: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(account);
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn sockets_that_listen() {
        let table = b"  sl  local_address rem_address   st tx_queue rx_queue\n   \
            0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1115866\n   \
            1: 0B00007F:B67F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1115758\n   \
            2: 0100007F:1F40 0100007F:D9F8 06 00000000:00000000 03:00000CB7 00000000     0        0 0\n";
        let of = |address: &str, port| Listening { address: Arc::from(address), port };
        assert_eq!(listening(table), [of("0.0.0.0", 8000), of("127.0.0.11", 46_719)]);
        assert_eq!(sockets(table)[0], (of("0.0.0.0", 8000), 1_115_866));
        let six = b"0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A\n\
            1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A\n";
        assert_eq!(listening(six), [of("::", 80), of("::1", 8080)]);
        assert!(listening(b"0: zz:1 x 0A\n\xff\n0:").is_empty());
    }

    #[test]
    fn kills_of_both_kinds_of_cgroups() {
        assert_eq!(oom_kills(b"low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"), Some(2));
        assert_eq!(oom_kills(b"oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"), Some(1));
        assert_eq!(oom_kills(b"oom_kill_disable 0\nunder_oom 0\n"), None);
    }
}
