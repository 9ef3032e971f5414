//! The users: they ask for what a stack offers, steadily, and note what became of it. They are curl, and know nothing of faults.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// They come from so many addresses.
const CLIENTS: usize = 37;
/// So many do not wait for one another.
const USERS: usize = 4;

/// Where users come in, and what curl is told with every request.
#[derive(Clone, Debug)]
pub struct Front {
    pub url: String,
    pub curl: Vec<String>,
}

/// What became of one request.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Seconds since 1970, when it was answered.
    pub at: i64,
    pub served: bool,
}

/// Users who come until they are told to leave.
pub struct Users {
    front: Front,
    requests: Vec<String>,
    /// Between two requests of one user.
    pause: Duration,
    leave: AtomicBool,
    turn: AtomicUsize,
    book: Mutex<Vec<Asked>>,
}

impl Users {
    pub fn new(front: &Front, requests: Vec<String>, rate: f64) -> Self {
        let pause = Duration::from_secs_f64(4.0 / rate.clamp(0.05, 50.0));
        let (leave, turn) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { front: front.clone(), requests, pause, leave, turn, book: Mutex::new(Vec::new()) }
    }

    /// They come.
    pub fn come<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> Vec<ScopedJoinHandle<'scope, ()>> {
        (0..USERS).map(|_| scope.spawn(|| self.stay())).collect()
    }

    /// They finish what they asked for.
    pub fn leave(&self) {
        self.leave.store(true, Ordering::Relaxed);
    }

    /// What they noted so far.
    pub fn noted(&self) -> Vec<Asked> {
        self.book.lock().map(|book| book.clone()).unwrap_or_default()
    }

    fn stay(&self) {
        let mut next = Instant::now();
        while !self.leave.load(Ordering::Relaxed) && !self.requests.is_empty() {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let served = served(&self.front, &self.requests[turn % self.requests.len()], turn % CLIENTS);
            if let Ok(mut book) = self.book.lock() {
                book.push(Asked { at: Timestamp::now().as_second(), served });
            }
            next = (next + self.pause).max(Instant::now());
            while Instant::now() < next && !self.leave.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20).min(next.saturating_duration_since(Instant::now())));
            }
        }
    }
}

/// Asks once, as one of the clients. A request is a path, and what else curl is to be told.
pub fn served(front: &Front, request: &str, client: usize) -> bool {
    let mut words = request.split_whitespace();
    let url = format!("{}{}", front.url, words.next().unwrap_or("/"));
    let mut curl = Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-m", "12", "-w", "%{http_code}", "-A", "Mozilla/5.0 (shop app)"]);
    curl.arg("-H").arg(format!("X-Forwarded-For: 203.0.113.{}", client + 1));
    let output = curl.args(&front.curl).args(words).arg(url).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let Ok(output) = output else { return false };
    let status: u16 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0);
    output.status.success() && (200..400).contains(&status)
}
