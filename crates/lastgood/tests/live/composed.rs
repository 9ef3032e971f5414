//! Projects that are made of more than one compose file and its folder: what they include and extend, where links in mounted folders lead,
//! and containers that share the network of another one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::bed::shell;
use crate::site::Site;

const OF_SEVERAL: &str = r#"
name: live-composed
include: [store/compose.yaml]
services:
  app:
    extends: { file: base/common.yaml, service: common }
    image: live-python
    init: true
    command: [python3, -c, "import time; time.sleep(9999)"]
    volumes: ["./conf:/conf:ro"]
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn what_compose_files_name_travels_with_them() {
    let site = Site::with("live-composed", OF_SEVERAL);
    for folder in ["store", "base", "conf", "available"] {
        fs::create_dir(site.source.path().join(folder)).unwrap();
    }
    for (name, text) in [
        (
            "store/compose.yaml",
            "services: { kvs: { image: live-redis, env_file: kvs.env, environment: { SIZE: \"${SIZE}\" } } }\n",
        ),
        ("store/.env", "SIZE=1\n"),
        ("store/kvs.env", "STORE_PASSWORD=carbon-1\n"),
        ("base/common.yaml", "services: { common: { env_file: common.env, environment: { COMMON: \"1\" } } }\n"),
        ("base/common.env", "TOLD=1\n"),
        ("available/site", "one\n"),
    ] {
        site.of_source(name, text);
    }
    for (to, link) in [("../available/site", "conf/site"), ("/run/nowhere", "conf/astray")] {
        symlink(to, site.source.path().join(link)).unwrap();
    }
    let astray = "conf/astray stays behind: a link that leads to nothing in the project's folder";
    site.deploy(&[]).ends(0, &[astray, "serves"]);
    let told = |service: &str, key: &str| site.told(service, key);
    assert_eq!([told("kvs", "SIZE"), told("kvs", "STORE_PASSWORD")], ["1", "carbon-1"]);
    assert_eq!([told("app", "COMMON"), told("app", "TOLD")], ["1", "1"]);
    assert_eq!(site.file("conf/site").as_deref(), Some("one\n"));
    site.is_as_compose_has_it("first");
    site.deploy(&[]).ends(0, &["nothing to do"]);

    // What changes in one of them changes whom it is for, and goes back with the rest.
    site.of_source(
        "base/common.yaml",
        "services: { common: { env_file: common.env, environment: { COMMON: \"2\" } } }\n",
    );
    site.of_source("available/site", "two\n");
    let second = site.deploy(&[]);
    second.ends(0, &["app: COMMON is 1 in the container, 2 in the files", "stays kvs", "serves"]);
    site.of_source("store/.env", "SIZE=2\n");
    site.deploy(&[]).ends(0, &["kvs: SIZE is 1 in the container, 2 in the files", "stays app"]);
    site.rollback(&[]).ends(0, &["serves"]);
    assert_eq!([told("kvs", "SIZE"), told("app", "COMMON")], ["1", "2"]);
    site.is_as_compose_has_it("gone back");

    // Mended on the server: as with any other file of variables.
    site.of_live("store/kvs.env", "STORE_PASSWORD=carbon-2\n");
    let stopped = site.deploy(&[]);
    stopped.ends(1, &["store/kvs.env", "STORE_PASSWORD", "--env"]);
    assert!(!stopped.text().contains("carbon-"), "{}", stopped.text());

    // A part of it lies elsewhere.
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("far.yaml");
    fs::write(&file, "services: { far: { image: live-redis } }\n").unwrap();
    site.of_source("compose.yaml", &format!("{OF_SEVERAL}# \n").replace("store/compose.yaml", file.to_str().unwrap()));
    site.deploy(&[]).ends(2, &["far.yaml lies outside of the project's folder"]);
    // By which its containers are taken away.
    site.of_source("compose.yaml", OF_SEVERAL);
}

const SECRET: &str = r#"
name: live-secret
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 1s
    command: [python3, -c, "import time; time.sleep(9999)"]
    secrets: [token]
  other:
    image: live-redis
secrets:
  token: { environment: TOKEN }
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn a_secret_that_is_a_variable_is_noticed_and_goes_back() {
    let site = Site::with("live-secret", SECRET);
    let is = |token: &str, when: &str| {
        let asks = format!("[ \"$(docker exec live-secret-app-1 cat /run/secrets/token)\" = {token} ]");
        assert_eq!(shell(Path::new("/"), &asks), Ok(()), "{when}");
    };
    site.of_source(".env", "TOKEN=carbon-1\n");
    site.deploy(&[]).ends(0, &["serves"]);
    is("carbon-1", "first");
    site.deploy(&[]).ends(0, &["nothing to do"]);

    site.of_source(".env", "TOKEN=carbon-2\n");
    let second = site.deploy(&[]);
    second.ends(0, &["app: /run/secrets/token is another file now", "stays other", "serves"]);
    assert!(!second.text().contains("carbon-"), "{}", second.text());
    is("carbon-2", "second");
    site.is_as_compose_has_it("second");
    site.rollback(&[]).ends(0, &["serves"]);
    is("carbon-1", "gone back");
}

const SHARED: &str = r#"
name: live-shared
services:
  kvs:
    image: live-redis
    volumes: ["./kvs.conf:/kvs.conf:ro"]
  beside:
    image: live-python
    init: true
    stop_grace_period: 1s
    network_mode: service:kvs
    command: [python3, -c, "import time; time.sleep(9999)"]
"#;

/// From beside it, it is reached as if it were the same machine.
fn is_shared(when: &str) {
    let asks = "docker exec live-shared-beside-1 python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 6379), 2)'";
    assert_eq!(shell(Path::new("/"), asks), Ok(()), "{when}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn who_shares_the_network_of_what_is_made_anew_follows_it() {
    let site = Site::with("live-shared", SHARED);
    site.of_source("kvs.conf", "one\n");
    site.deploy(&[]).ends(0, &["serves"]);
    is_shared("first");

    site.of_source("kvs.conf", "two\n");
    site.deploy(&[]).ends(0, &["beside: it shares the network of kvs, which is made anew", "serves"]);
    is_shared("second");
    site.is_as_compose_has_it("second");

    // On the way back it goes the other way round.
    site.of_source("kvs.conf", "three\n");
    site.of_source("compose.yaml", &SHARED.replace("import time; time.sleep(9999)", "import sys; sys.exit(3)"));
    site.deploy(&[]).ends(1, &["✗ beside is well", "serves again"]);
    is_shared("gone back");
    site.is_as_compose_has_it("gone back");
    site.rollback(&["--lang", "ko"]).ends(0, &["새로 만들어지는 kvs의 네트워크를 같이 사용함"]);
    is_shared("rolled back");
}
