//! Nothing private stands in a case, in no form; and what is not private stands as it stood.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

use crate::{contents, holds, lastgood};

const SECRETS: [&str; 6] =
    ["hunter2-s3cret", "Tr0ub4dor&3", "redis+pa!ss", "k3yOfNginx9", "c00kieValue77", "b3arerT0ken42"];
const CLIENTS: [&str; 4] = ["203.0.113.77", "198.51.100.23", "2001:db8::beef", "192.0.2.210"];
const MAILS: [&str; 2] = ["kim.minsu@mail.example", "park@shop.example.kr"];

/// A site that writes down more than it should.
fn site(folder: &Path) {
    let [query, encoded, redis, of_nginx, cookie, bearer] = SECRETS;
    let in_url = encoded.replace('&', "%26");
    let base64 = STANDARD.encode(format!("app:{of_nginx}"));
    let mut access = String::new();
    for second in 0..60 {
        let status = if second < 30 { 200 } else { 502 };
        let client = CLIENTS[second % 3];
        access += &format!(
            "{client} - - [16/Nov/2022:11:07:{second:02} +0900] \"GET /a/{}?password={query}&next=%2Fx%3Ftoken%3D{in_url} \
             HTTP/1.1\" {status} 7 \"https://u:{of_nginx}@a.example/?mail={}\" \"curl/7.1\" \"10.9.8.7:8080\"\n",
            MAILS[0],
            MAILS[1].replace('@', "%40"),
        );
    }
    // Torn by a crash.
    access +=
        &format!("{} - - [16/Nov/2022:11:{} - - [16/Nov/2022:11:08:01 +0900] \"GET / HT\n", CLIENTS[0], CLIENTS[1]);
    let error = format!(
        "2022/11/16 11:07:40 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream, \
         client: {}, server: a, request: \"GET /?enc={} HTTP/1.1\", upstream: \"http://10.9.8.7:8080/\", host: \"a\"\n",
        CLIENTS[2],
        "Zx9kQ2".repeat(20)
    );
    let message = format!(
        "from {} Authorization: Bearer {bearer} redis://:{redis}@10.0.0.9 basic {base64} cookie: sid={cookie}; b={cookie}",
        CLIENTS[3]
    );
    let bytes: Vec<String> = message.bytes().map(|byte| byte.to_string()).collect();
    let journal = format!(
        "{{\"__REALTIME_TIMESTAMP\":\"1668564460000000\",\"MESSAGE\":{},\"_SYSTEMD_UNIT\":\"app.service\"}}\n\
         {{\"__REALTIME_TIMESTAMP\":\"1668564461000000\",\"MESSAGE\":[{}],\"_SYSTEMD_UNIT\":\"app.service\"}}\n",
        Value::from(message),
        bytes.join(",")
    );
    let conf = format!(
        "log_format main '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
         \"$http_referer\" \"$http_user_agent\" \"$upstream_addr\"';\n\
         server {{ listen 80; allow {}; location / {{ proxy_set_header X-Api-Key {of_nginx}; proxy_pass http://10.9.8.7:8080; }} }}\n",
        CLIENTS[3]
    );
    for (name, text) in [("access.log", access), ("error.log", error), ("journal.json", journal), ("nginx.conf", conf)]
    {
        fs::write(folder.join(name), text).unwrap();
    }
}

fn forms(secret: &str) -> Vec<String> {
    let url: String = secret
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    vec![
        secret.to_owned(),
        url.to_lowercase(),
        url,
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE.encode(secret).trim_end_matches('=').to_owned(),
        bytes.join(","),
    ]
}

#[test]
fn nothing_private_is_in_a_case() {
    let place = tempfile::tempdir().unwrap();
    let logs = place.path().join("logs");
    fs::create_dir(&logs).unwrap();
    site(&logs);
    let change = format!("11:07 {} deployed", MAILS[0]);
    let run = lastgood(place.path(), &["capture", "logs", "-o", "case", "--change", &change, "--json"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let said = run.json();
    assert_eq!((&said["masked"]["addresses"], &said["masked"]["mails"]), (&Value::from(5), &Value::from(2)), "{said}");
    let files = contents(&place.path().join("case"));
    for (path, text) in &files {
        let private = SECRETS.iter().chain(&CLIENTS).chain(&MAILS).flat_map(|private| forms(private));
        for private in private.chain(["Zx9kQ2".to_owned(), "park%40shop".to_owned()]) {
            assert!(!holds(text, private.as_bytes()), "{private} in {}", path.display());
        }
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    let all: Vec<u8> = files.values().flatten().copied().collect();
    for kept in ["10.9.8.7:8080", "[16/Nov/2022:11:07:59 +0900]", "app.service", "$upstream_addr", "\" 502 7 \""] {
        assert!(holds(&all, kept.as_bytes()), "{kept} is lost");
    }
}

#[test]
fn addresses_stay_if_they_are_wanted() {
    let place = tempfile::tempdir().unwrap();
    site(place.path());
    let run = lastgood(place.path(), &["capture", "access.log", "-o", "case", "--with-addresses"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let all: Vec<u8> = contents(&place.path().join("case")).into_values().flatten().collect();
    assert!(holds(&all, CLIENTS[0].as_bytes()) && holds(&all, MAILS[0].as_bytes()));
    assert!(!holds(&all, SECRETS[0].as_bytes()));
}

#[test]
fn what_is_there_is_not_touched_and_too_much_is_refused() {
    let place = tempfile::tempdir().unwrap();
    site(place.path());
    fs::create_dir(place.path().join("case")).unwrap();
    for arguments in [
        &["capture", "access.log", "-o", "case"][..],
        &["capture", "access.log", "-o", "other", "--max-size", "1k"],
        &["capture", "nginx.conf", "-o", "other"],
        &["capture", "access.log", "-o", "no/such/folder/case"],
    ] {
        let run = lastgood(place.path(), arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!place.path().join("other").exists());
    }
    assert_eq!(fs::read_dir(place.path().join("case")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 5, "nothing is left behind");
}

#[test]
fn a_strange_case_leads_nowhere_else() {
    let place = tempfile::tempdir().unwrap();
    site(place.path());
    let case = place.path().join("case");
    fs::create_dir_all(case.join("logs")).unwrap();
    std::os::unix::fs::symlink(place.path().join("access.log"), case.join("logs/link.log")).unwrap();
    let file = |path: &str| format!("[[files]]\npath = \"{path}\"\n");
    let text = format!(
        "version = 1\ntool = \"x\"\ncaptured_at = \"2022-11-16T13:35:00Z\"\nlive = false\n{}{}{}",
        file("../access.log"),
        file("/etc/passwd"),
        file("logs/link.log")
    );
    fs::write(case.join("case.toml"), text).unwrap();
    let run = lastgood(place.path(), &["why", "--case", "case"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
}
