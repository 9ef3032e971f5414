//! A health check that an engine asks for the first time after ten minutes is put by us meanwhile, and is waited for until it passes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bed::{Bed, lastgood};
use crate::load::{Load, usual};

const COMPOSE: &str = r#"
name: live-health
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: {STORE_PASSWORD: carbon-health-3}
    command: [sh, -c, "sleep 4; echo carbon-health-3 >/tmp/ready; exec sleep infinity"]
    healthcheck:
      test: [CMD-SHELL, "grep -qx carbon-health-3 /tmp/ready && test \"$$STORE_PASSWORD\" = carbon-health-3"]
      interval: 10m
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn a_health_check_is_put_before_its_engine_would() {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("compose.yaml"), COMPOSE).unwrap();
    let bed = Bed::laid(source.path()).unwrap();
    let live = bed.path().join("state/live");
    let said = lastgood(bed.path(), &["deploy", "--local", "--to", live.to_str().unwrap()], &[]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    bed.run(
        "of() { docker inspect live-health-app-1 --format \"$1\"; }
         [ \"$(of '{{.State.Health.Status}}')\" = starting ] && docker exec live-health-app-1 test -f /tmp/ready
         cd state/live && docker compose --progress quiet down --timeout 0",
    )
    .unwrap();
}

/// The stack behind nginx, under another name, whose health check is asked every ten minutes.
const PATIENT: &str = "
sed -i 's/live-proxied/live-patient/; s/18480/18482/' compose.yaml
cat >>compose.yaml <<'END'
    healthcheck:
      test: [CMD, python3, -c, \"import urllib.request as u; u.urlopen('http://127.0.0.1:8000/', timeout=2)\"]
      interval: 10m
END
";
const GONE: &str = "
docker rm --force lastgood-candidate-live-patient-app 2>/dev/null
docker compose -p live-patient --progress quiet down --volumes --timeout 0
docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^lastgood/live-patient/' | xargs -r docker image rm
";

#[test]
#[ignore = "needs a Docker engine"]
fn behind_nginx_nobody_waits_for_an_engine_that_asks_every_ten_minutes() {
    let bed = Bed::laid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/proxied")).unwrap();
    bed.run(PATIENT).unwrap();
    let live = bed.path().join("state/live");
    let deploy = |release: u32| {
        bed.run(&format!("echo RELEASE={release} >.env")).unwrap();
        lastgood(bed.path(), &["deploy", "--local", "--to", live.to_str().unwrap()], &[])
    };
    deploy(1).ends(0, &["serves"]);
    let load = Load::begin("127.0.0.1:18482".parse().unwrap(), &usual());
    let begun = Instant::now();
    let said = deploy(2);
    let took = begun.elapsed();
    let tally = load.end();
    // Its engine has decided nothing yet, and Compose has nothing to do.
    let after = bed.run(
        "of() { docker inspect live-patient-app-1 --format \"$1\"; }
         [ \"$(of '{{.State.Health.Status}}')\" = starting ] && was=$(of '{{.Id}}')
         cd state/live && docker compose up --detach --quiet-pull 2>/dev/null
         [ \"$(of '{{.Id}}')\" = \"$was\" ] && [ \"$(docker ps --all --quiet --filter name=live-patient | wc -l)\" = 2 ]",
    );
    bed.run(GONE).unwrap();
    after.unwrap();
    said.ends(0, &["app: the candidate gets its traffic", "app gets its traffic", "serves"]);
    assert!(tally.failed == 0 && tally.requests > 0, "{tally}");
    assert_eq!(tally.answers.len(), 2, "each release was met: {:?}", tally.answers);
    assert!(took < Duration::from_secs(120), "{took:?}: somebody waited for the engine");
}
