//! A name to addresses, as the C library of whoever asks would do it: `/etc/hosts`, then the nameservers, domains and dots of
//! `/etc/resolv.conf`. Own code, since the C library does not tell a name that is not there from a nameserver that fails.
//! Other sources (mDNS, LDAP) are not asked.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use lastgood_model::{Asked, TurnEnd};

use super::deadline::Deadline;
use super::nameserver::{self, Said};
use super::record::Record;
use crate::settings::read_small;

/// What of a probe's time may go into names.
const LONGEST: Duration = Duration::from_millis(1_300);
const DNS_PORT: u16 = 53;
/// As many as the C library knows.
const MOST_SERVERS: usize = 3;
const MOST_DOMAINS: usize = 6;
/// More are not called.
const MOST_ADDRESSES: usize = 8;

/// The addresses, those first to which there is a way. None if there are none: the record says why. A name is looked up once
/// in a probe.
pub(super) fn resolve(host: &str, record: &mut Record) -> Vec<IpAddr> {
    if let Some((_, addresses)) = record.known.as_ref().filter(|(known, _)| **known == *host) {
        return addresses.clone();
    }
    let addresses = resolve_anew(host, record);
    record.known = Some((host.into(), addresses.clone()));
    addresses
}

fn resolve_anew(host: &str, record: &mut Record) -> Vec<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse() {
        record.addresses(std::iter::once(host.to_owned()));
        return vec![address];
    }
    let file = |path: &str| read_small(Path::new(path)).unwrap_or_default();
    let deadline = record.deadline.at_most(LONGEST);
    let (heard, ended) = match look_up(host, &file("/etc/hosts"), &file("/etc/resolv.conf"), deadline) {
        Ok(Said::Addresses(mut addresses)) => {
            record.addresses(addresses.iter().map(ToString::to_string));
            addresses.sort_by_key(|address| !has_way(*address));
            addresses.truncate(MOST_ADDRESSES);
            record.turn(Asked::Name, Vec::new(), TurnEnd::Complete);
            return addresses;
        }
        Ok(Said::None(word) | Said::Unable(word)) => (word, TurnEnd::Complete),
        Err(error) => ("", error.raw_os_error().map_or(TurnEnd::TimedOut, TurnEnd::System)),
    };
    record.turn(Asked::Name, heard.into(), ended);
    Vec::new()
}

fn look_up(host: &str, hosts: &[u8], resolv_conf: &[u8], deadline: Deadline) -> io::Result<Said> {
    let addresses = in_hosts(host, hosts);
    if !addresses.is_empty() {
        return Ok(Said::Addresses(addresses));
    }
    let plain = host.trim_end_matches('.').to_ascii_lowercase();
    if plain == "localhost" || plain.ends_with(".localhost") {
        return Ok(Said::Addresses(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]));
    }
    if plain.is_empty() {
        return Ok(Said::None("NXDOMAIN"));
    }
    // Lines that do not parse are passed over, as by the C library.
    let (config, _errors) = resolv_conf::Config::parse_with_errors(resolv_conf);
    let servers: Vec<SocketAddr> = (config.nameservers.iter())
        .map(|server| match server {
            resolv_conf::ScopedIp::V4(address) => SocketAddr::from((*address, DNS_PORT)),
            resolv_conf::ScopedIp::V6(address, _) => SocketAddr::from((*address, DNS_PORT)),
        })
        .take(MOST_SERVERS)
        .collect();
    let servers = if servers.is_empty() { vec![(Ipv4Addr::LOCALHOST, DNS_PORT).into()] } else { servers };
    let domains: Vec<String> = config.get_last_search_or_domain().take(MOST_DOMAINS).cloned().collect();
    let mut worst = Ok(Said::None("NXDOMAIN"));
    for name in candidates(host, &domains, usize::try_from(config.ndots).unwrap_or(1)) {
        match ask(&servers, &name, deadline) {
            Ok(Said::Addresses(addresses)) => return Ok(Said::Addresses(addresses)),
            // A name that is too long or badly written is not there.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            Ok(Said::None(word)) => {
                if word == "NODATA" && matches!(worst, Ok(Said::None(_))) {
                    worst = Ok(Said::None(word));
                }
            }
            failed => worst = failed,
        }
    }
    worst
}

/// One server after the other, as the C library does: the first one that knows, knows.
fn ask(servers: &[SocketAddr], name: &str, deadline: Deadline) -> io::Result<Said> {
    let mut last = Err(ErrorKind::TimedOut.into());
    for (number, server) in servers.iter().enumerate() {
        let share = deadline.left() / u32::try_from(servers.len() - number).unwrap_or(1);
        match nameserver::addresses(*server, name, deadline.at_most(share)) {
            Ok(said @ (Said::Addresses(_) | Said::None(_))) => return Ok(said),
            failed => last = failed,
        }
    }
    last
}

/// The names that stand for this one, in the order in which they are tried.
fn candidates(host: &str, domains: &[String], dots: usize) -> Vec<String> {
    let plain = host.trim_end_matches('.').to_owned();
    if host.ends_with('.') {
        return vec![plain];
    }
    let below = domains.iter().map(|domain| format!("{plain}.{}", domain.trim_matches('.')));
    let below = below.map(|name| name.trim_end_matches('.').to_owned());
    if plain.matches('.').count() >= dots {
        std::iter::once(plain.clone()).chain(below).collect()
    } else {
        below.chain(std::iter::once(plain.clone())).collect()
    }
}

/// The addresses of a name in a hosts file.
fn in_hosts(host: &str, hosts: &[u8]) -> Vec<IpAddr> {
    let host = host.trim_end_matches('.');
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(hosts).lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse) else { continue };
        if words.any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host)) && !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// Whether the kernel knows a way there; nothing is sent.
fn has_way(address: IpAddr) -> bool {
    let any: SocketAddr = match address {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).and_then(|socket| socket.connect((address, DNS_PORT))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_file_is_read_as_the_c_library_does() {
        let hosts =
            b"# 10.0.0.9 db\n127.0.0.1 localhost\n::1 localhost ip6-localhost # me\n10.0.0.5\tDB db.internal\nx db\n";
        let shown = |name| in_hosts(name, hosts).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown("localhost"), ["127.0.0.1", "::1"]);
        assert_eq!(shown("db"), ["10.0.0.5"]);
        assert_eq!(shown("db.internal."), ["10.0.0.5"]);
        assert_eq!(shown("me"), [""; 0]);
    }

    #[test]
    fn names_with_few_dots_are_looked_for_in_the_domains_first() {
        let domains = ["shop.internal".to_owned(), "internal".to_owned()];
        assert_eq!(candidates("db", &domains, 1), ["db.shop.internal", "db.internal", "db"]);
        assert_eq!(candidates("db", &domains, 0), ["db", "db.shop.internal", "db.internal"]);
        assert_eq!(candidates("db.eu", &domains, 1), ["db.eu", "db.eu.shop.internal", "db.eu.internal"]);
        assert_eq!(candidates("db.", &domains, 1), ["db"]);
        assert_eq!(candidates("db", &[".".to_owned()], 0), ["db", "db"]);
    }
}
