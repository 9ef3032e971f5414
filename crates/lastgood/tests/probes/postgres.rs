//! PostgreSQL in the states that it may be in.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeProtocol, ProbeTarget};
use tempfile::TempDir;

use crate::ask::{With, state, target};
use crate::daemon::{Daemon, folder, free_port, run, unprivileged, until};
use crate::web::certificates;

const PASSWORD: &str = "carbon-pg-password-7";

const USERS: &str = "
  CREATE DATABASE shop; CREATE DATABASE closed; REVOKE CONNECT ON DATABASE closed FROM public;
  SET password_encryption = 'scram-sha-256';
  CREATE ROLE scram LOGIN PASSWORD 'carbon-pg-password-7';
  CREATE ROLE clear LOGIN PASSWORD 'carbon-pg-password-7';
  CREATE ROLE app LOGIN; CREATE ROLE absent NOLOGIN; CREATE ROLE encrypted LOGIN PASSWORD 'carbon-pg-password-7';
  CREATE ROLE limited LOGIN CONNECTION LIMIT 0;
  CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on;
  SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'carbon-pg-password-7';";

const HBA: &str = "
local   all all                        trust
hostssl all encrypted     127.0.0.1/32 scram-sha-256
host    all scram         127.0.0.1/32 scram-sha-256
host    all old           127.0.0.1/32 md5
host    all clear         127.0.0.1/32 password
host    all app,ghost,absent,reader,limited,postgres 127.0.0.1/32 trust
";

struct Postgres {
    folder: TempDir,
    port: u16,
    daemon: Option<Daemon>,
}

impl Postgres {
    fn new() -> Self {
        let mut postgres = Self { folder: folder(), port: free_port(), daemon: None };
        let mut initdb = unprivileged("initdb");
        initdb.arg("-D").arg(postgres.data()).args(["-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions"]);
        run(&mut initdb);
        fs::write(postgres.data().join("pg_hba.conf"), HBA).unwrap();
        postgres.start(&[]);
        postgres.sql("postgres", USERS);
        postgres
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts it, or starts it again with other settings.
    fn start(&mut self, settings: &[&str]) {
        self.stop();
        let mut command = unprivileged("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path()).args(["-h", "127.0.0.1"]);
        command.args(["-p", &self.port.to_string(), "-c", "fsync=off", "-c", "ssl=off"]);
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        self.daemon = Some(Daemon::on_port(&mut command, &self.folder.path().join("log"), self.port));
        until("it lets in", || self.psql("postgres", "SELECT 1").output().unwrap().status.success());
    }

    fn stop(&mut self) {
        if self.daemon.take().is_some() {
            // Its other processes see that it is gone.
            until("it is gone", || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err());
            let _gone = fs::remove_file(self.data().join("postmaster.pid"));
        }
    }

    fn psql(&self, user: &str, sql: &str) -> Command {
        let mut command = unprivileged("psql");
        command.arg("-h").arg(self.folder.path()).args(["-p", &self.port.to_string(), "-U", user]);
        command.args(["-d", "postgres", "-v", "ON_ERROR_STOP=1", "-Atqc", sql]);
        command
    }

    fn sql(&self, user: &str, sql: &str) -> String {
        // One statement a call: a database is not made inside of a transaction.
        sql.split_inclusive(';').map(|one| run(&mut self.psql(user, one))).collect()
    }

    fn sleeper(&self, user: &str, number: usize) -> Daemon {
        Daemon::start(&mut self.psql(user, "SELECT pg_sleep(60)"), &self.folder.path().join(format!("sleeper{number}")))
    }

    /// What it says to whom it does not let in.
    fn complaint(&self, user: &str) -> String {
        String::from_utf8_lossy(&self.psql(user, "SELECT 1").output().unwrap().stderr).into_owned()
    }

    fn sleepers(&self) -> usize {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
        self.psql("postgres", count)
            .output()
            .ok()
            .and_then(|out| String::from_utf8_lossy(&out.stdout).trim().parse().ok())
            .unwrap_or(0)
    }

    fn target(&self, user: &str) -> ProbeTarget {
        target(ProbeProtocol::Postgres, "127.0.0.1", self.port).user(user).database("shop")
    }
}

#[test]
#[ignore = "needs servers"]
fn logins() {
    let mut postgres = Postgres { ..Postgres::new() };
    // `SET` holds for one call only.
    postgres.sql("postgres", "ALTER SYSTEM SET password_encryption = 'md5'; SELECT pg_reload_conf();");
    postgres.sql("postgres", "ALTER ROLE old PASSWORD 'carbon-pg-password-7';");
    let version = "server_version=1";
    state("postgres/scram", postgres.target("scram").password(PASSWORD), &Serves, version);
    state("postgres/md5", postgres.target("old").password(PASSWORD), &Serves, version);
    state("postgres/in the clear", postgres.target("clear").password(PASSWORD), &Serves, version);
    state("postgres/trusted", postgres.target("app"), &Serves, version);
    state("postgres/trusted, with a password", postgres.target("app").password(PASSWORD), &Serves, version);
    for user in ["scram", "old", "clear"] {
        let refused = format!("FATAL:  28P01: password authentication failed for user \"{user}\"");
        let wrong = postgres.target(user).password("carbon-wrong-password");
        state(&format!("postgres/{user}, wrong password"), wrong, &RefusesPassword, &refused);
        state(&format!("postgres/{user}, no password"), postgres.target(user), &WantsPassword, "");
    }
    let no_entry = "FATAL:  28000: no pg_hba.conf entry for host \"127.0.0.1\", user \"stranger\", database \"shop\"";
    state("postgres/host is refused", postgres.target("stranger").password(PASSWORD), &RefusesHost, no_entry);
    state(
        "postgres/no such user",
        postgres.target("ghost"),
        &NoSuchUser,
        "FATAL:  28000: role \"ghost\" does not exist",
    );
    state("postgres/may not log in", postgres.target("absent"), &RefusesAccess, "is not permitted to log in");
    let no_database = "FATAL:  3D000: database \"shopp\" does not exist";
    state("postgres/no such database", postgres.target("app").database("shopp"), &NoSuchDatabase, no_database);
    state(
        "postgres/no such database, with password",
        postgres.target("scram").password(PASSWORD).database("shopp"),
        &NoSuchDatabase,
        no_database,
    );
    let closed = postgres.target("app").database("closed");
    state(
        "postgres/database is closed to it",
        closed,
        &RefusesAccess,
        "42501: permission denied for database \"closed\"",
    );
    let too_many = "FATAL:  53300: too many connections for role \"limited\"";
    state("postgres/too many of a user", postgres.target("limited"), &TooManyConnections, too_many);
    let reader = postgres.target("reader");
    state("postgres/reads only", reader, &ReadOnly, "default_transaction_read_only=on");
    state("postgres/tls to a server without", postgres.target("app").secure(), &NoTls, "N");
    state("postgres/asked as http", target(ProbeProtocol::Http, "127.0.0.1", postgres.port), &HungUp, "EOF");
    state("postgres/asked as redis", target(ProbeProtocol::Redis, "127.0.0.1", postgres.port), &HungUp, "EOF");

    // What its log says of all of this are the refusals, and no connection that broke.
    let log = fs::read_to_string(postgres.folder.path().join("log")).unwrap();
    for broken in ["unexpected EOF", "could not receive", "expected password response"] {
        assert!(!log.contains(broken), "{log}");
    }

    let made = certificates();
    let key = postgres.folder.path().join("server.key");
    fs::copy(made.path("good.key"), &key).unwrap();
    run(Command::new("chmod").arg("600").arg(&key));
    run(Command::new("chown").arg("--reference").arg(postgres.folder.path()).arg(&key));
    let (chain, key) = (made.path("good.chain.pem"), key.to_string_lossy().into_owned());
    postgres.start(&["ssl=on", &format!("ssl_cert_file={chain}"), &format!("ssl_key_file={key}")]);
    let encrypted = postgres.target("encrypted").password(PASSWORD);
    state("postgres/wants tls", encrypted.clone(), &WantsTls, "28000: no pg_hba.conf entry for host");
    state("postgres/tls", encrypted.secure(), &Serves, version);
    state(
        "postgres/host is refused, with tls there",
        postgres.target("stranger"),
        &RefusesHost,
        "no pg_hba.conf entry",
    );
}

#[test]
#[ignore = "needs servers"]
fn full_starting_stopping_and_standing_by() {
    let mut postgres = Postgres::new();
    postgres.start(&["max_connections=6", "superuser_reserved_connections=2", "max_wal_senders=0"]);
    let mut sleepers = Vec::new();
    let refused = |words: &str| postgres.complaint("app").contains(words);
    // Whoever asked last may be in the way of the next for a moment: full is what stays so.
    let is_full = |words: &str| {
        (0..3).all(|_| {
            thread::sleep(Duration::from_millis(100));
            refused(words)
        })
    };
    until("only the reserved ones are left", || {
        sleepers.push(postgres.sleeper("app", sleepers.len()));
        is_full("remaining connection slots are reserved")
    });
    state(
        "postgres/reserved",
        postgres.target("app"),
        &TooManyConnections,
        "53300: remaining connection slots are reserved",
    );
    until("none are left", || {
        sleepers.push(postgres.sleeper("postgres", sleepers.len()));
        is_full("too many clients already")
    });
    state("postgres/too many", postgres.target("app"), &TooManyConnections, "53300: sorry, too many clients already");
    sleepers.clear();
    postgres.start(&[]);

    let sleeper = postgres.sleeper("app", 9);
    until("one sleeps", || postgres.sleepers() == 1);
    postgres.daemon.as_ref().unwrap().signal("-TERM");
    until("it stops", || !postgres.psql("postgres", "SELECT 1").output().unwrap().status.success());
    state("postgres/stopping", postgres.target("app"), &Stopping, "57P03: the database system is shutting down");
    drop(sleeper);
    postgres.stop();

    fs::write(postgres.data().join("standby.signal"), "").unwrap();
    postgres.start(&[]);
    state("postgres/standby", postgres.target("app"), &ReadOnly, "in_hot_standby=on");
    postgres.stop();
    let mut command = unprivileged("postgres");
    command.arg("-D").arg(postgres.data()).arg("-k").arg(postgres.folder.path()).args(["-h", "127.0.0.1"]);
    command.args(["-p", &postgres.port.to_string(), "-c", "restore_command=sleep 3"]);
    postgres.daemon = Some(Daemon::on_port(&mut command, &postgres.folder.path().join("log"), postgres.port));
    let starting = state("postgres/starting", postgres.target("app"), &Starting, "57P03: the database system is ");
    println!("{starting:?}");
    postgres.daemon.as_ref().unwrap().signal("-STOP");
    state("postgres/hangs", postgres.target("app"), &Silent, "");
    postgres.daemon.as_ref().unwrap().signal("-CONT");
}
