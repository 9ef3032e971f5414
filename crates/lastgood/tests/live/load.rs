//! Constant load on a web server of this machine, from the test itself: clients that keep their connections, clients that do not, and
//! slow requests among both. It counts what fails; what was to happen meanwhile is the test's.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// No request takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many requests are made at most, and for so long.
const MOST: u64 = 400_000;
const LONGEST: Duration = Duration::from_secs(1_800);
/// So many failures are kept in words.
const TOLD: usize = 20;

/// One of those who ask.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// What it asks for.
    pub path: &'static str,
    /// It keeps its connection from one request to the next.
    pub keeps: bool,
    /// It waits so long between two requests.
    pub rests: Duration,
}

/// What a site has to stand: half of the clients keep their connections, and a few requests take a second and a half.
pub fn usual() -> Vec<Client> {
    let client = |path, keeps, rests_ms| Client { path, keeps, rests: Duration::from_millis(rests_ms) };
    let mut clients = Vec::new();
    for keeps in [true, false] {
        clients.extend([client("/", keeps, 25); 3]);
        clients.extend([client("/slow", keeps, 150); 2]);
    }
    // One whose connection is idle as a rule.
    clients.push(client("/", true, 700));
    clients
}

/// What became of all requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many were made.
    pub requests: u64,
    /// Of them over a connection that had carried one before.
    pub reused: u64,
    /// Made again, once: the connection had carried others, and was closed before a byte of the answer. Browsers do that.
    pub retried: u64,
    /// How many were not answered with 200.
    pub failed: u64,
    /// The first of these in words.
    pub failures: Vec<String>,
    /// How often each body was answered.
    pub answers: BTreeMap<String, u64>,
    /// What the longest one took.
    pub longest: Duration,
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, reused, retried, failed, longest, .. } = self;
        write!(
            out,
            "{requests} requests, {reused} on reused connections, {retried} of these retried once; the longest took {} ms; {failed} failed",
            longest.as_millis()
        )?;
        self.failures.iter().try_for_each(|failure| write!(out, "\n  {failure}"))
    }
}

/// Load that goes on until it is ended.
pub struct Load {
    ends: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Tally>>,
}

impl Load {
    /// Begins it.
    pub fn begin(server: SocketAddr, clients: &[Client]) -> Self {
        let (ends, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let begun = Instant::now();
        let clients = clients.iter().copied().map(|client| {
            let (ends, made) = (Arc::clone(&ends), Arc::clone(&made));
            thread::spawn(move || {
                let mut asker = Asker { server, client, connection: None, begun, tally: Tally::default() };
                while !ends.load(Ordering::Relaxed) && begun.elapsed() < LONGEST {
                    if made.fetch_add(1, Ordering::Relaxed) >= MOST {
                        break;
                    }
                    asker.ask();
                    thread::sleep(client.rests);
                }
                asker.tally
            })
        });
        let clients = clients.collect();
        Self { ends, made, clients }
    }

    /// How many requests were made so far.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Waits for what was asked, and says what became of it all.
    pub fn end(mut self) -> Tally {
        self.ends.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for client in std::mem::take(&mut self.clients) {
            let one = client.join().unwrap();
            all.requests += one.requests;
            all.reused += one.reused;
            all.retried += one.retried;
            all.failed += one.failed;
            all.longest = all.longest.max(one.longest);
            all.failures.extend(one.failures);
            for (body, times) in one.answers {
                *all.answers.entry(body).or_default() += times;
            }
        }
        all.failures.sort();
        all.failures.truncate(TOLD);
        all
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

struct Asker {
    server: SocketAddr,
    client: Client,
    connection: Option<BufReader<TcpStream>>,
    begun: Instant,
    tally: Tally,
}

/// Why there is no answer.
enum Unanswered {
    /// The connection was closed before its first byte.
    Unheard(io::Error),
    Other(String),
}

impl Asker {
    fn ask(&mut self) {
        self.tally.requests += 1;
        let at = Instant::now();
        let reuses = self.connection.is_some();
        self.tally.reused += u64::from(reuses);
        let mut answered = self.exchange();
        if let (true, Err(Unanswered::Unheard(_))) = (reuses, &answered) {
            self.tally.retried += 1;
            answered = self.exchange();
        }
        let took = at.elapsed();
        self.tally.longest = self.tally.longest.max(took);
        let failure = match answered {
            Ok((200, body)) => {
                *self.tally.answers.entry(body).or_default() += 1;
                return;
            }
            Ok((status, _)) => format!("status {status}"),
            Err(Unanswered::Unheard(error)) => format!("no byte of an answer: {error}"),
            Err(Unanswered::Other(why)) => why,
        };
        self.connection = None;
        self.tally.failed += 1;
        if self.tally.failures.len() < TOLD {
            let Client { path, keeps, .. } = self.client;
            let (at, took) = ((at - self.begun).as_millis(), took.as_millis());
            self.tally
                .failures
                .push(format!("{at:>7} ms, after {took} ms: {path} keeps {keeps} reuses {reuses}: {failure}"));
        }
    }

    /// One request and its answer; a connection that did not answer is not used again.
    fn exchange(&mut self) -> Result<(u16, String), Unanswered> {
        let connection = self.connection.take();
        let mut connection = match connection {
            Some(connection) => connection,
            None => self.connect().map_err(|error| Unanswered::Other(format!("cannot connect: {error}")))?,
        };
        let kept = if self.client.keeps { "keep-alive" } else { "close" };
        let request = format!("GET {} HTTP/1.1\r\nHost: load.test\r\nConnection: {kept}\r\n\r\n", self.client.path);
        connection.get_mut().write_all(request.as_bytes()).map_err(Unanswered::Unheard)?;
        let first = connection.fill_buf().map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Unanswered::Other("no answer in time".to_owned()),
            _ => Unanswered::Unheard(error),
        })?;
        if first.is_empty() {
            return Err(Unanswered::Unheard(ErrorKind::UnexpectedEof.into()));
        }
        let answer = answer(&mut connection).map_err(|error| Unanswered::Other(format!("cut off: {error}")))?;
        self.connection = (self.client.keeps && !answer.closes).then_some(connection);
        Ok((answer.status, answer.body))
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.server, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}

struct Answer {
    status: u16,
    body: String,
    closes: bool,
}

/// An answer with a length, as the applications of these tests give them.
fn answer(connection: &mut impl BufRead) -> io::Result<Answer> {
    let wrong = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    let mut next = |connection: &mut dyn BufRead| -> io::Result<String> {
        line.clear();
        match connection.read_line(&mut line)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let status = next(connection)?.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| wrong("no status"))?;
    let (mut length, mut closes) = (None, false);
    loop {
        let header = next(connection)?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        length = header.strip_prefix("content-length:").and_then(|text| text.trim().parse().ok()).or(length);
        closes |= header.strip_prefix("connection:").is_some_and(|text| text.trim() == "close");
    }
    let mut body = vec![0; length.ok_or_else(|| wrong("no length"))?];
    connection.read_exact(&mut body)?;
    Ok(Answer { status, body: String::from_utf8_lossy(&body).trim().to_owned(), closes })
}
