//! One HTTP request of a user's own, and what comes back: no redirect is followed, nothing is tried again, no proxy of the environment
//! is used. Probes of dependencies, which see more and say less, are `probe`'s.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use ureq::http;
use ureq::{Agent, Error};

/// More of a body is not read, in bytes.
const MOST: u64 = 1024 * 1024;

/// Whoever is closed by the one behind is closed within this.
const MOMENT: Duration = Duration::from_millis(100);

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Where to.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// All of it takes no longer.
    pub within: Duration,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody listens there.
    Refused,
    /// It took longer, in milliseconds.
    TookTooLong(u128),
    /// The connection ended before an answer.
    Closed,
    /// It is no request that could be made, or something else, in the library's words.
    Other(String),
}

/// Puts a request.
///
/// # Errors
/// If there is no answer to it.
pub fn put(request: &Request) -> Result<Response, Unanswered> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(request.within))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .build()
        .into();
    let mut built = http::Request::builder().method(request.method.as_str()).uri(&request.url);
    for (name, value) in &request.headers {
        built = built.header(name, value);
    }
    let built = built.body(request.body.as_slice()).map_err(|error| Unanswered::Other(error.to_string()))?;
    let answered = agent.run(built).map_err(|error| unanswered(error, request.within))?;
    let status = answered.status().as_u16();
    let mut body = answered.into_body();
    // What is longer is cut: its beginning says enough.
    let mut read = Vec::new();
    let mut reader = io::Read::take(body.as_reader(), MOST);
    match io::Read::read_to_end(&mut reader, &mut read) {
        Ok(_) => Ok(Response { status, body: read }),
        Err(error) => Err(of_io(&error, request.within)),
    }
}

/// Whether somebody takes connections there.
///
/// # Errors
/// If nobody does.
pub fn connects(host: &str, port: u16, within: Duration) -> Result<(), Unanswered> {
    let addresses = (host, port).to_socket_addrs().map_err(|error| of_io(&error, within))?;
    let mut last = Unanswered::Refused;
    for address in addresses {
        match TcpStream::connect_timeout(&address, within) {
            Ok(_) => return Ok(()),
            Err(error) => last = of_io(&error, within),
        }
    }
    Err(last)
}

/// Whether a connection to a port of this host lives for more than a moment. Docker itself takes connections to a published port, and
/// closes them where nobody listens behind it.
#[must_use]
pub fn holds(port: u16, within: Duration) -> bool {
    let Ok(mut peer) = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), within) else { return false };
    if peer.set_read_timeout(Some(MOMENT)).is_err() {
        return false;
    }
    match io::Read::read(&mut peer, &mut [0]) {
        // Somebody who says the first word, or who waits for ours.
        Ok(read) => read > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn unanswered(error: Error, within: Duration) -> Unanswered {
    match error {
        Error::Io(error) => of_io(&error, within),
        Error::Timeout(_) => Unanswered::TookTooLong(within.as_millis()),
        Error::ConnectionFailed => Unanswered::Refused,
        error => Unanswered::Other(error.to_string()),
    }
}

fn of_io(error: &io::Error, within: Duration) -> Unanswered {
    match error.kind() {
        ErrorKind::ConnectionRefused => Unanswered::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Unanswered::TookTooLong(within.as_millis()),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Unanswered::Closed,
        _ => Unanswered::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server that answers one request with that.
    fn answering(answer: &'static [u8]) -> (String, thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let heard = thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            let mut heard = vec![0; 4096];
            let read = peer.read(&mut heard).unwrap();
            heard.truncate(read);
            peer.write_all(answer).unwrap();
            heard
        });
        (url, heard)
    }

    fn get(url: String) -> Result<Response, Unanswered> {
        put(&Request { method: "GET".to_owned(), url, within: Duration::from_secs(2), ..Request::default() })
    }

    #[test]
    fn what_comes_back_is_handed_on_whatever_it_says() {
        let (url, heard) = answering(b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nno!!");
        let request = Request {
            method: "POST".to_owned(),
            url,
            headers: vec![("Host".to_owned(), "shop.test".to_owned()), ("X-A".to_owned(), "b".to_owned())],
            body: b"{}".to_vec(),
            within: Duration::from_secs(2),
        };
        assert_eq!(put(&request), Ok(Response { status: 500, body: b"no!!".to_vec() }));
        let heard = String::from_utf8(heard.join().unwrap()).unwrap().to_lowercase();
        assert!(heard.starts_with("post /x http/1.1\r\n"), "{heard}");
        assert!(heard.contains("host: shop.test\r\n") && heard.contains("x-a: b\r\n"), "{heard}");
        assert_eq!(heard.matches("host:").count(), 1, "{heard}");
        let (url, _heard) =
            answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(get(url).unwrap().status, 302);
    }

    #[test]
    fn why_nothing_came_back() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(get(format!("http://{free}/")), Err(Unanswered::Refused));
        assert_eq!(connects("127.0.0.1", free.port(), Duration::from_secs(1)), Err(Unanswered::Refused));
        let (url, _heard) = answering(b"");
        assert_eq!(get(url), Err(Unanswered::Closed));
        assert!(matches!(get("http://a b/".to_owned()), Err(Unanswered::Other(_))));
    }
}
