//! Redis in the states that it may be in.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeProtocol, ProbeTarget, TlsFault};
use tempfile::TempDir;

use crate::ask::{With, state, state_with, target};
use crate::daemon::{Daemon, folder, free_port, run, unprivileged, until};
use crate::web::certificates;

const PASSWORD: &str = "carbon-kvs-password-8";

struct Redis {
    folder: TempDir,
    port: u16,
    daemon: Daemon,
}

impl Redis {
    fn start(options: &[&str]) -> Self {
        let (folder, port) = (folder(), free_port());
        let daemon = Self::run(&folder, port, options);
        Self { folder, port, daemon }
    }

    fn run(folder: &TempDir, port: u16, options: &[&str]) -> Daemon {
        let mut command = unprivileged("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
        command.arg("--dir").arg(folder.path()).args(options);
        Daemon::on_port(&mut command, &folder.path().join("log"), port)
    }

    fn cli(&self, arguments: &[&str]) -> String {
        run(Command::new("redis-cli").args(["-p", &self.port.to_string(), "--no-auth-warning"]).args(arguments))
    }

    fn target(&self) -> ProbeTarget {
        target(ProbeProtocol::Redis, "127.0.0.1", self.port)
    }
}

#[test]
#[ignore = "needs servers"]
fn passwords_and_users() {
    let open = Redis::start(&[]);
    state("redis/serves", open.target(), &Serves, "+PONG");
    state("redis/serves a database", open.target().database("3"), &Serves, "+PONG");
    state("redis/no such database", open.target().database("16"), &NoSuchDatabase, "-ERR DB index is out of range");
    let none = "-ERR AUTH <password> called without any password configured for the default user";
    state("redis/wants no password", open.target().password(PASSWORD), &WantsNoPassword, none);

    let closed = Redis::start(&["--requirepass", PASSWORD]);
    state("redis/wants a password", closed.target(), &WantsPassword, "-NOAUTH Authentication required.");
    let wrong = closed.target().password("carbon-wrong-password");
    state("redis/wrong password", wrong, &RefusesPassword, "-WRONGPASS invalid username-password pair");
    state("redis/right password", closed.target().password(PASSWORD), &Serves, "+PONG");
    state("redis/right user and password", closed.target().user("default").password(PASSWORD), &Serves, "+PONG");

    let cli = |words: &str| open.cli(&words.split(' ').collect::<Vec<_>>());
    cli(&format!("acl setuser app on >{PASSWORD} ~* +@all"));
    cli(&format!("acl setuser reader on >{PASSWORD} ~* +get"));
    cli(&format!("acl setuser gone off >{PASSWORD} ~* +@all"));
    state("redis/acl user", open.target().user("app").password(PASSWORD), &Serves, "+PONG");
    cli("acl setuser default off");
    let may_not = open.target().user("reader").password(PASSWORD);
    state("redis/user may do nothing of this", may_not, &RefusesAccess, "-NOPERM");
    let disabled = open.target().user("gone").password(PASSWORD);
    state("redis/user is disabled", disabled, &RefusesPassword, "-WRONGPASS");
}

#[test]
#[ignore = "needs servers"]
fn trouble_inside() {
    let master = Redis::start(&[]);
    let full = Redis::start(&["--maxmemory", "100kb"]);
    state("redis/memory is full", full.target(), &MemoryFull, "maxmemory_policy:noeviction");
    let evicts = Redis::start(&["--maxmemory", "100kb", "--maxmemory-policy", "allkeys-lru"]);
    state("redis/memory is full and something gives way", evicts.target(), &Serves, "+PONG");

    let replica = Redis::start(&["--replicaof", "127.0.0.1", &master.port.to_string()]);
    until("the replica is in step", || replica.cli(&["info", "replication"]).contains("master_link_status:up"));
    state("redis/replica", replica.target(), &ReadOnly, "role:slave");
    let orphan =
        Redis::start(&["--replicaof", "127.0.0.1", &free_port().to_string(), "--replica-serve-stale-data", "no"]);
    state("redis/replica without its master", orphan.target(), &ReadOnly, "-MASTERDOWN");

    let crowded = Redis::start(&["--maxclients", "1"]);
    let mut holds = Vec::new();
    until("one is in", || {
        let mut stream = TcpStream::connect(("127.0.0.1", crowded.port)).unwrap();
        let mut said = [0; 5];
        let _gone = stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut said));
        holds.push(stream);
        said == *b"+PONG"
    });
    state("redis/too many clients", crowded.target(), &TooManyConnections, "-ERR max number of clients reached");
    drop(holds);

    let stuck = Redis::start(&["--save", "3600 1"]);
    fs::create_dir(stuck.folder.path().join("dump.rdb")).unwrap();
    stuck.cli(&["set", "a", "b"]);
    stuck.cli(&["bgsave"]);
    until("saving fails", || stuck.cli(&["info", "persistence"]).contains("rdb_last_bgsave_status:err"));
    state("redis/cannot persist", stuck.target(), &CannotPersist, "-MISCONF Redis is configured to save RDB snapshots");
}

#[test]
#[ignore = "needs servers"]
fn loading_and_hanging() {
    let redis = Redis::start(&["--enable-debug-command", "local"]);
    redis.cli(&["debug", "populate", "20000"]);
    redis.cli(&["save"]);
    let Redis { folder, port, daemon } = redis;
    drop(daemon);
    let slow = ["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"];
    let loading = Redis { daemon: Redis::run(&folder, port, &slow), folder, port };
    state("redis/loading", loading.target(), &Starting, "-LOADING Redis is loading the dataset in memory");
    loading.daemon.signal("-STOP");
    state("redis/hangs", loading.target(), &Silent, "");
    loading.daemon.signal("-CONT");
}

#[test]
#[ignore = "needs servers"]
fn tls_and_other_protocols() {
    let made = certificates();
    let (authority, key, chain) = (made.path("root.pem"), made.path("good.key"), made.path("good.chain.pem"));
    let tls_port = free_port();
    let redis = Redis::start(&[
        "--tls-port",
        &tls_port.to_string(),
        "--tls-cert-file",
        &chain,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &authority,
        "--tls-auth-clients",
        "no",
        "--requirepass",
        PASSWORD,
    ]);
    let secure = target(ProbeProtocol::Redis, "localhost", tls_port).secure().password(PASSWORD);
    let trusting = [("SSL_CERT_FILE", authority.as_str())];
    state_with("redis/tls", secure.clone(), &trusting, &Serves, "+PONG");
    let before = redis.cli(&["-a", PASSWORD, "info", "commandstats"]);
    let unknown = Tls(TlsFault::UnknownIssuer { alone: false });
    state("redis/tls of nobody we know", secure.clone(), &unknown, "issuer");
    let logins = |stats: &str| {
        stats
            .lines()
            .find(|line| line.starts_with("cmdstat_auth:"))
            .map(|line| line.split(',').next().unwrap_or_default().to_owned())
    };
    let after = redis.cli(&["-a", PASSWORD, "info", "commandstats"]);
    // The client that looked logged in once.
    let count =
        |stats: &str| logins(stats).and_then(|calls| calls.rsplit('=').next().unwrap_or_default().parse::<u32>().ok());
    assert_eq!(count(&after), count(&before).map(|calls| calls + 1), "the password went to somebody unknown");
    let plain = target(ProbeProtocol::Redis, "localhost", tls_port);
    state("redis/plain to a port for tls", plain, &WantsTls, "E");
    state("redis/tls to a plain port", redis.target().secure(), &NoTls, "-NOAUTH");
    state("redis/asked as http", target(ProbeProtocol::Http, "127.0.0.1", redis.port), &HungUp, "E");
    state("redis/asked as postgres", target(ProbeProtocol::Postgres, "127.0.0.1", redis.port).user("app"), &Silent, "");
    state("redis/stopped", target(ProbeProtocol::Redis, "127.0.0.1", free_port()), &Refused, "ECONNREFUSED");
}
