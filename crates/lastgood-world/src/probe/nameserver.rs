//! One nameserver, asked for the addresses of one name over UDP, and over TCP where the answer does not fit. It knows no
//! search list and no other nameserver.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};

use super::deadline::Deadline;

/// A question that got lost is put again after this.
const AGAIN: Duration = Duration::from_millis(400);
/// How long the second answer is waited for when the first one was enough to go on with.
const GRACE: Duration = Duration::from_millis(150);
const LARGEST: usize = 4096;
/// No name has more.
const MOST_ADDRESSES: usize = 32;

/// What a nameserver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// These.
    Addresses(Vec<IpAddr>),
    /// That there are none, in its word for it: `NXDOMAIN`, `NODATA`.
    None(&'static str),
    /// That it cannot say: `SERVFAIL`, `REFUSED`.
    Unable(&'static str),
}

/// Asks it.
///
/// # Errors
/// If nothing came back in time, or it cannot be reached.
pub(super) fn addresses(server: SocketAddr, name: &str, deadline: Deadline) -> io::Result<Said> {
    let name = Name::new(name).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    let questions = [question(&name, TYPE::A)?, question(&name, TYPE::AAAA)?];
    let mut answers: [Option<Said>; 2] = [None, None];
    let mut again = deadline.at_most(Duration::ZERO);
    let mut end = deadline;
    loop {
        if again.is_over() {
            for ((_, bytes), answer) in questions.iter().zip(&answers) {
                if answer.is_none() {
                    socket.send(bytes)?;
                }
            }
            again = deadline.at_most(AGAIN);
        }
        let left = end.left().min(again.left()).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(left))?;
        let mut buffer = [0; LARGEST];
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                for ((id, query), answer) in questions.iter().zip(&mut answers) {
                    if answer.is_none() {
                        *answer = read(bytes, *id)
                            .map(|read| match read {
                                Ok(said) => Ok(said),
                                // It did not fit.
                                Err(()) => over_tcp(server, *id, query, deadline),
                            })
                            .transpose()?;
                    }
                }
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        match &answers {
            [Some(_), Some(_)] => break,
            [Some(Said::Addresses(_)), None] | [None, Some(Said::Addresses(_))] => end = end.at_most(GRACE),
            _ => {}
        }
        if end.is_over() {
            break;
        }
    }
    let [v4, v6] = answers;
    joined(v6, v4).ok_or_else(|| io::Error::from(ErrorKind::TimedOut))
}

/// The better of both answers, or both.
fn joined(one: Option<Said>, other: Option<Said>) -> Option<Said> {
    match (one, other) {
        (Some(Said::Addresses(mut all)), Some(Said::Addresses(more))) => {
            all.extend(more);
            all.truncate(MOST_ADDRESSES);
            Some(Said::Addresses(all))
        }
        (Some(Said::Addresses(all)), _) | (_, Some(Said::Addresses(all))) => Some(Said::Addresses(all)),
        (Some(Said::Unable(word)), _) | (_, Some(Said::Unable(word))) => Some(Said::Unable(word)),
        // One that is known to have no address of one family may have one of the other.
        (Some(Said::None("NODATA")), None) | (None, Some(Said::None("NODATA"))) => None,
        (Some(said), _) | (_, Some(said)) => Some(said),
        (None, None) => None,
    }
}

fn question(name: &Name<'_>, kind: TYPE) -> io::Result<(u16, Vec<u8>)> {
    let id = RandomState::new().build_hasher().finish().to_le_bytes();
    let id = u16::from_le_bytes([id[0], id[1]]);
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(name.clone(), kind.into(), CLASS::IN.into(), false));
    let bytes = packet.build_bytes_vec().map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    Ok((id, bytes))
}

/// `None` if it is not the answer to this question; `Err` if it is cut short.
fn read(bytes: &[u8], id: u16) -> Option<Result<Said, ()>> {
    let packet = Packet::parse(bytes).ok()?;
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Some(Err(()));
    }
    Some(Ok(match packet.rcode() {
        RCODE::NoError => {
            let addresses = packet.answers.iter().filter_map(|record| match &record.rdata {
                RData::A(a) => Some(IpAddr::V4(Ipv4Addr::from(a.address))),
                RData::AAAA(a) => Some(IpAddr::V6(Ipv6Addr::from(a.address))),
                _ => None,
            });
            let addresses: Vec<IpAddr> = addresses.take(MOST_ADDRESSES).collect();
            if addresses.is_empty() { Said::None("NODATA") } else { Said::Addresses(addresses) }
        }
        RCODE::NameError => Said::None("NXDOMAIN"),
        RCODE::ServerFailure => Said::Unable("SERVFAIL"),
        RCODE::Refused => Said::Unable("REFUSED"),
        RCODE::FormatError => Said::Unable("FORMERR"),
        RCODE::NotImplemented => Said::Unable("NOTIMP"),
        _ => Said::Unable("an error without a name"),
    }))
}

fn over_tcp(server: SocketAddr, id: u16, query: &[u8], deadline: Deadline) -> io::Result<Said> {
    let left = || Some(deadline.left().max(Duration::from_millis(1)));
    let mut stream = TcpStream::connect_timeout(&server, left().unwrap_or_default())?;
    stream.set_write_timeout(left())?;
    let length = u16::try_from(query.len()).unwrap_or_default().to_be_bytes();
    stream.write_all(&[&length, query].concat())?;
    let mut wanted = 2;
    let mut answer = Vec::new();
    while answer.len() < wanted {
        if deadline.is_over() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(left())?;
        let mut piece = [0; LARGEST];
        let room = piece.get_mut(..LARGEST.min(wanted - answer.len())).unwrap_or_default();
        match stream.read(room)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(room.get(..read).unwrap_or_default()),
        }
        if let (2, [high, low, ..]) = (wanted, answer.as_slice()) {
            wanted += usize::from(u16::from_be_bytes([*high, *low]));
        }
    }
    match read(answer.get(2..).unwrap_or_default(), id) {
        Some(Ok(said)) => Ok(said),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_message_panics(id in proptest::num::u16::ANY, heard in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let _none = read(&heard, id);
            let header = [&id.to_be_bytes()[..], &[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0], &heard].concat();
            let _some = read(&header, id);
        }
    }

    #[test]
    fn what_both_say_is_joined() {
        let one = || Some(Said::Addresses(vec![Ipv4Addr::LOCALHOST.into()]));
        assert_eq!(joined(None, one()), one());
        assert_eq!(joined(Some(Said::Unable("SERVFAIL")), one()), one());
        assert_eq!(joined(Some(Said::None("NODATA")), None), None);
        assert_eq!(joined(Some(Said::None("NXDOMAIN")), None), Some(Said::None("NXDOMAIN")));
        assert_eq!(joined(Some(Said::None("NODATA")), Some(Said::Unable("SERVFAIL"))), Some(Said::Unable("SERVFAIL")));
    }
}
