//! What becomes of secrets while a release is brought out: who could read them in the list of processes, in a core, in what is kept and in
//! what is told. Whoever looks is root, and sees all that there is.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::bed::{Bed, lastgood};

const COMPOSE: &str = r#"
name: live-secrecy
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 0s
    env_file: [.env]
    environment:
      GIVEN_PASSWORD: ${GIVEN_PASSWORD}
    secrets: [word]
    command: [python3, -m, http.server, "8000"]
secrets: {word: {file: ./word}}
"#;
const SETTINGS: &str = r#"
[deploy]
hold = "1s"
[deploy.migrate]
service = "app"
up = ["sh", "-c", "test -n \"$GIVEN_PASSWORD\""]
down = ["true"]
[[deploy.smoke]]
name = "page"
url = "http://app:8000/"
header = { Authorization = "Bearer ${SMOKE_TOKEN}" }
"#;
const SECRETS: [&str; 4] = ["carbon-env-file-31", "carbon-given-47", "carbon-word-59", "carbon-smoke-61"];

/// What the list of processes showed while something else was done.
#[derive(Default)]
struct Listed {
    /// Arguments of all processes.
    arguments: BTreeSet<String>,
    /// Of ours: their arguments, the limit of their cores, and who owns their memory.
    ours: BTreeSet<(String, String, u32)>,
}

fn list(into: &mut Listed, binary: &Path) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let process = entry.path();
        let Ok(line) = fs::read(process.join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if fs::read_link(process.join("exe")).is_ok_and(|exe| exe == binary) {
            let limits = fs::read_to_string(process.join("limits")).unwrap_or_default();
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
            let owner = fs::metadata(process.join("mem")).map_or(0, |facts| facts.uid());
            into.ours.insert((line.clone(), core.split_whitespace().collect::<Vec<_>>().join(" "), owner));
        }
        into.arguments.insert(line);
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
#[ignore = "needs a Docker engine"]
fn secrets_are_in_no_list_no_core_and_nobody_elses_file() {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("compose.yaml"), COMPOSE).unwrap();
    fs::write(source.path().join("lastgood.toml"), SETTINGS).unwrap();
    fs::write(source.path().join(".env"), format!("STORE_PASSWORD={}\nGIVEN_PASSWORD={}\n", SECRETS[0], SECRETS[1]))
        .unwrap();
    fs::write(source.path().join("word"), SECRETS[2]).unwrap();
    let bed = Bed::laid(source.path()).unwrap();
    let live = bed.path().join("state/live");
    let binary = crate::bed::binary().canonicalize().unwrap();

    let over = AtomicBool::new(false);
    let (said, listed) = thread::scope(|scope| {
        let lists = scope.spawn(|| {
            let mut listed = Listed::default();
            while !over.load(Ordering::Relaxed) {
                list(&mut listed, &binary);
                thread::sleep(Duration::from_millis(5));
            }
            listed
        });
        let mut said = Vec::new();
        let to = live.to_str().unwrap();
        for arguments in [
            &["deploy", "--local", "--to", to, "--json"][..],
            &["deploy", "--local", "--to", to],
            &["deploy", "--local", "--to", to, "--plan"],
        ] {
            let one = lastgood(bed.path(), arguments, &[("SMOKE_TOKEN", SECRETS[3])]);
            assert_eq!(one.code, 0, "{}{}", one.stdout, one.stderr);
            said.push(one.stdout + &one.stderr);
            bed.run("sed -i 's/\"8000\"\\]/\"8000\", --bind, 0.0.0.0]/' compose.yaml").unwrap();
        }
        let back = lastgood(&live, &["rollback", "--local"], &[]);
        assert_eq!(back.code, 0, "{}{}", back.stdout, back.stderr);
        said.push(back.stdout + &back.stderr);
        over.store(true, Ordering::Relaxed);
        (said, lists.join().unwrap())
    });

    assert!(listed.ours.iter().any(|(arguments, ..)| arguments.contains("deploy")), "{:?}", listed.ours);
    assert!(listed.arguments.iter().any(|line| line.contains("compose") && line.contains("up")), "nothing was listed");
    for (arguments, core, _) in &listed.ours {
        // In its first moment it has not said so yet.
        let same: Vec<_> = listed.ours.iter().filter(|(other, ..)| other == arguments).collect();
        assert!(same.iter().any(|(_, core, _)| core == "Max core file size 0 0 bytes"), "{arguments}: {core}");
    }
    let kept = below(&live.join(".lastgood"));
    for secret in SECRETS {
        let shown: Vec<_> = listed.arguments.iter().filter(|line| line.contains(secret)).collect();
        assert!(shown.is_empty(), "{secret} stands in the list of processes: {shown:?}");
        assert!(!said.iter().any(|text| text.contains(secret)), "{secret} is told: {said:?}");
        for path in &kept {
            let holds = String::from_utf8_lossy(&fs::read(path).unwrap()).contains(secret);
            let is_copy = path.strip_prefix(live.join(".lastgood/releases")).is_ok()
                || path.ends_with("word")
                || path.ends_with(".env");
            assert!(!holds || is_copy, "{} holds {secret}", path.display());
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert!(!holds || mode & 0o077 == 0, "{}, with {secret}, is for others to read: {mode:o}", path.display());
        }
    }
    bed.run("cd state/live && docker compose --progress quiet down --timeout 0").unwrap();
}

#[test]
#[ignore = "needs a user to become"]
fn whoever_is_the_same_user_reads_no_memory_of_it() {
    let binary = crate::bed::binary().canonicalize().unwrap();
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // It waits for what it is to read.
    let asks = "sleep 3 | ./lastgood why - >/dev/null 2>&1 & sleep 1; \
                grep -q lastgood /proc/$!/cmdline && ! head -c 1 /proc/$!/environ >/dev/null 2>said && grep -q denied said";
    let script = format!(
        "cp {} lastgood; chmod 755 lastgood; setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '{asks}'",
        binary.display()
    );
    crate::bed::shell(home.path(), &script).unwrap();
}
