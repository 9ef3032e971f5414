//! Engines that are reached in other ways, may not be asked, hang, or are not there: what is said then, with which exit code,
//! and how long it takes.

use std::env;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::project::Project;

/// The whole command, whatever an engine does.
const LONGEST: Duration = Duration::from_secs(6);
const BINARY: &str = env!("CARGO_BIN_EXE_lastgood");

/// What a run said.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
    took: Duration,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// Why something could not be looked at.
    fn gap(&self, what: &str) -> Option<String> {
        let json = self.json();
        let gaps = json["gaps"].as_array()?;
        Some(gaps.iter().find(|gap| gap["what"] == what)?["why"].as_str()?.to_owned())
    }
}

fn run(command: &mut Command) -> Said {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        took: begun.elapsed(),
    }
}

/// The binary in a folder, with a home of its own and these variables.
fn lastgood(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(folder).env_clear().env("PATH", env::var_os("PATH").unwrap()).env("HOME", folder);
    command.envs(variables.iter().copied()).args(arguments);
    command
}

/// Where the engine of these tests is.
fn socket() -> PathBuf {
    let host = env::var("DOCKER_HOST").ok().and_then(|host| host.strip_prefix("unix://").map(PathBuf::from));
    host.unwrap_or_else(|| "/var/run/docker.sock".into())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

// ------------------------------------------------------------------------------------------------- other ways

#[test]
#[ignore = "needs a Docker engine"]
fn an_engine_is_found_where_the_users_own_docker_finds_it() {
    let project = Project::up("services: {shop: {image: differ-app:1}}", &[]);
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("engine.sock");
    symlink(socket(), &link).unwrap();
    let unix = format!("unix://{}", link.display());
    let (plain, asked) = through_tcp();
    let tcp = format!("tcp://127.0.0.1:{plain}");
    let contexts = folder.path().join("contexts-of-the-user");
    fs::create_dir(&contexts).unwrap();
    let docker = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.env_clear().env("PATH", env::var_os("PATH").unwrap()).env("DOCKER_CONFIG", &contexts).args(arguments);
        assert!(run(&mut command).code == 0, "{arguments:?}");
    };
    docker(&["context", "create", "by-tcp", "--docker", &format!("host={tcp}")]);
    docker(&["context", "create", "nowhere", "--docker", "host=unix:///nowhere/docker.sock"]);
    let (secret, _proxy) = through_tls(folder.path());
    let keys = ["ca", "cert", "key"].map(|name| format!("{name}={}/{name}.pem", folder.path().display())).join(",");
    docker(&["context", "create", "by-tls", "--docker", &format!("host=tcp://127.0.0.1:{secret},{keys}")]);
    docker(&["context", "use", "nowhere"]);
    let config = contexts.to_str().unwrap();

    let sees = |variables: &[(&str, &str)]| {
        let said = run(&mut lastgood(project.path(), variables, &["status", "--json"]));
        let json = said.json();
        assert_eq!(json["services"][0]["name"].as_str().unwrap_or("shop"), "shop", "{variables:?}: {json:#}");
        (said.code, said.gap("docker"))
    };
    let before = |name: &str| asked.load(Ordering::Relaxed) > 0 || name.is_empty();
    assert_eq!(sees(&[("DOCKER_HOST", &unix)]), (0, None));
    assert!(!before("tcp"));
    assert_eq!(sees(&[("DOCKER_HOST", &tcp)]), (0, None));
    assert!(before("tcp"), "it is asked where DOCKER_HOST says");
    assert_eq!(sees(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "by-tcp")]), (0, None));
    assert_eq!(sees(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "by-tls")]), (0, None), "docker itself connects");
    let not_there = Some("not there".to_owned());
    assert_eq!(sees(&[("DOCKER_CONFIG", config)]), (2, not_there), "the context that is used counts");
    assert_eq!(sees(&[("DOCKER_CONFIG", config), ("DOCKER_HOST", &unix)]), (0, None), "DOCKER_HOST counts more");
    let (code, gap) = sees(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "unknown")]);
    assert!(code == 2 && gap.is_some(), "one that nobody knows is no other one: {gap:?}");
    let tls = [("DOCKER_HOST", &*format!("tcp://127.0.0.1:{secret}")), ("DOCKER_TLS_VERIFY", "1")];
    let place = folder.path().to_str().unwrap();
    assert_eq!(sees(&[tls[0], tls[1], ("DOCKER_CERT_PATH", place)]), (0, None));
}

/// The engine on a port of this machine, and how often it was asked there.
fn through_tcp() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            count.fetch_add(1, Ordering::Relaxed);
            let engine = UnixStream::connect(socket()).unwrap();
            let (mut from_client, mut to_engine) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
            thread::spawn(move || {
                let _ended = io::copy(&mut from_client, &mut to_engine);
                let _closed = to_engine.shutdown(std::net::Shutdown::Write);
            });
            thread::spawn(move || {
                let (mut engine, mut client): (UnixStream, TcpStream) = (engine, client);
                let _ended = io::copy(&mut engine, &mut client);
                let _closed = client.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    (port, asked)
}

/// Ends a process when its test ends.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _status = self.0.wait();
    }
}

/// The same with TLS: a certificate authority, a server and a client, and Python's own library between.
fn through_tls(folder: &Path) -> (u16, Ending) {
    let script = r#"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem
        for name in server client; do
          openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout $name-key.pem -out $name.csr
          printf 'subjectAltName=IP:127.0.0.1\n' >$name.ext
          openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile $name.ext -out $name.pem
        done
        cp client.pem cert.pem; cp client-key.pem key.pem
    "#;
    let made = run(Command::new("bash").current_dir(folder).args(["-euc", script]));
    assert_eq!(made.code, 0, "{}", made.stderr);
    let proxy = r#"
import socket, ssl, sys, threading
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile="ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain("server.pem", "server-key.pem")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def copy(a, b):
    try:
        while data := a.recv(65536): b.sendall(data)
    except OSError: pass
    finally:
        for one in (a, b):
            try: one.shutdown(socket.SHUT_RDWR)
            except OSError: pass
def serve(plain):
    try: client = context.wrap_socket(plain, server_side=True)
    except OSError: return
    engine = socket.socket(socket.AF_UNIX); engine.connect(sys.argv[1])
    threading.Thread(target=copy, args=(client, engine), daemon=True).start()
    copy(engine, client)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;
    let mut command = Command::new("python3");
    command.current_dir(folder).args(["-c", proxy]).arg(socket()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = [0; 6];
    let read = child.stdout.as_mut().unwrap().read(&mut line).unwrap();
    let port = String::from_utf8_lossy(&line[..read]).trim().parse().unwrap();
    (port, Ending(child))
}

// ------------------------------------------------------------------------------------------------ none to ask

#[test]
#[ignore = "needs a Docker engine"]
fn without_permission_the_way_out_is_said() {
    if !is_root() {
        println!("not run: only root can be somebody else");
        return;
    }
    let folder = project();
    let everybody = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    everybody(folder.path());
    let binary = folder.path().join("lastgood");
    fs::copy(BINARY, &binary).unwrap();
    everybody(&binary);
    for (arguments, code) in [(&["status", "--json"][..], 2), (&["check", "--json"], 2), (&["why", "--json"], -2)] {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=nobody", "--clear-groups"])
            .arg(format!("--regid={}", 65534))
            .arg(&binary)
            .args(arguments);
        command
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap())
            .env("HOME", "/nonexistent");
        command.env("DOCKER_HOST", format!("unix://{}", socket().display()));
        let said = run(&mut command);
        let why = said.gap("docker").unwrap_or_default();
        assert!(why.contains("no permission; run as root or as a member of its group"), "{arguments:?}: {why}");
        // What a host's own logs say is no business of this test.
        assert!(code < 0 || said.code == code, "{arguments:?}: exit {}", said.code);
        assert!(said.took < LONGEST);
    }
}

#[test]
#[ignore = "takes long"]
fn a_daemon_that_hangs_costs_one_deadline() {
    let folder = project();
    let log = folder.path().join("access.log");
    fs::write(&log, "127.0.0.1 - - [28/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n").unwrap();
    for (name, greets) in [("silent", false), ("after-its-greeting", true)] {
        let path = folder.path().join(format!("{name}.sock"));
        hang(&path, greets);
        let host = format!("unix://{}", path.display());
        let case = format!("case-{name}");
        for (arguments, code) in [
            (&["status", "--json"][..], Some(2)),
            (&["check", "--json"], Some(2)),
            (&["why", "--json"], None),
            (&["why", "shop", "--json"], None),
            (&["capture", "--json", "-o", &case], None),
        ] {
            let said = run(&mut lastgood(folder.path(), &[("DOCKER_HOST", &host)], arguments));
            println!("hung, {name}: {}: {:.1} s", arguments.join(" "), said.took.as_secs_f64());
            assert!(said.took < LONGEST, "{name}: {arguments:?} took {:?}", said.took);
            assert!(code.is_none_or(|code| said.code == code), "{name}: {arguments:?}: exit {}", said.code);
            if code.is_some() {
                let what = if greets { "docker containers" } else { "docker" };
                assert_eq!(said.gap(what).as_deref(), Some("did not answer in time"), "{name}: {arguments:?}");
            }
        }
        // Where logs are named, no engine is waited for.
        let said = run(&mut lastgood(folder.path(), &[("DOCKER_HOST", &host)], &["timeline", "access.log", "--json"]));
        assert!(said.code == 0 && said.took < Duration::from_secs(2), "timeline: {} {:?}", said.code, said.took);
    }
}

/// A daemon that accepts whoever comes, and says nothing, or nothing but its greeting.
fn hang(path: &Path, greets: bool) {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            if greets && is_ping(&mut stream) {
                let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
            }
            held.push(stream);
        }
    });
}

fn is_ping(stream: &mut UnixStream) -> bool {
    let mut request = [0; 256];
    let read = stream.read(&mut request).unwrap_or(0);
    request[..read].windows(5).any(|word| word == b"_ping")
}

#[test]
#[ignore = "takes long"]
fn without_any_docker_the_hosts_own_logs_are_read() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("bin");
    fs::create_dir(&empty).unwrap();
    // What writes a log is a server, by its name.
    fs::copy("/bin/sleep", folder.path().join("nginx")).unwrap();
    let log = folder.path().join("access.log");
    let line = |second: u32, status: u32| {
        format!(
            "10.0.0.1 - - [28/Nov/2026:10:{:02}:{:02} +0000] \"GET /a HTTP/1.1\" {status} 1 \"-\" \"x\"\n",
            second / 60,
            second % 60
        )
    };
    let text: String = (0..1200).map(|second| line(second, if second < 600 { 200 } else { 502 })).collect();
    fs::write(&log, text).unwrap();
    let mut server = Command::new("sh");
    server.current_dir(folder.path()).args(["-c", "exec ./nginx 60 >>access.log"]);
    let _server = Ending(server.spawn().unwrap());
    thread::sleep(Duration::from_millis(300));
    let path = empty.to_str().unwrap();
    let variables = [("PATH", path), ("DOCKER_HOST", "unix:///nowhere/docker.sock")];
    for (arguments, code) in [(&["status", "--json"][..], 2), (&["check", "--json"], 2), (&["why", "--json"], 1)] {
        let said = run(&mut lastgood(folder.path(), &variables, arguments));
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.stdout, said.stderr);
        assert_eq!(said.gap("docker").as_deref(), Some("not there"), "{arguments:?}");
        assert!(said.took < LONGEST);
        if code == 1 {
            let incidents = said.json()["incidents"].to_string();
            assert!(incidents.contains(&*log.to_string_lossy()), "{incidents}");
        }
    }
}

/// A folder with a compose file of which nothing runs.
fn project() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("compose.yaml"), "services: {shop: {image: none}}\n").unwrap();
    folder
}
