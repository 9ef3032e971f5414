//! Short-lived containers that look at the network as a service sees it, and such that are never started, by which an image's
//! files can be seen. The only place where an engine is asked to do something:
//! it can create, start and remove containers that carry our label, and nothing else. What is looked at is not known here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use ureq::Body;
use ureq::http::{Method, Response};

use super::{Engine, JSON, read, text_of_frames};
use crate::damage::Damage;

/// Every container that is made here carries it.
const LABEL: &str = "lastgood.probe";
/// Where our program stands in it.
const PROGRAM: &str = "/lastgood-probe";
/// Whatever carries the label and is older than this was left behind by a run that was killed, in seconds.
const LEFT_BEHIND_S: i64 = 60;
/// Removing one may take this long.
const TO_REMOVE: Duration = Duration::from_secs(5);
/// An engine that was late may need this much longer.
const A_MOMENT: Duration = Duration::from_millis(500);
/// It needs little memory, and takes no more than this from whom it looks for, in bytes.
const MEMORY: u64 = 64 << 20;
/// With less than this it does not start.
const LEAST_MEMORY: u64 = 16 << 20;
/// Kinds of bodies.
const TAR: &str = "application/x-tar";
/// Processes and threads in it.
const MOST_THREADS: u64 = 128;

/// Whose eyes it looks with.
#[derive(Clone, Debug, Default)]
pub struct Eyes {
    /// The image, by its id: it is there, and nothing is pulled.
    pub image: String,
    /// What a container of the service is told, `KEY=value`.
    pub environment: Vec<String>,
    /// As whom; empty: as the image says.
    pub user: String,
    /// Its limit of memory, in bytes.
    pub memory: Option<u64>,
    /// What of the host it has mounted to know whom to trust, and where.
    pub trusted: Vec<(String, String)>,
    /// Its way to others.
    pub network: Reach,
}

/// The way to others.
#[derive(Clone, Debug)]
pub enum Reach {
    /// That of a container that runs, by its id.
    Of(String),
    /// On these networks, or in this mode (`host`, `none`), with these names, `name:address`.
    On {
        /// Networks by name.
        networks: Vec<String>,
        /// The mode, where it is no network.
        mode: Option<String>,
        /// Names beside the resolver's.
        hosts: Vec<String>,
    },
}

impl Default for Reach {
    fn default() -> Self {
        Self::On { networks: Vec::new(), mode: None, hosts: Vec::new() }
    }
}

/// Makes such containers.
#[derive(Debug)]
pub struct Prober {
    /// With a deadline of our own.
    engine: Engine,
    /// Our own program.
    program: PathBuf,
}

impl Prober {
    /// Looks by an engine, for no longer than this, with this program: one that needs nothing of where it runs.
    #[must_use]
    pub fn of(engine: &Engine, within: Duration, program: &Path) -> Self {
        let engine = Engine { deadline: Instant::now() + within, ..engine.clone() };
        Self { engine, program: program.to_owned() }
    }

    /// Removes what a run that was killed left behind.
    pub fn sweep(&self, now_s: i64) {
        let filters = format!("%7B%22label%22%3A%5B%22{LABEL}%22%5D%7D");
        let Ok(body) = self.engine.get(&format!("/containers/json?all=1&filters={filters}")) else { return };
        let found: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
        for container in found {
            let created = container.get("Created").and_then(Value::as_i64).unwrap_or(i64::MAX);
            let id = container.get("Id").and_then(Value::as_str).filter(|_| now_s - created > LEFT_BEHIND_S);
            id.into_iter().for_each(|id| self.remove(id));
        }
    }

    /// Runs our program with this argument and this variable by those eyes, and hands on what it wrote.
    ///
    /// # Errors
    /// What the engine says where it could not be made or started.
    pub fn look(&self, eyes: &Eyes, argument: &str, variable: &str) -> Result<Vec<u8>, Damage> {
        // Where the engine sees our own file, nothing needs to be copied.
        let run = |eyes: &Eyes| {
            self.run(eyes, argument, variable, true).or_else(|_| self.run(eyes, argument, variable, false))
        };
        // A file may be gone since, and asked is asked.
        let without = || run(&Eyes { trusted: Vec::new(), ..eyes.clone() });
        run(eyes).or_else(|damage| if eyes.trusted.is_empty() { Err(damage) } else { without() })
    }

    /// Makes a container of an image, by its id, and lets its files be looked at under its own id. It is never started.
    ///
    /// # Errors
    /// What the engine says where it could not be made.
    pub fn open<T>(&self, image: &str, look: impl FnOnce(&str) -> T) -> Result<T, Damage> {
        let description = json!({
            "Image": image,
            "Entrypoint": [PROGRAM],
            "Labels": { LABEL: "1" },
            "HostConfig": { "NetworkMode": "none", "LogConfig": { "Type": "none" } },
        });
        let id = self.make(&description)?;
        let seen = look(&id);
        self.remove(&id);
        Ok(seen)
    }

    fn make(&self, description: &Value) -> Result<String, Damage> {
        let name = name();
        let is_early = self.engine.left().is_ok();
        let create = format!("/containers/create?name={name}");
        let made = self.tell(Method::POST, &create, JSON, description.to_string().into_bytes()).and_then(read);
        if made.is_err() && is_early && self.engine.left().is_err() {
            // It was told to, and may be making it.
            thread::sleep(A_MOMENT);
            self.remove_within(&name, A_MOMENT);
        }
        let made = made?;
        let made: Value = serde_json::from_slice(&made).unwrap_or_default();
        let id = made.get("Id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| Damage::Io(Arc::from("the engine made no container")))
    }

    fn run(&self, eyes: &Eyes, argument: &str, variable: &str, mounted: bool) -> Result<Vec<u8>, Damage> {
        let id = self.make(&self.description(eyes, argument, variable, mounted))?;
        let seen = self.see(&id, eyes, mounted);
        self.remove(&id);
        seen
    }

    /// Of a container that was made: completes it, starts it, and reads what it writes until it ends.
    fn see(&self, id: &str, eyes: &Eyes, mounted: bool) -> Result<Vec<u8>, Damage> {
        if !mounted {
            self.tell(Method::PUT, &format!("/containers/{id}/archive?path=/"), TAR, self.packed()?)?;
        }
        if let Reach::On { networks, .. } = &eyes.network {
            for network in networks.iter().skip(1) {
                let body = json!({ "Container": id }).to_string().into_bytes();
                self.tell(Method::POST, &format!("/networks/{network}/connect"), JSON, body)?;
            }
        }
        // Who is attached before the start misses nothing, and needs no log that stays.
        let attached =
            self.tell(Method::POST, &format!("/containers/{id}/attach?stream=1&stdout=1"), JSON, Vec::new())?;
        self.tell(Method::POST, &format!("/containers/{id}/start"), JSON, Vec::new())?;
        Ok(text_of_frames(&read(attached)?))
    }

    fn tell(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Result<Response<Body>, Damage> {
        self.engine.tell(method, path, kind, body)
    }

    fn description(&self, eyes: &Eyes, argument: &str, variable: &str, mounted: bool) -> Value {
        let mut environment = eyes.environment.clone();
        environment.push(variable.to_owned());
        let memory = eyes.memory.unwrap_or(MEMORY).clamp(LEAST_MEMORY, MEMORY);
        let (mode, hosts) = match &eyes.network {
            Reach::Of(id) => (format!("container:{id}"), &[][..]),
            Reach::On { networks, mode, hosts } => {
                let first = networks.first().cloned();
                (mode.clone().or(first).unwrap_or_else(|| "none".to_owned()), hosts.as_slice())
            }
        };
        let mut host = json!({
            "NetworkMode": mode,
            "ExtraHosts": hosts,
            "AutoRemove": true,
            "Memory": memory,
            "PidsLimit": MOST_THREADS,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Ulimits": [{ "Name": "core", "Soft": 0, "Hard": 0 }],
            "LogConfig": { "Type": "none" },
        });
        let bind = |source: &str, target: &str| json!({ "Type": "bind", "Source": source, "Target": target, "ReadOnly": true });
        let mut mounts: Vec<Value> = eyes.trusted.iter().map(|(source, target)| bind(source, target)).collect();
        if mounted {
            mounts.push(bind(&self.program.to_string_lossy(), PROGRAM));
        }
        if let Some(settings) = host.as_object_mut() {
            settings.insert("Mounts".to_owned(), json!(mounts));
        }
        if mounted && let Some(settings) = host.as_object_mut() {
            settings.insert("ReadonlyRootfs".to_owned(), json!(true));
        }
        json!({
            "Image": eyes.image,
            "Entrypoint": [PROGRAM],
            "Cmd": [argument],
            "Env": environment,
            "User": eyes.user,
            "WorkingDir": "/",
            "Labels": { LABEL: "1" },
            "Healthcheck": { "Test": ["NONE"] },
            "AttachStdout": true,
            "HostConfig": host,
        })
    }

    /// Our program as an archive that an engine unpacks.
    fn packed(&self) -> Result<Vec<u8>, Damage> {
        let program = fs::read(&self.program)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(program.len() as u64);
        header.set_mode(0o755);
        let mut archive = tar::Builder::new(Vec::with_capacity(program.len() + 2048));
        archive.append_data(&mut header, PROGRAM.trim_start_matches('/'), program.as_slice())?;
        Ok(archive.into_inner()?)
    }

    /// Removes one of ours, and waits until it is gone. There is time for that, however late it is.
    fn remove(&self, id: &str) {
        self.remove_within(id, TO_REMOVE);
    }

    fn remove_within(&self, id: &str, limit: Duration) {
        const LOOK_AGAIN: Duration = Duration::from_millis(20);
        let deadline = self.engine.deadline.max(Instant::now() + limit);
        let in_time = Self { engine: Engine { deadline, ..self.engine.clone() }, program: self.program.clone() };
        // What has ended is being removed by the engine itself, which then refuses to be told so.
        let _refused = in_time.tell(Method::DELETE, &format!("/containers/{id}?force=1&v=1"), JSON, Vec::new());
        while in_time.engine.get(&format!("/containers/{id}/json")).is_ok() {
            thread::sleep(LOOK_AGAIN);
        }
    }
}

/// A name that no other container has, by which one is known before the engine has answered.
fn name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("lastgood-probe-{:x}-{:x}-{:x}", since.as_nanos(), process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;

    use super::super::Endpoint;
    use super::*;

    /// Looks by an engine that is busy with something else whenever it is asked what begins so, for longer than anybody waits.
    /// Returns what it was asked, without names.
    fn asked_of_one_that_hangs_at(busy: &'static str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (asked, questions) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // Its head and its body come one after the other.
                stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                let mut request = Vec::new();
                let _no_more = stream.read_to_end(&mut request);
                let request = String::from_utf8_lossy(&request).into_owned();
                let question = request.split(" HTTP").next().unwrap_or_default();
                let question = question.replace("/v1.41/containers/", "");
                if question.starts_with(busy) {
                    thread::sleep(Duration::from_millis(600));
                }
                let answer = match question.split(['?', '-']).next().unwrap_or_default() {
                    "GET /_ping" => "200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK",
                    "POST create" => "201 Created\r\nContent-Length: 13\r\n\r\n{\"Id\":\"late\"}",
                    "DELETE late" | "DELETE lastgood" => "204 No Content\r\n\r\n",
                    _ => "404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
                };
                asked.send(question).unwrap();
                // Nobody may be there to hear it.
                let _written = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
            }
        });
        let engine = Engine::connect(Endpoint::Unix(path), Duration::from_secs(5)).unwrap();
        let prober = Prober::of(&engine, Duration::from_millis(400), Path::new("/nowhere"));
        assert!(prober.look(&Eyes::default(), "probe", "A=b").is_err());
        let questions = questions.try_iter().skip(1);
        questions.map(|question| question.split(['?', '-']).next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn what_was_made_is_removed_also_when_it_is_late() {
        let asked = asked_of_one_that_hangs_at("POST late/attach");
        assert_eq!(asked, ["POST create", "POST late/attach", "DELETE late", "GET late/json"]);
    }

    #[test]
    fn what_an_engine_was_about_to_make_is_removed_too() {
        let asked = asked_of_one_that_hangs_at("POST create");
        assert_eq!(asked, ["POST create", "DELETE lastgood", "GET lastgood"]);
    }

    #[test]
    fn names_differ() {
        assert_ne!(name(), name());
    }
}
