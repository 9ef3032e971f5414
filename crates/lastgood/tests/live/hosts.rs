//! The same questions over a real sshd, which listens on a loopback port for the length of the test: the answer is that of the host
//! itself, the agent goes there once and leaves nothing behind, and what does not work says why.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bed::{Bed, Said, lastgood, shell};

/// An sshd, its keys, and an ssh that knows it as `vm`.
pub struct Host {
    folder: TempDir,
    sshd: Child,
}

impl Host {
    pub fn up() -> Self {
        let folder = TempDir::with_prefix("host-").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let here = folder.path().display();
        for key in ["host", "user", "stranger"] {
            shell(folder.path(), &format!("ssh-keygen -q -t ed25519 -N '' -f {key}")).unwrap();
        }
        // Whoever is root needs a folder for the part of it that is nobody.
        shell(folder.path(), "cp user.pub authorized; mkdir cache bin; [ \"$(id -u)\" != 0 ] || mkdir -p /run/sshd")
            .unwrap();
        let of_server = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/host\nPidFile none\nAuthorizedKeysFile {here}/authorized\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nSetEnv XDG_CACHE_HOME={here}/cache\n"
        );
        fs::write(folder.path().join("sshd_config"), of_server).unwrap();
        let of_client = |name: &str, key: &str, port: u16| {
            format!(
                "Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {here}/{key}\n  IdentitiesOnly yes\n  \
                 UserKnownHostsFile {here}/known\n"
            )
        };
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config =
            of_client("vm", "user", port) + &of_client("locked", "stranger", port) + &of_client("down", "user", nobody);
        fs::write(folder.path().join("ssh_config"), config).unwrap();
        let shim = format!("#!/bin/sh\necho x >>{here}/calls\nexec /usr/bin/ssh -F {here}/ssh_config \"$@\"\n");
        fs::write(folder.path().join("bin/ssh"), shim).unwrap();
        shell(folder.path(), "chmod +x bin/ssh").unwrap();
        let sshd = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("sshd_config"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let host = Self { folder, sshd };
        let known = format!("ssh-keyscan -p {port} 127.0.0.1 >known 2>/dev/null && [ -s known ]");
        let begun = Instant::now();
        while shell(host.folder.path(), &known).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "sshd does not answer");
            thread::sleep(Duration::from_millis(100));
        }
        host
    }

    /// Asks as somebody who has this host in the configuration of ssh.
    pub fn ask(&self, folder: &Path, arguments: &[&str]) -> Said {
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        lastgood(folder, arguments, &[("PATH", &path)])
    }

    /// Where its keys and programs are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Agents that are there.
    fn agents(&self) -> Vec<PathBuf> {
        let there = fs::read_dir(self.folder.path().join("cache/lastgood"));
        there.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    /// How often ssh was called so far.
    fn calls(&self) -> usize {
        fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default().lines().count()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended_already = self.sshd.kill();
        let _reaped = self.sshd.wait();
    }
}

#[test]
#[ignore = "needs a Docker engine and sshd"]
fn a_host_is_asked_as_if_one_were_there() {
    let bed = Bed::up(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/faults/password-missing")).unwrap();
    let host = Host::up();
    let elsewhere = TempDir::with_prefix("client ").unwrap();
    let client = elsewhere.path();
    let ask = |arguments: &[&str]| host.ask(client, arguments);

    // Named by hand, where ssh comes out: the project is told by its containers.
    let typed = ask(&["status", "--host", "vm", "-p", "live-password-missing"]);
    assert_eq!(typed.code, 0, "{}{}", typed.stdout, typed.stderr);
    assert!(typed.stdout.contains("live-password-missing"), "{}", typed.stdout);
    let brought = host.agents();
    assert_eq!(brought.len(), 1, "{brought:?}");
    let first = fs::metadata(&brought[0]).unwrap().modified().unwrap();

    // By the settings, with a folder that has to be quoted.
    let odd = client.join("it's a folder");
    shell(client, &format!("ln -s '{}' \"it's a folder\"", bed.path().display())).unwrap();
    let settings = format!("lang = 'ko'\n[target.prod]\nhost = 'vm'\npath = \"{}\"\n", odd.display());
    fs::write(client.join("lastgood.toml"), settings).unwrap();
    let there = ask(&["why", "--lang", "en"]);
    assert_eq!(there.code, 1, "{}{}", there.stdout, there.stderr);
    for words in ["store:6379 demands a password, shop sends none", "-NOAUTH Authentication required."] {
        assert!(there.stdout.contains(words), "no `{words}`: {}", there.stdout);
    }
    assert!(ask(&["why", "shop"]).stdout.contains("비밀번호를 요구"), "the language is ours, not the host's");
    let check = ask(&["check", "--json", "--no-probes"]);
    let of_host = lastgood(bed.path(), &["check", "--json", "--no-probes", "--lang", "ko"], &[]);
    assert_eq!((check.code, without_times(&check.stdout)), (of_host.code, without_times(&of_host.stdout)));
    let timeline = ask(&["timeline", "--per=1h", "--lang", "en"]);
    assert!(timeline.code == 0 && timeline.stdout.starts_with("looked at "), "{}{}", timeline.stdout, timeline.stderr);
    let before = host.calls();
    ask(&["status", "--local"]);
    assert_eq!(host.calls(), before, "this machine is asked without ssh");
    assert_eq!(fs::metadata(&brought[0]).unwrap().modified().unwrap(), first, "it is brought once");
    let before = host.calls();
    ask(&["status"]);
    assert!(host.calls() - before <= 3, "one question takes {} calls of ssh", host.calls() - before);

    // What is captured there lies here, and says the same.
    let captured = ask(&["capture", "-o", "it's a case", "--lang", "en"]);
    assert_eq!(captured.code, 0, "{}{}", captured.stdout, captured.stderr);
    assert!(captured.stdout.contains("lastgood why --case"), "{}", captured.stdout);
    let replayed = ask(&["why", "--case", "it's a case", "--lang", "en"]);
    assert!(replayed.code == 1 && replayed.stdout.contains("store:6379 demands a password"), "{}", replayed.stdout);
    let again = ask(&["capture", "-o", "it's a case"]);
    assert!(again.code == 2 && again.stderr.contains("도움말"), "{}", again.stderr);

    // What goes wrong says why, and how to go on.
    for (arguments, words) in [
        (["status", "--host", "locked"], "Permission denied"),
        (["status", "--host", "down"], "Connection refused"),
        (["status", "--target", "pord"], "prod"),
        (["why", "./lastgood.toml", "--host=vm"], "vm"),
    ] {
        let said = ask(&arguments);
        assert!(said.code == 2 && said.stdout.is_empty(), "{arguments:?}: {}", said.stdout);
        assert!(said.stderr.contains(words) && said.stderr.contains("도움말"), "{arguments:?}: {}", said.stderr);
    }
    fs::write(client.join("lastgood.toml"), "[target.a]\nhost = 'vm'\npath = '/no where'\n").unwrap();
    let nowhere = ask(&["why"]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("/no where"), "{}", nowhere.stderr);
    fs::write(client.join("lastgood.toml"), "[target.a]\nhost = 'vm'\n[target.b]\nhost = 'vm'\n").unwrap();
    let several = ask(&["check"]);
    assert!(several.code == 2 && several.stderr.contains("a, b"), "{}", several.stderr);

    // Nothing of ours stays: no agent, no connection.
    let removed = ask(&["host", "remove", "--target", "a"]);
    assert!(removed.code == 0 && removed.stdout.contains("agent-"), "{}{}", removed.stdout, removed.stderr);
    assert_eq!(host.agents(), Vec::<PathBuf>::new());
    assert!(!host.folder.path().join("cache/lastgood").exists());
    let open =
        Command::new("pgrep").args(["-f", &format!("{}/ssh_config", host.folder.path().display())]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&open.stdout), "", "a connection stays open");
}

/// Whatever differs from one look to the next.
fn without_times(text: &str) -> String {
    let is_time = |line: &&str| !(line.contains("\"at\"") || line.contains("_at\"") || line.contains("file\":"));
    text.lines().filter(is_time).collect::<Vec<_>>().join("\n")
}
