//! How contents of files are compared, packed or not. Not which files the pipeline compares.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::Write;

use lastgood_world::{Input, LogFile, Relation, discover, relation};

fn files(contents: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, Vec<LogFile>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in contents {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let files = discover(&[Input::Path(folder.path().to_owned())]).files;
    (folder, files)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn contents_are_compared_after_unpacking() {
    let text = (0..100_000).fold(String::new(), |text, line| text + &format!("line {line}\n")).into_bytes();
    let mut other = text.clone();
    *other.last_mut().unwrap() = b'!';
    let torn = packed(&text);
    let (_folder, files) = files(&[
        ("a", text.clone()),
        ("b", packed(&text)),
        ("c", text[..text.len() / 2].to_vec()),
        ("d", other),
        ("e", torn[..torn.len() / 2].to_vec()),
        ("f", Vec::new()),
        ("g", text[..128 * 1024].to_vec()),
        ("h", packed(&text[..128 * 1024])),
    ]);
    let of = |a: usize, b: usize| relation(&files[a], &files[b]).unwrap();
    assert_eq!(of(0, 1), Relation::Equal);
    assert_eq!(of(2, 1), Relation::FirstBeginsSecond);
    assert_eq!(of(1, 2), Relation::SecondBeginsFirst);
    assert_eq!(of(0, 3), Relation::Different);
    assert_eq!(of(4, 0), Relation::FirstBeginsSecond);
    assert_eq!(of(5, 0), Relation::FirstBeginsSecond);
    assert_eq!(of(6, 7), Relation::Equal);
    assert_eq!(of(6, 0), Relation::FirstBeginsSecond);
}
