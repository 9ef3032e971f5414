//! Reading as a whole: files in, counts out, against truth that was known before. What is concluded from the counts is
//! tested elsewhere.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod damage;
mod files;
mod hostile;
mod hostile_names;
mod overlaps;
mod packed;
mod process;
mod strange;
mod timeline;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lastgood::investigation::InvestigateArgs;
use lastgood::pipeline::timeline::{Course, CourseArgs, course};
use lastgood::progress::Silent;
use lastgood_intake::Dimension;

/// A folder with these files.
fn folder(files: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn asked(path: &Path, by: &[Dimension]) -> CourseArgs {
    CourseArgs { paths: vec![path.to_owned()], by: by.to_vec(), per_ms: 60_000, ..CourseArgs::default() }
}

fn read(args: &CourseArgs) -> Course {
    course(args, &Silent).unwrap()
}

/// Requests by the texts of their keys, over all time.
fn totals(course: &Course) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for count in course.counts() {
        let texts: Vec<_> = course.texts(count).map(String::from_utf8_lossy).collect();
        *totals.entry(texts.join(" ")).or_default() += count.requests;
    }
    totals
}

fn requests(course: &Course) -> u64 {
    course.counts().map(|count| count.requests).sum()
}

fn question(paths: &[PathBuf]) -> InvestigateArgs {
    InvestigateArgs { paths: paths.to_vec(), min_duration_ms: 30_000, ..InvestigateArgs::default() }
}

/// A line of the combined format, `second` seconds after noon UTC.
fn line(second: u64, client: u64, path: &str, status: u16) -> String {
    let (hour, minute) = (12 + second / 3600, second / 60 % 60);
    let time = format!("16/Nov/2022:{hour:02}:{minute:02}:{:02} +0000", second % 60);
    format!("10.0.0.{client} - - [{time}] \"GET {path} HTTP/1.1\" {status} 7 \"-\" \"curl/7.88\"\n")
}
