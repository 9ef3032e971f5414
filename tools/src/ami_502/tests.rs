//! The example holds what the story tells, and the files in the repository are the generated ones.
//! Whether a tool finds it out is tested with the tool.

use super::*;
use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::Path;

fn unpacked() -> BTreeMap<String, Vec<u8>> {
    files().unwrap().into_iter().map(|(name, bytes)| (name.clone(), inflate(&name, bytes))).collect()
}

fn inflate(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    if !name.ends_with(".gz") {
        return bytes;
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
    text
}

fn lines(bytes: &[u8]) -> Vec<&str> {
    std::str::from_utf8(bytes).unwrap().lines().collect()
}

#[test]
fn the_outage_is_total_and_one_gap_wide() {
    let files = unpacked();
    let older = lines(&files["toggle-driver-insu-prod-access.log.1"]);
    let current = lines(&files["toggle-driver-insu-prod-access.log"]);
    let app = |line: &&&str| !["/static/", "/favicon", "/health"].iter().any(|p| line.contains(p));
    let failed = |line: &&str| line.contains("\" 502 568 ");
    let first_bad = older.iter().filter(app).position(failed).unwrap();
    let of_app: Vec<&&str> = older.iter().filter(app).collect();
    assert!(of_app[first_bad].contains("16/Nov/2022:11:07:00 +0900"));
    assert!(of_app[first_bad - 1].contains("16/Nov/2022:11:06:33 +0900"));
    assert!(of_app[first_bad - 1].contains("\" 200 "));
    assert!(of_app[first_bad..].iter().all(|l| failed(l)));
    let until = current.iter().filter(app).position(|l| !failed(l)).unwrap();
    let of_app: Vec<&&str> = current.iter().filter(app).collect();
    assert!(of_app[until].contains("16/Nov/2022:13:2"), "{}", of_app[until]);
    assert!(of_app[until..].iter().all(|l| !failed(l)));
    let files_served = older.iter().filter(|l| !app(l));
    assert!(files_served.clone().all(|l| !failed(l)));
}

#[test]
fn the_excerpt_repeats_lines_of_the_other_files() {
    let files = unpacked();
    let text: Vec<u8> = files["toggle-driver-insu-prod-access.log.excerpt"].clone();
    let whole: HashSet<&str> =
        ["", ".1"].iter().flat_map(|end| lines(&files[&format!("toggle-driver-insu-prod-access.log{end}")])).collect();
    let lines: Vec<&[u8]> = text.split(|&b| b == b'\n').filter(|l| !l.is_empty()).collect();
    assert!(lines.len() > 5);
    let head = b"\xc416/Nov/2022:11:04:56 +0900\xdc \"POST /api/join/user HTTP/1.1\" 200 273 ";
    assert!(lines[0].starts_with(head));
    let second = b"\xc416/Nov/2022:11:26:28 +0900\xdc \"GET /join/user-form?enc=";
    assert!(lines[1].windows(second.len()).any(|w| w == second));
    for line in &lines {
        let restored: String = line
            .iter()
            .map(|&b| match b {
                0xc4 => '[',
                0xdc => ']',
                b => b as char,
            })
            .collect();
        assert!(whole.iter().any(|l| l.ends_with(&restored)), "{restored}");
    }
}

#[test]
fn neighbouring_files_overlap_and_one_is_mangled() {
    let files = unpacked();
    let of = |end: &str| &files[&format!("toggle-driver-insu-prod-access.log{end}")];
    let older = String::from_utf8_lossy(of(".2.gz")).into_owned();
    let shared: HashSet<&str> = older.lines().collect();
    let both = lines(of(".1")).into_iter().filter(|l| shared.contains(l));
    let both = both.count();
    assert!((100..1_000).contains(&both), "{both}");
    let mangled = older.lines().filter(|l| l.contains(" Ä16/Nov/2022")).count();
    assert!(mangled > 50, "{mangled}");
}

#[test]
fn every_502_has_its_error_line() {
    let files = unpacked();
    let count = |name: &str, what: &str| {
        let text = String::from_utf8_lossy(&files[name]).into_owned();
        text.lines().filter(|l| l.contains(what)).count()
    };
    for end in ["", ".1"] {
        let failed = count(&format!("toggle-driver-insu-prod-access.log{end}"), "\" 502 568 ");
        let refused = count(
            &format!("toggle-driver-insu-prod-error.log{end}"),
            "connect() failed (111: Connection refused) while connecting to upstream",
        );
        assert!(failed > 20);
        assert_eq!(failed, refused);
    }
}

#[test]
fn json_files_are_json_and_name_the_change() {
    let files = unpacked();
    let trail: serde_json::Value = serde_json::from_slice(&files["cloudtrail.json"]).unwrap();
    let records = trail["Records"].as_array().unwrap();
    let image = records.iter().find(|r| r["eventName"] == "CreateImage").unwrap();
    assert_eq!(image["eventTime"], "2022-11-16T02:06:29Z");
    assert!(image["requestParameters"]["noReboot"].is_null());
    let mut boots = HashSet::new();
    let mut before = 0;
    for line in lines(&files["journal.json"]) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let at: i64 = entry["__REALTIME_TIMESTAMP"].as_str().unwrap().parse().unwrap();
        assert!(at >= before);
        before = at;
        boots.insert(entry["_BOOT_ID"].to_string());
    }
    assert_eq!(boots.len(), 2);
}

#[test]
fn the_example_is_small_and_is_the_generated_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/ami-502");
    let mut total = 0;
    for (name, bytes) in files().unwrap() {
        total += bytes.len();
        let stored = std::fs::read(folder.join(&name)).unwrap();
        // Another version of the compressor may pack differently; the text has to be the same.
        assert!(inflate(&name, stored) == inflate(&name, bytes), "{name} differs");
    }
    assert!(total <= 3_000_000, "{total}");
}
