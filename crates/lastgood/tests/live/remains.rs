//! A release that fails, and whose way back fails, too: what is said of each service is so, and the commands that are printed, typed as
//! they stand, lead back. The engine fails for real: a `docker` in front of the real one refuses what it is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::bed::{Bed, Said, lastgood, shell};

const COMPOSE: &str = r#"
name: live-remains
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: {MODE: one}
    volumes: ["./page:/srv:ro"]
    command: [python3, -m, http.server, "8000", --directory, /srv]
  worker:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: {MODE: one}
    command: [sleep, infinity]
"#;

/// Refuses to make containers once the file `broken` is there, and does everything else.
const DOCKER: &str = r#"#!/bin/sh
case " $* " in *" up "*) if [ -e "$(dirname "$0")/broken" ]; then echo "no space left on device" >&2; exit 1; fi;; esac
exec REAL "$@"
"#;

fn deploy(bed: &Bed, front: &Path, arguments: &[&str]) -> Said {
    let live = bed.path().join("state/live");
    let arguments = [&["deploy", "--local", "--to", live.to_str().unwrap()], arguments].concat();
    let path = format!("{}:{}", front.display(), std::env::var("PATH").unwrap());
    lastgood(bed.path(), &arguments, &[("PATH", &path)])
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_is_printed_leads_back() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("page")).unwrap();
    fs::write(folder.path().join("page/index.html"), "one\n").unwrap();
    fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
    let bed = Bed::laid(folder.path()).unwrap();
    let front = tempfile::tempdir().unwrap();
    let real = std::process::Command::new("sh").args(["-c", "command -v docker"]).output().unwrap().stdout;
    let real = String::from_utf8(real).unwrap();
    fs::write(front.path().join("docker"), DOCKER.replace("REAL", real.trim())).unwrap();
    fs::set_permissions(front.path().join("docker"), fs::Permissions::from_mode(0o755)).unwrap();
    let first = deploy(&bed, front.path(), &[]);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);

    // The worker is made anew and ends at once, and from then on nothing can be made any more.
    bed.run(&format!(
        "sed -i 's/MODE: one/MODE: two/; s|sleep, infinity|sh, -c, \"sleep 2; exit 7\"|' compose.yaml; echo two >page/index.html
         (for _ in $(seq 300); do
            [ \"$(docker ps --quiet --filter name=live-remains-worker --filter status=running | wc -l)\" = 1 ] &&
            docker inspect live-remains-worker-1 --format '{{{{.Config.Cmd}}}}' | grep -q 'exit 7' && break; sleep 0.1
          done; touch {front}/broken) >/dev/null 2>&1 &",
        front = front.path().display()
    ))
    .unwrap();
    let failed = deploy(&bed, front.path(), &[]);
    println!("{}", failed.stdout);
    assert_eq!(failed.code, 3, "{}{}", failed.stdout, failed.stderr);
    assert!(failed.stdout.contains("and going back to"), "{}", failed.stdout);
    // That of the worker, which had ended, was in the way of the one before it.
    for so in ["state       app runs as ", "worker has no container"] {
        assert!(failed.stdout.contains(so), "{so}: {}", failed.stdout);
    }

    // Whoever reads it mends the engine, and types what stands there.
    fs::remove_file(front.path().join("broken")).unwrap();
    let by_hand = failed.stdout.lines().skip_while(|line| !line.starts_with("by hand"));
    let commands: Vec<&str> = by_hand
        .take_while(|line| !line.starts_with("or "))
        .map(|line| line.trim_start_matches("by hand").trim())
        .collect();
    assert!(commands.len() > 1, "{}", failed.stdout);
    shell(Path::new("/"), &commands.join("\n")).unwrap();
    bed.run(
        "cd state/live
         grep -q 'MODE: one' compose.yaml && grep -q one page/index.html
         [ \"$(docker compose exec -T app python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:8000/\").read())')\" = \"b'one\\n'\" ]
         docker inspect live-remains-worker-1 --format '{{.State.Status}} {{.Config.Cmd}}' | grep -q 'running.*infinity'
         before=$(docker compose ps --quiet | sort); docker compose --progress quiet up --detach
         [ \"$before\" = \"$(docker compose ps --quiet | sort)\" ]",
    )
    .unwrap();
    // And the next release goes on from there.
    bed.run("sed -i 's/exit 7/exec sleep infinity/' compose.yaml").unwrap();
    let next = deploy(&bed, front.path(), &[]);
    assert_eq!(next.code, 0, "{}{}", next.stdout, next.stderr);
    bed.run("cd state/live && docker compose --progress quiet down --timeout 0").unwrap();
}
