//! Fifty seeded trees of files that nobody wrote for us: noise, torn and renamed copies of real logs, packings inside
//! packings. The answer is that there is nothing to read, or it is true. What is a true verdict is tested elsewhere.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fastrand::Rng;
use lastgood_world::{Blocks, Input, LogFile, discover, fetch};
use serde_json::Value;

use crate::line;
use crate::packed::PACKERS;
use crate::process::{counts, lastgood};

const TREES: u64 = 50;
/// Larger samples would only take longer.
const LARGEST_SAMPLE: u64 = 200_000;
const NAMES: [&str; 10] = [
    "access.log",
    "access.log.1",
    "error.log",
    "journal.json",
    "x.gz",
    "syslog",
    "data.bin",
    "nginx.conf",
    "ünïcode …\u{202e}.log",
    "new\nline:7",
];

/// The files of this repository that hold logs.
fn samples() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["cases", "examples", "fuzz/seeds"].map(|folder| Input::Path(root.join(folder)));
    let files = discover(&folders).files;
    let small = files.iter().filter(|file| (1..LARGEST_SAMPLE).contains(&file.size));
    small.filter_map(|file| fs::read(file.path.as_ref()?).ok()).collect()
}

fn noise(rng: &mut Rng) -> Vec<u8> {
    let length = rng.usize(..60_000);
    match rng.u8(..4) {
        0 => (0..length).map(|_| rng.u8(..)).collect(),
        1 => (0..length)
            .map(|_| *rng.choice(b"GET / HTTP/1.1\" 502 200 [16/Nov/2022:12:00:00 +0000]\n{}:,\\x").unwrap())
            .collect(),
        2 => vec![rng.u8(..); length],
        _ => (0..rng.u64(..500)).map(|at| line(at, rng.u64(..300), "/", 200)).collect::<String>().into_bytes(),
    }
}

fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(..6) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.usize(..bytes.len());
        let length = rng.usize(..(bytes.len() - at).min(3_000) + 1);
        match rng.u8(..7) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(..at)),
            3 => bytes[at..at + length].fill(0),
            4 => {
                let part = bytes[at..at + length].to_vec();
                bytes.splice(at..at, part);
            }
            5 => bytes.splice(at..at, noise(rng)).for_each(drop),
            _ => bytes[at..at + length].reverse(),
        }
    }
}

fn grow(rng: &mut Rng, folder: &Path, samples: &[Vec<u8>], depth: usize) {
    for _ in 0..rng.usize(1..6) {
        let mut bytes = if rng.u8(..3) == 0 { noise(rng) } else { rng.choice(samples).unwrap().clone() };
        if rng.bool() {
            mutate(rng, &mut bytes);
        }
        for _ in 0..rng.u8(..3) {
            bytes = (rng.choice(PACKERS).unwrap().1)(&bytes);
            if rng.u8(..3) == 0 {
                mutate(rng, &mut bytes);
            }
        }
        fs::write(folder.join(rng.choice(NAMES).unwrap()), bytes).unwrap();
    }
    if depth < 3 && rng.bool() {
        let inner = folder.join(format!("inner {depth}"));
        fs::create_dir(&inner).unwrap();
        grow(rng, &inner, samples, depth + 1);
    }
}

/// Everything in the answer that has a reference, with the line that it quotes.
fn references<'a>(answer: &'a Value, found: &mut Vec<(&'a str, Option<&'a str>)>) {
    match answer {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("ref").and_then(Value::as_str) {
                found.push((reference, fields.get("quote").and_then(Value::as_str)));
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Whether anything in these files, unpacked, looks like a request that failed, or a complaint of the proxy.
fn holds_failures(files: &[LogFile]) -> bool {
    files.iter().any(|file| {
        let Ok(mut blocks) = Blocks::open(file) else { return false };
        while let Some(block) = blocks.next_block() {
            let failed = |at: &[u8]| {
                matches!(at[0], b' ' | b'"' | b':' | b',')
                    && matches!(at[1], b'5' | b'0')
                    && at[2..4].iter().all(u8::is_ascii_digit)
            };
            if block.windows(4).any(failed) {
                return true;
            }
        }
        false
    })
}

fn check(answer: &Value, folder: &Path) {
    counts(answer);
    let files = discover(&[Input::Path(folder.to_owned())]).files;
    let by_name: HashMap<&str, &LogFile> = files.iter().map(|file| (&*file.display, file)).collect();
    let mut referred = Vec::new();
    references(answer, &mut referred);
    for (reference, quote) in referred {
        let Some((name, number)) = reference.rsplit_once(':') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        let file = by_name.get(name).unwrap_or_else(|| panic!("{reference} is no file"));
        let lines = fetch(file, &[number], |_| None).unwrap();
        let (_, line) = lines.first().unwrap_or_else(|| panic!("{reference} is no line"));
        let line = String::from_utf8_lossy(line);
        for piece in quote.unwrap_or_default().split('…') {
            assert!(line.contains(piece), "{reference}: {piece:?} does not stand in {line:?}");
        }
    }
    // A build that failed is no request.
    let of_requests = |incident: &&Value| incident["standing"][0]["state"] != "not-built";
    let incidents = answer["incidents"].as_array().unwrap();
    assert!(
        !incidents.iter().any(|incident| of_requests(&incident)) || holds_failures(&files),
        "an incident where nothing failed: {answer}"
    );
    assert_eq!(answer["status"] == "incident", !incidents.is_empty());
}

#[test]
fn a_strangers_files_give_a_true_answer_or_none() {
    let samples = samples();
    assert!(samples.len() > 50, "{}", samples.len());
    let (mut answered, mut memory, mut longest) = (0, 0, Duration::ZERO);
    for seed in 0..TREES {
        let folder = tempfile::tempdir().unwrap();
        let tree: PathBuf = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        grow(&mut Rng::with_seed(seed), &tree, &samples, 0);
        let ran = lastgood(["why".as_ref(), "--json".as_ref(), tree.as_os_str()]);
        assert!(ran.wall < Duration::from_secs(20), "seed {seed}: {:?}", ran.wall);
        if ran.stdout.is_empty() {
            assert!(ran.code == 2 && !ran.stderr.is_empty(), "seed {seed}: {ran:?}");
        } else {
            check(&ran.json(), &tree);
            answered += 1;
        }
        memory = memory.max(ran.memory);
        longest = longest.max(ran.wall);
    }
    eprintln!("{answered} of {TREES} trees answered, {} MB, {longest:?} at most", memory >> 20);
    assert!(answered > TREES / 4, "too few of the trees hold anything: {answered}");
}
