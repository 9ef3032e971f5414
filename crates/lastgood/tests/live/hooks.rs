//! Commands of the user's own in a container of the new release: before anything that serves is touched, and when all is new.

use std::fs;

use crate::bed::{Bed, Said, lastgood};

const COMPOSE: &str = "
name: live-hooks
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: {RELEASE: '${RELEASE}', STORE_PASSWORD: carbon-hook-7}
    volumes: ['./log:/log']
    command: [python3, -m, http.server, '8000']
    expose: ['8000']
";

const SETTINGS: &str = r#"
[deploy.hook]
before_switch = { service = "app", run = ["sh", "-ec", "echo before $RELEASE >>/log/ran; [ $RELEASE != 3 ] || { echo no room for $STORE_PASSWORD; exit 4; }"] }
after_switch = { service = "app", run = ["sh", "-ec", "echo after $RELEASE >>/log/ran; [ $RELEASE != 4 ] || { echo the cache is cold; exit 5; }"] }
"#;

struct Site(Bed);

impl Site {
    fn deploy(&self, release: u32) -> Said {
        fs::write(self.0.path().join(".env"), format!("RELEASE={release}\n")).unwrap();
        self.ask(&["deploy", "--local", "--to", "state/live"])
    }

    fn ask(&self, arguments: &[&str]) -> Said {
        let said = lastgood(self.0.path(), arguments, &[]);
        assert!(!said.text().contains("carbon-hook-7"), "{}", said.text());
        said
    }

    /// What ran, as whoever runs it writes it down.
    fn ran(&self) -> String {
        fs::read_to_string(self.0.path().join("state/live/log/ran")).unwrap_or_default()
    }

    fn runs(&self, release: u32) {
        let script = format!(
            "docker inspect live-hooks-app-1 --format '{{{{.Config.Env}}}}' | grep -qw RELEASE={release}
             [ -z \"$(docker ps --all --quiet --filter name=lastgood-hook-live-hooks)\" ]"
        );
        self.0.run(&script).unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _gone = self.0.run("docker compose -p live-hooks --progress quiet down --volumes --timeout 0");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn hooks_run_once_where_they_stand_and_decide() {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("compose.yaml"), COMPOSE).unwrap();
    fs::write(source.path().join("lastgood.toml"), SETTINGS).unwrap();
    let site = Site(Bed::laid(source.path()).unwrap());

    site.deploy(1).ends(0, &["before_switch ran", "after_switch ran"]);
    assert_eq!(site.ran(), "before 1\nafter 1\n");
    site.deploy(1).ends(0, &["nothing to do"]);
    site.deploy(2).ends(0, &["after_switch ran"]);
    assert_eq!(site.ran(), "before 1\nafter 1\nbefore 2\nafter 2\n", "nothing to do is nothing done");

    site.deploy(3).ends(1, &["before_switch", "exit code 4", "no room for"]);
    site.runs(2);
    assert!(!site.ran().contains("after 3"), "{}", site.ran());
    site.deploy(4).ends(1, &["after_switch", "exit code 5", "the cache is cold"]);
    site.runs(2);

    let before = site.ran();
    lastgood(&site.0.path().join("state/live"), &["rollback", "--local"], &[]).ends(0, &["serves"]);
    assert_eq!(site.ran(), before, "whoever goes back runs none");
    site.runs(1);
}
