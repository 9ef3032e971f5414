//! Invented clients: addresses from the documentation ranges, and common user agents.
//! No address here belongs to anyone (RFC 5737, RFC 3849).

use fastrand::Rng;

/// User agents, the most frequent first.
pub const AGENTS: [&str; 10] = [
    "Mozilla/5.0 (Linux; Android 14; SM-S911N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "ShopApp/5.1 (Android 13; okhttp/4.12.0)",
    "curl/7.88.1",
    "python-requests/2.32.3",
    "kube-probe/1.29",
];

/// The distinct addresses that the documentation ranges offer to a set.
const IPV4: u32 = 3 * 253;

/// The `index`-th invented address: three IPv4 documentation nets, then the IPv6 one.
#[must_use]
pub fn address(index: u32) -> String {
    if index >= IPV4 {
        return format!("2001:db8:{:x}::{:x}", index / 500, index % 500 + 1);
    }
    // Neighbouring indices land in different nets, as real visitors do.
    let last = index / 3 + 1;
    match index % 3 {
        0 => format!("203.0.113.{last}"),
        1 => format!("198.51.100.{last}"),
        _ => format!("192.0.2.{last}"),
    }
}

/// `n` distinct addresses in random order.
pub fn crowd(rng: &mut Rng, n: usize) -> Vec<String> {
    let pool = (n as u32).max(IPV4);
    let mut indices: Vec<u32> = (0..pool).collect();
    rng.shuffle(&mut indices);
    indices.into_iter().take(n).map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn addresses_are_distinct_and_documentary() {
        let crowd = crowd(&mut Rng::with_seed(5), 1_500);
        assert_eq!(crowd.iter().collect::<HashSet<_>>().len(), 1_500);
        for address in crowd {
            let nets = ["203.0.113.", "198.51.100.", "192.0.2.", "2001:db8:"];
            assert!(nets.iter().any(|net| address.starts_with(net)), "{address}");
            assert!(address.parse::<std::net::IpAddr>().is_ok(), "{address}");
        }
    }
}
