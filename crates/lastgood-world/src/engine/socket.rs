//! A connection to an engine for the HTTP client: a stream with deadlines. It knows nothing of what is sent.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
use ureq::{Error, config::Config};

use super::endpoint::Endpoint;

/// Connects to one endpoint, whatever the address in the request says.
#[derive(Debug)]
pub(super) struct ToEndpoint(pub(super) Endpoint);

impl Connector for ToEndpoint {
    type Out = Socket;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<Socket>, Error> {
        let limit = details.timeout.not_zero().map_or(Duration::MAX, |limit| *limit);
        let (stream, helper) = match &self.0 {
            Endpoint::Unix(path) => (Stream::Unix(connect_within(path.clone(), limit)?), None),
            Endpoint::Tcp(address) => {
                let addresses = address.to_socket_addrs().map_err(Error::Io)?;
                let connect = |address| TcpStream::connect_timeout(&address, limit);
                let nowhere = || Err(io::Error::from(ErrorKind::NotFound));
                let stream = addresses.map(connect).reduce(Result::or).unwrap_or_else(nowhere);
                (Stream::Tcp(stream.map_err(Error::Io)?), None)
            }
            Endpoint::ThroughDocker(_) => {
                let (stream, child) = dial().map_err(Error::Io)?;
                (Stream::Unix(stream), Some(child))
            }
        };
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Socket { stream, buffers, helper }))
    }
}

/// Connecting to a socket blocks while its queue is full, as that of a daemon which hangs; and it cannot be told for how
/// long. So it is done aside, and left behind if it takes too long.
fn connect_within(path: PathBuf, limit: Duration) -> Result<UnixStream, Error> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _too_late = sender.send(UnixStream::connect(path));
    });
    match receiver.recv_timeout(limit) {
        Ok(connected) => connected.map_err(Error::Io),
        Err(_) => Err(Error::Timeout(ureq::Timeout::Connect)),
    }
}

/// Lets the user's `docker` connect, which finds the same engine by the same variables and files, and holds keys and
/// certificates. Its standard streams are our connection.
fn dial() -> io::Result<(UnixStream, Child)> {
    let (ours, theirs) = UnixStream::pair()?;
    let input = OwnedFd::from(theirs.try_clone()?);
    let child = Command::new("docker")
        .args(["system", "dial-stdio"])
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .stderr(Stdio::null())
        .spawn()?;
    Ok((ours, child))
}

#[derive(Debug)]
enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    buffers: LazyBuffers,
    /// The `docker` that connects for us.
    helper: Option<Child>,
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let limit = timeout.not_zero().map(|limit| *limit);
        let bytes = self.buffers.output().get(..amount).unwrap_or_default();
        let written = match &mut self.stream {
            Stream::Unix(stream) => stream.set_write_timeout(limit).and_then(|()| stream.write_all(bytes)),
            Stream::Tcp(stream) => stream.set_write_timeout(limit).and_then(|()| stream.write_all(bytes)),
        };
        written.map_err(|error| of_io(error, &timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let limit = timeout.not_zero().map(|limit| *limit);
        let room = self.buffers.input_append_buf();
        let mut read = || match &mut self.stream {
            Stream::Unix(stream) => stream.set_read_timeout(limit).and_then(|()| stream.read(room)),
            Stream::Tcp(stream) => stream.set_read_timeout(limit).and_then(|()| stream.read(room)),
        };
        // A signal that meant nothing, as after a pause of the machine, is no end of waiting.
        let amount = loop {
            match read() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(|error| of_io(error, &timeout))?,
            }
        };
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        // Each connection serves one request.
        false
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(child) = &mut self.helper {
            // It may have ended by itself; it is waited for, so that no dead child stays.
            let _ended_already = child.kill();
            let _status = child.wait();
        }
    }
}

/// A deadline that passes shows itself as a call that would have to wait.
fn of_io(error: io::Error, timeout: &NextTimeout) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    }
}

/// Looks nothing up: the connector knows where to go.
#[derive(Debug)]
pub(super) struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}
