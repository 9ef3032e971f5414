//! MariaDB in the states that it may be in, and that it counts no broken connections.

use std::fs;
use std::process::Command;

use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeProtocol, ProbeTarget};
use tempfile::TempDir;

use crate::ask::{With, state, target};
use crate::daemon::{Daemon, folder, free_port, run, unprivileged, until};
use crate::web::certificates;

const PASSWORD: &str = "carbon-sql-password-5";

const USERS: &str = "
  CREATE DATABASE shop; CREATE DATABASE closed;
  INSTALL SONAME 'auth_ed25519';
  CREATE USER app@'%' IDENTIFIED BY 'carbon-sql-password-5'; GRANT ALL ON shop.* TO app@'%';
  CREATE USER all_of_it@'%' IDENTIFIED BY 'carbon-sql-password-5'; GRANT ALL ON *.* TO all_of_it@'%';
  CREATE USER open@'%'; GRANT ALL ON shop.* TO open@'%';
  CREATE USER locked@'%' IDENTIFIED BY 'carbon-sql-password-5' ACCOUNT LOCK;
  CREATE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('carbon-sql-password-5');
  CREATE USER few@'%' IDENTIFIED BY 'carbon-sql-password-5' WITH MAX_USER_CONNECTIONS 1; GRANT ALL ON shop.* TO few@'%';";

struct Mariadb {
    folder: TempDir,
    port: u16,
    daemon: Option<Daemon>,
}

impl Mariadb {
    fn new() -> Self {
        let mut mariadb = Self { folder: folder(), port: free_port(), daemon: None };
        let path = mariadb.folder.path().display();
        let mut install = unprivileged("mariadb-install-db");
        install
            .arg("--no-defaults")
            .arg(format!("--datadir={path}/data"))
            .arg("--auth-root-authentication-method=normal");
        run(install.arg("--skip-test-db").current_dir(mariadb.folder.path()));
        mariadb.start(&[]);
        mariadb.sql(USERS);
        mariadb
    }

    fn start(&mut self, options: &[&str]) {
        self.stop();
        let path = self.folder.path().display();
        let mut command = unprivileged("mariadbd");
        command.arg("--no-defaults").arg(format!("--datadir={path}/data")).arg(format!("--socket={path}/socket"));
        command.arg(format!("--port={}", self.port)).arg(format!("--pid-file={path}/pid"));
        command.args(["--bind-address=127.0.0.1", "--innodb-flush-method=fsync", "--innodb-buffer-pool-size=16M"]);
        command.args(["--skip-name-resolve", "--performance-schema=on"]).args(options);
        self.daemon = Some(Daemon::on_port(&mut command, &self.folder.path().join("log"), self.port));
    }

    fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.signal("-TERM");
            until("it has stopped", || !self.folder.path().join("socket").exists());
        }
    }

    fn client(&self, user: &str, sql: &str) -> Command {
        let mut command = unprivileged("mariadb");
        command.arg("--no-defaults").arg(format!("--socket={}/socket", self.folder.path().display()));
        command.args(["-u", user, "-BN", "-e", sql]);
        command
    }

    fn sql(&self, sql: &str) -> String {
        run(&mut self.client("root", sql))
    }

    fn aborted(&self) -> String {
        self.sql("SHOW GLOBAL STATUS LIKE 'Aborted%'; SELECT * FROM performance_schema.host_cache")
    }

    fn target(&self, user: &str) -> ProbeTarget {
        target(ProbeProtocol::Mysql, "127.0.0.1", self.port).user(user).database("shop")
    }
}

#[test]
#[ignore = "needs servers"]
fn logins_and_limits() {
    let mut mariadb = Mariadb::new();
    let version = "MariaDB";
    let before = mariadb.aborted();
    state("mariadb/serves", mariadb.target("app").password(PASSWORD), &Serves, version);
    state("mariadb/serves without a password", mariadb.target("open"), &Serves, version);
    let no_database = ProbeTarget { database: None, ..mariadb.target("app").password(PASSWORD) };
    state("mariadb/serves without a database", no_database, &Serves, version);
    assert_eq!(mariadb.aborted(), before, "a probe that was let in is no broken connection");

    let denied =
        |using: &str| format!("ERROR 1045 (28000): Access denied for user 'app'@'127.0.0.1' (using password: {using})");
    let wrong = mariadb.target("app").password("carbon-wrong-password");
    state("mariadb/wrong password", wrong, &RefusesPassword, &denied("YES"));
    state("mariadb/no password", mariadb.target("app"), &WantsPassword, &denied("NO"));
    let ghost = mariadb.target("ghost").password(PASSWORD);
    state(
        "mariadb/no such user",
        ghost,
        &RefusesPassword,
        "ERROR 1045 (28000): Access denied for user 'ghost'@'127.0.0.1'",
    );
    let all = mariadb.target("all_of_it").password(PASSWORD).database("shopp");
    state("mariadb/no such database", all, &NoSuchDatabase, "ERROR 1049 (42000): Unknown database 'shopp'");
    let closed = mariadb.target("app").password(PASSWORD).database("closed");
    state(
        "mariadb/database is closed to it",
        closed,
        &RefusesAccess,
        "ERROR 1044 (42000): Access denied for user 'app'@'%' to database 'closed'",
    );
    state(
        "mariadb/account is locked",
        mariadb.target("locked").password(PASSWORD),
        &RefusesAccess,
        "ERROR 4151 (HY000)",
    );
    let modern = mariadb.target("modern").password(PASSWORD);
    state("mariadb/a login that is not spoken", modern, &Undecided, "AuthSwitchRequest client_ed25519");
    state("mariadb/tls to a server without", mariadb.target("app").secure(), &NoTls, version);
    state(
        "mariadb/asked as postgres",
        target(ProbeProtocol::Postgres, "127.0.0.1", mariadb.port).user("app"),
        &OtherProtocol,
        "MariaDB",
    );
    state("mariadb/asked as redis", target(ProbeProtocol::Redis, "127.0.0.1", mariadb.port), &OtherProtocol, "MariaDB");
    state("mariadb/asked what it is", target(ProbeProtocol::Tcp, "127.0.0.1", mariadb.port), &Serves, "MariaDB");

    let few = Daemon::start(
        Command::new("bash").arg("-c").arg(format!(
            "exec mariadb --no-defaults -h 127.0.0.1 -P {} -u few -p{PASSWORD} -e 'SELECT SLEEP(60)'",
            mariadb.port
        )),
        &mariadb.folder.path().join("few"),
    );
    until("one is in", || mariadb.sql("SHOW PROCESSLIST").contains("SLEEP"));
    state(
        "mariadb/too many of a user",
        mariadb.target("few").password(PASSWORD),
        &TooManyConnections,
        "ERROR 1226 (42000)",
    );
    drop(few);

    mariadb.start(&["--max-connections=10", "--extra-max-connections=1"]);
    let sleeper = |number: usize| {
        Daemon::start(
            &mut mariadb.client("open", "SELECT SLEEP(60)"),
            &mariadb.folder.path().join(format!("s{number}")),
        )
    };
    let mut sleepers: Vec<Daemon> = Vec::new();
    let mut refusals = 0;
    until("it is full", || {
        sleepers.push(sleeper(sleepers.len()));
        let refused = !mariadb.client("open", "SELECT 1").output().unwrap().status.success();
        // Who asks takes a place for a moment, too.
        refusals = if refused { refusals + 1 } else { 0 };
        refusals == 5
    });
    state("mariadb/too many connections", mariadb.target("app").password(PASSWORD), &TooManyConnections, "ERROR 1040");
    drop(sleepers);

    let made = certificates();
    let key = mariadb.folder.path().join("server.key");
    fs::copy(made.path("good.key"), &key).unwrap();
    run(Command::new("chown").arg("--reference").arg(mariadb.folder.path()).arg(&key));
    let (chain, key) = (made.path("good.chain.pem"), key.to_string_lossy().into_owned());
    mariadb.start(&[&format!("--ssl-cert={chain}"), &format!("--ssl-key={key}"), "--require-secure-transport=ON"]);
    // MariaDB says the same to a wrong password; only MySQL says that it wants TLS.
    state("mariadb/wants tls", mariadb.target("app").password(PASSWORD), &RefusesPassword, &denied("YES"));
    let before = mariadb.aborted();
    state("mariadb/tls", mariadb.target("app").password(PASSWORD).secure(), &Serves, version);
    assert_eq!(mariadb.aborted(), before);

    mariadb.sql("DELETE FROM mysql.global_priv WHERE Host = '%'; FLUSH PRIVILEGES");
    mariadb.start(&[]);
    mariadb.sql("RENAME USER root@'127.0.0.1' TO root@'10.1.1.1'");
    state("mariadb/host is refused", mariadb.target("app").password(PASSWORD), &RefusesHost, "ERROR 1130");
    mariadb.daemon.as_ref().unwrap().signal("-STOP");
    state("mariadb/hangs", mariadb.target("app").password(PASSWORD), &Silent, "");
    mariadb.daemon.as_ref().unwrap().signal("-CONT");
}
