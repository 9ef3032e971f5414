//! Releases whose nginx passes requests on to where nobody listens, though all that runs is well by itself: they are not called good. And
//! those that move a port, with whoever asks it.

use std::fs;
use std::time::Duration;

use lastgood_world::request::{Request, put};

use crate::site::Site;

const COMPOSE: &str = r#"
name: live-passing
services:
  web:
    image: live-nginx
    ports: ["127.0.0.1:18492:80"]
    volumes: ["./conf.d:/etc/nginx/conf.d:ro"]
    depends_on: [app]
  app:
    image: live-python
    init: true
    stop_grace_period: 1s
    environment: { PORT: "${PORT}" }
    command: [sh, -c, 'cd /srv && exec python3 -m http.server "$$PORT"']
"#;

/// A release with an application on a port, and an nginx that passes its requests, and those below `/api`, on to these.
fn release(site: &Site, app: u16, passes: u16, api: u16) {
    site.of_source(".env", &format!("PORT={app}\n"));
    let pass = |path: &str, port: u16| format!("location {path} {{ proxy_pass http://app:{port}/; }}");
    let conf = format!("server {{ listen 80; {} {} }}\n", pass("/", passes), pass("/api/", api));
    fs::create_dir_all(site.source.path().join("conf.d")).unwrap();
    site.of_source("conf.d/default.conf", &conf);
}

/// Both ways lead to the application.
fn serves(when: &str) {
    for path in ["/", "/api/"] {
        let url = format!("http://127.0.0.1:18492{path}");
        let within = Duration::from_secs(5);
        let answer = put(&Request { method: "GET".to_owned(), url, within, ..Request::default() });
        assert_eq!(answer.map(|answer| answer.status), Ok(200), "{when}: {path}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn where_nobody_listens_no_request_is_passed_on_to() {
    let site = Site::with("live-passing", COMPOSE);
    release(&site, 8000, 8000, 8000);
    site.deploy(&[]).ends(0, &["serves"]);
    serves("at first");

    // Not even its candidate is called well, by what is asked of it first, or by anything else.
    release(&site, 8000, 9000, 8000);
    let nobody = "requests are passed on to app:9000 (lastgood-candidate-live-passing-web:/etc/nginx/conf.d/default.conf:1), and \
                  nobody listens there";
    site.deploy(&[]).ends(1, &["✗ web: the candidate is well", nobody, "untouched"]);
    release(&site, 8000, 8000, 9000);
    site.deploy(&["--lang", "ko"]).ends(1, &["요청을 넘겨받는 app:9000", "거부됨"]);
    serves("refused");

    // Without one it is gone back.
    site.of_source("lastgood.toml", "[deploy.service.web]\ncandidate = false\n");
    release(&site, 8000, 9000, 8000);
    site.deploy(&[]).ends(1, &["✗ web is well, and stays so: requests are passed on to app:9000", "serves again"]);
    serves("gone back");

    // Both move, and each is tried with the other one.
    site.of_source("lastgood.toml", "[deploy.service.app]\nstart = \"3s\"\n");
    release(&site, 9000, 9000, 9000);
    site.deploy(&[]).ends(0, &["app: the candidate is well", "web: the candidate is well", "serves"]);
    serves("moved");
    // Nobody moves alone.
    release(&site, 8000, 9000, 9000);
    site.deploy(&[]).ends(1, &["app: the candidate is well: port 9000: nobody listens there", "untouched"]);
    serves("alone");
    site.rollback(&[]).ends(0, &["serves"]);
    serves("rolled back");
}
