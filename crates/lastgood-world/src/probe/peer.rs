//! Peer: a connection to whom is asked, plain or with TLS. Whatever is read or written of it ends at the deadline, and of an
//! answer that does not end only so much is read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use lastgood_model::{Asked, TurnEnd};
use rustls::{ClientConnection, StreamOwned};

use super::deadline::Deadline;
use super::name::resolve;
use super::record::Record;

/// More of one answer is not read, in bytes.
pub(super) const MOST_HEARD: usize = 64 * 1024;
/// First bytes that are kept as they came, below TLS.
const HEAD: usize = 256;

/// A connection.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    wire: Wire,
}

enum Wire {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

/// A socket whose calls end at a deadline.
pub(super) struct Socket {
    stream: TcpStream,
    pub(super) deadline: Deadline,
    /// The first bytes that came.
    pub(super) head: Vec<u8>,
}

/// Looks the name up and calls its addresses until one accepts.
pub(super) fn call(host: &str, port: u16, record: &mut Record) -> Option<Peer> {
    let addresses = resolve(host, record);
    let mut left = addresses.len();
    for address in addresses {
        let share = record.deadline.left() / u32::try_from(left).unwrap_or(1).max(1);
        left = left.saturating_sub(1);
        let (peer, ended) = match dial((address, port).into(), record.deadline.at_most(share), record.deadline) {
            Ok(peer) => (Some(peer), TurnEnd::Complete),
            Err(error) => (None, end_of(&error)),
        };
        record.turn(Asked::Connect, shown(address, port).into_bytes(), ended);
        if peer.is_some() {
            return peer;
        }
    }
    None
}

/// Calls an address that accepted before.
pub(super) fn call_again(address: SocketAddr, record: &Record) -> Option<Peer> {
    dial(address, record.deadline, record.deadline).ok()
}

fn dial(address: SocketAddr, until: Deadline, deadline: Deadline) -> io::Result<Peer> {
    if until.is_over() {
        return Err(ErrorKind::TimedOut.into());
    }
    let stream = TcpStream::connect_timeout(&address, until.left().max(Duration::from_millis(1)))?;
    // Small questions are to leave at once; if that is refused, they leave a little later.
    let _slower = stream.set_nodelay(true);
    Ok(Peer { address, wire: Wire::Plain(Socket { stream, deadline, head: Vec::new() }) })
}

fn shown(address: IpAddr, port: u16) -> String {
    SocketAddr::from((address, port)).to_string()
}

impl Peer {
    /// Says something. That a peer does not listen any more is no reason not to hear what it said before.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        let _gone = match &mut self.wire {
            Wire::Plain(socket) => socket.write_all(bytes),
            Wire::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
    }

    /// Hears an answer until it is complete; `is_complete` looks at all of it.
    pub(super) fn hear(&mut self, is_complete: impl FnMut(&[u8]) -> bool) -> (Vec<u8>, TurnEnd) {
        self.hear_until(None, is_complete)
    }

    /// The same, for so long at most.
    pub(super) fn hear_for(&mut self, longest: Duration, is_complete: impl FnMut(&[u8]) -> bool) -> (Vec<u8>, TurnEnd) {
        self.hear_until(Some(longest), is_complete)
    }

    fn hear_until(
        &mut self,
        longest: Option<Duration>,
        mut is_complete: impl FnMut(&[u8]) -> bool,
    ) -> (Vec<u8>, TurnEnd) {
        let whole = self.socket().deadline;
        if let Some(longest) = longest {
            self.socket().deadline = whole.at_most(longest);
        }
        let mut heard = Vec::new();
        let mut buffer = [0; 8 * 1024];
        let ended = loop {
            if self.socket().deadline.is_over() {
                break TurnEnd::TimedOut;
            }
            match self.read(&mut buffer) {
                Ok(0) => break TurnEnd::Closed,
                Ok(read) => heard.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => break end_of(&error),
            }
            if is_complete(&heard) {
                break TurnEnd::Complete;
            }
            if heard.len() >= MOST_HEARD {
                break TurnEnd::Cut;
            }
        };
        self.socket().deadline = whole;
        (heard, ended)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.wire {
            Wire::Plain(socket) => socket.read(buffer),
            Wire::Tls(stream) => stream.read(buffer),
        }
    }

    pub(super) fn socket(&mut self) -> &mut Socket {
        match &mut self.wire {
            Wire::Plain(socket) => socket,
            Wire::Tls(stream) => &mut stream.sock,
        }
    }

    /// The same peer, from here on with TLS.
    pub(super) fn with_tls(self, connection: ClientConnection) -> Self {
        match self.wire {
            Wire::Plain(socket) => {
                Self { address: self.address, wire: Wire::Tls(Box::new(StreamOwned::new(connection, socket))) }
            }
            tls @ Wire::Tls(_) => Self { address: self.address, wire: tls },
        }
    }

    pub(super) const fn is_secure(&self) -> bool {
        matches!(self.wire, Wire::Tls(_))
    }

    /// The connection's TLS, if it has it.
    pub(super) fn tls(&mut self) -> Option<&mut StreamOwned<ClientConnection, Socket>> {
        match &mut self.wire {
            Wire::Plain(_) => None,
            Wire::Tls(stream) => Some(stream),
        }
    }

    /// Says goodbye in the way of the protocol, and hangs up properly.
    pub(super) fn part(mut self, last_words: &[u8]) {
        if !last_words.is_empty() {
            self.say(last_words);
        }
        if let Wire::Tls(stream) = &mut self.wire {
            stream.conn.send_close_notify();
            let _gone = stream.conn.write_tls(&mut stream.sock);
        }
        let _gone = self.socket().stream.shutdown(Shutdown::Write);
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.left();
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let read = self.stream.read(buffer)?;
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend(buffer.get(..read.min(room)).unwrap_or_default());
        Ok(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.deadline.left();
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a turn ended that an error ended. A time that is up shows itself as a call that would have to wait.
pub(super) fn end_of(error: &io::Error) -> TurnEnd {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut if error.raw_os_error().is_none_or(is_waiting) => TurnEnd::TimedOut,
        ErrorKind::UnexpectedEof | ErrorKind::WriteZero => TurnEnd::Closed,
        _ => error.raw_os_error().map_or(TurnEnd::Tls, TurnEnd::System),
    }
}

/// `EAGAIN` of a socket with a time limit. That the kernel gave up (`ETIMEDOUT`) is an error of its own.
fn is_waiting(number: i32) -> bool {
    number == rustix::io::Errno::AGAIN.raw_os_error()
}
