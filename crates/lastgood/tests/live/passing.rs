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
    command: [sh, -c, 'mkdir -p /srv/api && cd /srv && exec python3 -m http.server "$$PORT"']
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

    // Nor where what users see first is gone.
    release(&site, 8000, 8000, 8000);
    let conf = fs::read_to_string(site.source.path().join("conf.d/default.conf")).unwrap();
    site.of_source("conf.d/default.conf", &conf.replace("location / {", "location / { return 404;"));
    site.deploy(&[]).ends(1, &["web: the candidate is well: it answers 404 to GET /, where it was 200 before"]);

    // Who is one of several is passed over where nobody answers.
    release(&site, 8000, 8000, 8000);
    let conf = fs::read_to_string(site.source.path().join("conf.d/default.conf")).unwrap();
    let pool = "upstream pool { server app:8000; server app:9000; }\n";
    site.of_source("conf.d/default.conf", &format!("{pool}{}", conf.replacen("http://app:8000/", "http://pool/", 1)));
    site.deploy(&[]).ends(0, &["web: the candidate is well", "serves"]);
    serves("one of two");

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

/// The application bears another name than its service, by which nginx knows it.
fn named(alias: &str) -> String {
    COMPOSE.replace("PORT}\" }\n", &format!("PORT}}\" }}\n    networks: {{ default: {{ aliases: [{alias}] }} }}\n"))
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_name_that_somebody_asks_by_is_not_given_up() {
    let site = Site::with("live-passing", &named("shop"));
    release(&site, 8000, 8000, 8000);
    let conf = fs::read_to_string(site.source.path().join("conf.d/default.conf")).unwrap();
    // Looked up with each request, so that nginx itself complains of nothing.
    let conf = conf.replace("listen 80;", "listen 80; resolver 127.0.0.11 valid=1s; set $shop shop;");
    site.of_source("conf.d/default.conf", &conf.replace("http://app:8000/", "http://$shop:8000"));
    site.deploy(&[]).ends(0, &["serves"]);
    serves("at first");
    site.of_source("compose.yaml", &named("store"));
    site.deploy(&[]).ends(1, &["app is well, and stays so", "serves again"]);
    serves("gone back");
}

/// Who stays as they are: an application that is told of a store, and of its password.
const STORE: &str = r#"
name: live-passing
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: { KVS_HOST: kvs, KVS_PORT: "6379", KVS_PASSWORD: carbon-1 }
    command: [sleep, infinity]
  kvs:
    image: live-redis
    command: redis-server --protected-mode no --requirepass carbon-1
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn who_stays_is_served_still() {
    let site = Site::with("live-passing", STORE);
    site.deploy(&[]).ends(0, &["serves"]);
    let app = site.container("app");
    let deploys = |compose: &str, code: i32, words: &[&str]| {
        site.of_source("compose.yaml", compose);
        let said = site.deploy(&[]);
        said.ends(code, words);
        assert!(!said.text().contains("carbon-"), "a secret is said: {}", said.text());
    };
    let other = STORE.replace("requirepass carbon-1", "requirepass carbon-2");
    deploys(&other, 1, &["kvs:6379 refuses the user or the password that app sends", "serves again"]);
    let without = &STORE[..STORE.find("  kvs:").unwrap()];
    deploys(without, 1, &["KVS_HOST: nobody on the networks of app is called kvs", "untouched"]);
    assert_eq!(site.container("app"), app, "it was left alone");
    // With whoever asks, it may go.
    let environment = "{ KVS_HOST: kvs, KVS_PORT: \"6379\", KVS_PASSWORD: carbon-1 }";
    deploys(&without.replace(environment, "{ MODE: alone }"), 0, &["kvs is gone", "serves"]);
}
