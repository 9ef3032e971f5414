//! A case that was captured gets the verdict that its logs got, for every incident that this repository holds and for
//! damaged logs.

use std::fs;
use std::path::{Path, PathBuf};

use lastgood_tools::rotate::gzip;
use serde::Deserialize;

use crate::{comparable, lastgood};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// How a case under `cases/` asks.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Expected {
    args: Vec<String>,
    input: Vec<String>,
}

/// Captures what `inputs` name in `folder`, and says how its verdict differs from the first one.
fn difference(folder: &Path, inputs: &[&str], question: &[&str]) -> Option<String> {
    let place = tempfile::tempdir().unwrap();
    let case = place.path().join("case");
    let case = case.to_str().unwrap();
    // Masked by the same rules: a report has a number for every address, in the order in which they stand in it.
    let report = ["report", "--format", "json"];
    let before = lastgood(folder, &[&report, inputs, question].concat());
    let captured = lastgood(folder, &[&["capture", "-o", case], inputs, question].concat());
    if before.code == Some(2) && before.stdout.is_empty() {
        return (captured.code != Some(2)).then(|| format!("captured nothing: {}", captured.stdout));
    }
    if captured.code != Some(0) {
        return Some(captured.stderr);
    }
    let after = lastgood(place.path(), &[&report[..], &["--case", case]].concat());
    if before.code != after.code {
        return Some(format!("exit {:?}, then {:?}: {}", before.code, after.code, after.stderr));
    }
    let (before, after) = (comparable(before.json()), comparable(after.json()));
    (before != after).then(|| {
        let (before, after) = (format!("{before:#}"), format!("{after:#}"));
        let lines = before.lines().zip(after.lines()).filter(|(before, after)| before != after).take(6);
        lines.map(|(before, after)| format!("\n    {before}\n  → {after}")).collect()
    })
}

#[test]
fn every_case_and_example() {
    let mut wrong = Vec::new();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in
        folders.into_iter().filter(|folder| folder.join("host").is_dir() && !folder.join("case.toml").exists())
    {
        let expected = fs::read_to_string(folder.join("expected.toml")).unwrap();
        let expected: Expected = toml::from_str(&expected).unwrap();
        let question: Vec<&str> = expected.args.iter().map(String::as_str).collect();
        let inputs: Vec<&str> = expected.input.iter().map(String::as_str).collect();
        let difference = if inputs.is_empty() {
            difference(&folder, &["host"], &question)
        } else {
            difference(&folder.join("host"), &inputs, &question)
        };
        wrong.extend(difference.map(|difference| format!("{}: {difference}", folder.display())));
    }
    let example = root().join("examples");
    let question = ["--noticed-at", "12:57", "--change", "11:07 AMI of the instance"];
    wrong.extend(difference(&example, &["ami-502"], &question).map(|difference| format!("ami-502: {difference}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines as a crash, a full disk, a terminal or a copy leave them.
#[test]
fn damaged_logs() {
    let mut random = fastrand_like(7);
    let mut wrong = Vec::new();
    for round in 0..12 {
        let mut log: Vec<u8> = Vec::new();
        for second in 0..400_u64 {
            let status = if (150..300).contains(&second) { 502 } else { 200 };
            let (minute, rest) = (second / 60, second % 60);
            log.extend(
                format!(
                    "203.0.113.{} - - [16/Nov/2022:11:{minute:02}:{rest:02} +0900] \"GET /join/{}?enc={} HTTP/1.1\" \
                     {status} 7 \"https://a.example/?token=abc{second}\" \"Chrome/107.0.0.0\"\n",
                    second % 23,
                    second % 3,
                    "Zx9kQ2".repeat(9 + usize::try_from(second % 5).unwrap())
                )
                .bytes(),
            );
        }
        for _ in 0..25 {
            let at = usize::try_from(random() % (log.len() as u64 - 300)).unwrap();
            let length = usize::try_from(random() % 90).unwrap();
            match random() % 5 {
                0 => drop(log.drain(at..at + length)),
                1 => log[at..at + length].fill(0),
                2 => log[at] = b'\n',
                3 => drop(log.splice(at..at, [b'\r', 0xc4, 0xdc, 0xff])),
                _ => log[at..at + 3].fill(0xd6),
            }
        }
        let place = tempfile::tempdir().unwrap();
        let old = log.iter().position(|byte| *byte == b'\n').map_or(0, |end| end * 90).min(log.len() / 2);
        fs::write(place.path().join("a-access.log"), &log[old..]).unwrap();
        let mut packed = gzip(&log[..old + 2_000]).unwrap();
        if round % 2 == 0 {
            packed.truncate(packed.len() - 20);
        }
        fs::write(place.path().join("a-access.log.1.gz"), packed).unwrap();
        wrong.extend(difference(place.path(), &["."], &[]).map(|difference| format!("round {round}: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A generator of numbers that look random, the same ones every time.
fn fastrand_like(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}
