//! A client of the container engine that can only ask. It hands on bodies as they were received; which to ask for, and what
//! they mean, is the caller's. All questions of one look share one deadline, so a daemon that hangs costs no more than that.

mod archive;
pub mod compose;
mod endpoint;
mod exec;
mod frames;
pub mod guard;
pub mod layering;
pub mod layers;
mod logs;
mod parallel_gzip;
mod prober;
mod socket;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::{Method, Request, Response};
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder};

pub use archive::{Beginnings, Lying};
pub use endpoint::{Endpoint, client_configuration};
pub use frames::text_of_frames;
pub use prober::{Eyes, Prober, Reach};

use crate::damage::Damage;
use socket::{NoLookup, ToEndpoint};

/// The oldest interface that is understood; engines since 20.10 speak it.
const OLDEST: (u32, u32) = (1, 41);
/// The newest that was looked at; a newer engine still speaks it.
const NEWEST: (u32, u32) = (1, 51);
/// A body longer than this is cut off there, and that is said.
const LONGEST_BODY: u64 = 64 * 1024 * 1024;
/// The engine as an address: where it really is, the transport knows.
const ENGINE: &str = "http://engine";
const JSON: &str = "application/json";
/// One that answers slowly has many to answer; one that does not answer a single question for so long hangs.
const ONE_ANSWER: Duration = Duration::from_secs(4);
/// Questions asked side by side.
const SIDE_BY_SIDE: usize = 8;

/// An engine that answered.
#[derive(Clone, Debug)]
pub struct Engine {
    agent: Agent,
    /// `/v1.41`.
    prefix: String,
    /// Nothing is waited for after this.
    deadline: Instant,
}

impl Engine {
    /// Asks whether anybody is there, and agrees on a version of the interface.
    ///
    /// # Errors
    /// If nobody is, we may not ask, or nobody answers in time; or the engine is too old.
    pub fn connect(endpoint: Endpoint, within: Duration) -> Result<Self, Damage> {
        let deadline = Instant::now() + within;
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("lastgood/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, ToEndpoint(endpoint), NoLookup);
        let mut engine = Self { agent, prefix: String::new(), deadline };
        let spoken = engine.ping()?;
        let agreed = spoken.min(NEWEST);
        if agreed < OLDEST {
            let (major, minor) = spoken;
            return Err(Damage::Io(Arc::from(format!(
                "speaks API {major}.{minor}; 1.41 (Docker 20.10) is the oldest known"
            ))));
        }
        engine.prefix = format!("/v{}.{}", agreed.0, agreed.1);
        Ok(engine)
    }

    /// The same engine, for questions that are not worth waiting for longer than this.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { deadline: self.deadline.min(Instant::now() + limit), ..self.clone() }
    }

    /// The version of the interface that was agreed on: `1.41`.
    #[must_use]
    pub fn api(&self) -> &str {
        self.prefix.trim_start_matches("/v")
    }

    fn ping(&self) -> Result<(u32, u32), Damage> {
        let response = self.ask(&format!("{ENGINE}/_ping"))?;
        let version = response.headers().get("api-version").and_then(|version| version.to_str().ok());
        let parsed = version
            .and_then(|version| version.split_once('.'))
            .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        parsed.ok_or_else(|| Damage::Io(Arc::from("what answers is no container engine")))
    }

    /// The body that a path answers with: `/containers/json?all=1`.
    ///
    /// # Errors
    /// [`Damage::NotFound`] if there is no such thing, else what went wrong, in the engine's words where it has some.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Damage> {
        read(self.answered(path)?)
    }

    /// The bodies of several paths, asked side by side, in their order.
    #[must_use]
    pub fn get_all(&self, paths: &[String]) -> Vec<Result<Vec<u8>, Damage>> {
        let next = AtomicUsize::new(0);
        let mut answers: Vec<(usize, Result<Vec<u8>, Damage>)> = thread::scope(|scope| {
            let ask = || {
                let mut answers = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(index) else { return answers };
                    answers.push((index, self.get(path)));
                }
            };
            let threads: Vec<_> = (0..SIDE_BY_SIDE.min(paths.len())).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// The answer to a path, if it is one.
    fn answered(&self, path: &str) -> Result<Response<Body>, Damage> {
        success(self.ask(&self.uri(path))?)
    }

    /// What the head of that answer says.
    fn about(&self, path: &str) -> Result<Response<Body>, Damage> {
        success(self.asked(self.agent.head(self.uri(path)))?)
    }

    /// Where a path is in the interface that was agreed on.
    fn uri(&self, path: &str) -> String {
        format!("{ENGINE}{}{path}", self.prefix)
    }

    fn ask(&self, uri: &str) -> Result<Response<Body>, Damage> {
        self.asked(self.agent.get(uri))
    }

    fn asked(&self, request: RequestBuilder<WithoutBody>) -> Result<Response<Body>, Damage> {
        let limit = self.left()?.min(ONE_ANSWER);
        let request = request.config().timeout_global(Some(limit)).build();
        request.call().map_err(|error| damage(&error))
    }

    /// The answer to a request that brings something: a body of this kind.
    fn tell(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Result<Response<Body>, Damage> {
        let request = Request::builder().method(method).uri(self.uri(path)).header("Content-Type", kind).body(body);
        self.send(request.map_err(|error| Damage::Io(Arc::from(error.to_string())))?)
    }

    /// The answer to a request that is no mere question.
    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, Damage> {
        let request = self.agent.configure_request(request).timeout_global(Some(self.left()?)).build();
        success(self.agent.run(request).map_err(|error| damage(&error))?)
    }

    /// How long may still be waited.
    fn left(&self) -> Result<Duration, Damage> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Damage::Io(Arc::from(TOO_LATE))) } else { Ok(left) }
    }
}

/// An answer, if it is no refusal.
fn success(response: Response<Body>) -> Result<Response<Body>, Damage> {
    match response.status().as_u16() {
        200..=299 => Ok(response),
        404 => Err(Damage::NotFound),
        status => {
            let bytes = read(response)?;
            let said = String::from_utf8_lossy(bytes.get(..200).unwrap_or(&bytes)).trim().to_owned();
            Err(Damage::Io(Arc::from(format!("{status} {said}"))))
        }
    }
}

fn read(response: Response<Body>) -> Result<Vec<u8>, Damage> {
    response.into_body().with_config().limit(LONGEST_BODY).read_to_vec().map_err(|error| damage(&error))
}

const TOO_LATE: &str = "did not answer in time";

fn damage(error: &ureq::Error) -> Damage {
    match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Damage::Io(Arc::from("nobody answers there"))
        }
        ureq::Error::Io(error) => Damage::from(error),
        ureq::Error::Timeout(_) => Damage::Io(Arc::from(TOO_LATE)),
        ureq::Error::BodyExceedsLimit(_) => Damage::TooLarge,
        other => Damage::Io(Arc::from(format!("no sensible answer: {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::net::UnixListener;

    use super::*;

    const PONG: &str = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";

    /// An engine that answers each connection with the next of these.
    fn engine(answers: &[&str]) -> (tempfile::TempDir, Endpoint) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.as_bytes().to_vec()).collect();
        thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut request = [0; 1024];
                let _read = stream.read(&mut request);
                let _written = stream.write_all(&answer);
            }
        });
        (folder, Endpoint::Unix(path))
    }

    fn connect(answers: &[&str]) -> (tempfile::TempDir, Result<Engine, Damage>) {
        let (folder, endpoint) = engine(answers);
        let connected = Engine::connect(endpoint, Duration::from_millis(800));
        (folder, connected)
    }

    #[test]
    fn bodies_are_handed_on_as_received() {
        let body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"a\"\r\n4\r\n:1}]\r\n0\r\n\r\n";
        let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
        let (_folder, connected) = connect(&[PONG, body, missing]);
        let engine = connected.unwrap();
        assert_eq!(engine.api(), "1.41");
        assert_eq!(engine.get("/containers/json").unwrap(), br#"[{"a":1}]"#);
        assert_eq!(engine.get("/containers/x/json"), Err(Damage::NotFound));
    }

    #[test]
    fn of_a_large_file_only_the_beginning_is_waited_for() {
        let archive = |kind: tar::EntryType, size: u64, link: Option<&str>, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_path("program").unwrap();
            header.set_entry_type(kind);
            header.set_size(size);
            if let Some(link) = link {
                header.set_link_name(link).unwrap();
            }
            header.set_cksum();
            // More is announced than ever comes.
            let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".to_vec();
            answer.extend_from_slice(header.as_bytes());
            answer.extend_from_slice(content);
            String::from_utf8(answer).unwrap()
        };
        let file = archive(tar::EntryType::Regular, 100 << 20, None, b"#!/bin/sh and much more");
        let link = archive(tar::EntryType::Symlink, 0, Some("../lib/program"), b"");
        let folder = archive(tar::EntryType::Directory, 0, None, b"");
        let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
        let (_folder, connected) = connect(&[PONG, &file, &link, &folder, missing]);
        let engine = connected.unwrap();
        let lying = || engine.lying("c", "/bin/program", 9);
        assert_eq!(lying().unwrap(), Lying::File(b"#!/bin/sh".to_vec()));
        assert_eq!(lying().unwrap(), Lying::Link("../lib/program".to_owned()));
        assert_eq!(lying().unwrap(), Lying::Other);
        assert_eq!(lying(), Err(Damage::NotFound));
    }

    #[test]
    fn a_link_is_followed_by_the_engine_itself() {
        // {"name":"python3","mode":134218239,"linkTarget":"/usr/bin/python3.13"}
        let said = "eyJuYW1lIjoicHl0aG9uMyIsIm1vZGUiOjEzNDIxODIzOSwibGlua1RhcmdldCI6Ii91c3IvYmluL3B5dGhvbjMuMTMifQ==";
        let link = format!("HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: {said}\r\n\r\n");
        for (answer, wanted) in [
            (link.as_str(), Ok("/usr/bin/python3.13".to_owned())),
            ("HTTP/1.1 200 OK\r\n\r\n", Ok("/bin/python3".to_owned())),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 50\r\n\r\n", Err(Damage::NotFound)),
        ] {
            let (_folder, connected) = connect(&[PONG, answer]);
            assert_eq!(connected.unwrap().targets("c", &["/bin/python3".to_owned()]), [wanted]);
        }
    }

    #[test]
    fn a_newer_engine_is_spoken_to_in_a_version_that_is_known_and_an_older_one_not_at_all() {
        let (_folder, new) = connect(&["HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nContent-Length: 2\r\n\r\nOK"]);
        assert_eq!(new.unwrap().api(), "1.51");
        let (_folder, old) = connect(&["HTTP/1.1 200 OK\r\nApi-Version: 1.40\r\nContent-Length: 2\r\n\r\nOK"]);
        assert!(old.unwrap_err().to_string().contains("1.40"));
    }

    #[test]
    fn one_that_hangs_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hung.sock");
        // It accepts, by its queue, and never answers.
        let _listener = UnixListener::bind(&path).unwrap();
        let begun = Instant::now();
        let hung = Engine::connect(Endpoint::Unix(path), Duration::from_millis(300));
        assert_eq!(hung.unwrap_err(), Damage::Io(Arc::from(TOO_LATE)));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn all_questions_share_one_deadline() {
        let (_folder, connected) = connect(&[PONG]);
        let engine = connected.unwrap();
        let begun = Instant::now();
        let paths: Vec<String> = (0..20).map(|number| format!("/containers/{number}/json")).collect();
        assert!(engine.get_all(&paths).iter().all(Result::is_err));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn nonsense_is_no_answer() {
        for nonsense in ["220 smtp.example ESMTP\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ""] {
            let (_folder, connected) = connect(&[nonsense]);
            assert!(matches!(connected, Err(Damage::Io(_))), "{nonsense}");
        }
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{\"Id\":";
        let (_folder, connected) = connect(&[PONG, half]);
        assert!(connected.unwrap().get("/info").is_err());
    }

    #[test]
    fn nobody_there_and_no_permission_are_told_apart() {
        let nowhere = Engine::connect(Endpoint::Unix("/nowhere/engine.sock".into()), Duration::from_secs(1));
        assert_eq!(nowhere.unwrap_err(), Damage::NotFound);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locked.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        // Root may do everything.
        if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
            let locked = Engine::connect(Endpoint::Unix(path), Duration::from_secs(1));
            assert_eq!(locked.unwrap_err(), Damage::NoPermission);
        }
    }
}
