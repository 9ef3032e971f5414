//! A health check that an engine asks for the first time after ten minutes is put by us meanwhile, and is waited for until it passes.

use std::fs;

use crate::bed::{Bed, lastgood};

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
