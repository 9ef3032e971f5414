//! What is said of a stack in the middle of a deploy: that one goes on, whose it is, and nothing against what it does to its own services.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::bed::binary;
use crate::site::Site;

const PROJECT: &str = "live-under-way";
const COMPOSE: &str = r#"
name: live-under-way
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 1s
    restart: unless-stopped
    environment: { RELEASE: "${RELEASE}" }
    command: [sh, -c, "sleep 3; [ $$RELEASE != broken ] && exec python3 -m http.server 8000"]
    healthcheck:
      test: [CMD, python3, -c, "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/', timeout=2)"]
      interval: 1s
      timeout: 2s
      retries: 30
"#;

impl Site {
    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.here(arguments);
        serde_json::from_str(&said.stdout).map_err(|why| format!("{why}: {}{}", said.stdout, said.stderr)).unwrap()
    }

    /// Deploys a release, and asks all the time until it is over. Returns its exit code, and the acts that it was said to be at.
    fn asked_meanwhile(&self, release: &str) -> (i32, BTreeSet<String>) {
        fs::write(self.source.path().join(".env"), format!("RELEASE={release}\n")).unwrap();
        let mut command = Command::new(binary());
        command.args(["deploy", "--local", "--to"]).arg(&self.live).current_dir(self.source.path());
        command.env("LASTGOOD_WHO", "kim@laptop").stdout(Stdio::null()).stderr(Stdio::null());
        let mut deploy = command.spawn().unwrap();
        let (mut acts, mut noted, mut told) = (BTreeSet::new(), 0, BTreeSet::new());
        let code = loop {
            if let Some(status) = deploy.try_wait().unwrap() {
                break status.code().unwrap();
            }
            let (history, status) =
                (self.json(&["history", "--local", "--json"]), self.json(&["status", "--local", "--json"]));
            if !history["rollout"].is_null() {
                assert_eq!(history["rollout"]["number"], history["rollouts"][0]["number"]);
                assert_eq!(history["rollouts"][0]["outcome"], Value::Null);
            }
            for going in [&history["rollout"], &status["rollout"]].into_iter().filter(|going| !going.is_null()) {
                assert_eq!((&going["who"], &going["services"]), (&"kim@laptop".into(), &serde_json::json!(["app"])));
                assert_eq!(going["release"], history["rollouts"][0]["release"]);
                assert!(going["since"].as_str().unwrap().starts_with("20"), "{going}");
                let back = if going["back"] == true { "back: " } else { "" };
                let act = going["act"].as_str().unwrap_or_default();
                acts.insert(format!("{back}{}", act.split(' ').next().unwrap_or_default()));
            }
            // Also where it begins, or ends, in the middle of this.
            let verdict = self.json(&["why", "--local", "--no-probes", "--json"]);
            // A container that has just been made has no access log yet: then it is undetermined.
            assert!(verdict["incidents"].as_array().unwrap().is_empty(), "{verdict:#}");
            let notes = verdict["notes"].as_array().unwrap().iter().map(|note| note["kind"].as_str().unwrap());
            noted += notes.filter(|kind| *kind == "rollout-under-way").count();
            let people = [("en", "kim@laptop brings"), ("ko", "배포 진행 중 (kim@laptop)")];
            for (lang, words) in people {
                let said = self.here(&["status", "--local", "--lang", lang]).text();
                told.extend(said.contains(words).then_some(lang));
            }
        };
        assert!(noted > 0 && told.len() == 2, "{noted} {told:?} {acts:?}");
        assert_eq!(self.json(&["history", "--local", "--json"])["rollout"], Value::Null);
        assert_eq!(self.json(&["status", "--local", "--json"])["rollout"], Value::Null);
        (code, acts)
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn who_asks_in_the_middle_of_a_deploy_is_told_of_it_and_of_no_fault_that_it_makes() {
    let site = Site::with(PROJECT, COMPOSE);
    fs::write(site.source.path().join(".env"), "RELEASE=one\n").unwrap();
    site.deploy(&[]).ends(0, &["serves"]);
    let settings = |candidate: bool| {
        let text = format!("[deploy.service.app]\ncandidate = {candidate}\n");
        fs::write(site.source.path().join("lastgood.toml"), text).unwrap();
    };
    let at = |acts: &BTreeSet<String>, words: &[&str]| {
        let is_seen = acts.iter().any(|act| words.iter().any(|word| act.contains(word)));
        assert!(is_seen, "{acts:?}");
    };
    // Tried beside the one that serves, and then made anew.
    settings(true);
    let (code, acts) = site.asked_meanwhile("two");
    assert_eq!(code, 0);
    at(&acts, &["-candidate"]);
    // A candidate that ends is no fault of the service.
    let (code, acts) = site.asked_meanwhile("broken");
    assert_eq!(code, 1);
    at(&acts, &["-candidate"]);
    // Nor is a service that ends meanwhile, and is taken back.
    settings(false);
    let (code, acts) = site.asked_meanwhile("broken");
    assert_eq!(code, 1);
    at(&acts, &["switch", "gate"]);
    site.here(&["why", "--local", "--no-probes"]).ends(0, &[]);
}
