//! Packed files: every packing gives the same answer, a bomb ends, and what cannot be unpacked is named.

use std::io::Write;

use lastgood_tools::rotate::gzip;
use lzma_rust2::{XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::process::{counts, gap, lastgood, through};
use crate::{folder, line};

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

type Packer = fn(&[u8]) -> Vec<u8>;
pub const PACKERS: [(&str, Packer); 4] =
    [("gz", |bytes| gzip(bytes).unwrap()), ("zst", zstd), ("xz", xz), ("bz2", bzip2)];

fn log(from: u64) -> Vec<u8> {
    (from..from + 300).map(|second| line(second, second % 9, "/", 200)).collect::<String>().into_bytes()
}

#[test]
fn every_packing_says_the_same_also_through_a_pipe() {
    for (end, pack) in PACKERS {
        let folder = folder([(format!("access.log.{end}"), pack(&log(0)))]);
        let file = folder.path().join(format!("access.log.{end}"));
        let answer = lastgood(["why".as_ref(), "--json".as_ref(), file.as_os_str()]).json();
        assert_eq!(counts(&answer), [300, 300, 0, 0], "{end}");
        let script = format!("exec \"$0\" \"$@\" < {}", file.display());
        let answer = through(&script, ["why", "--json", "-"]).json();
        assert_eq!(counts(&answer), [300, 300, 0, 0], "{end}");
    }
}

#[test]
fn a_cut_file_of_every_packing_is_used_as_far_as_it_goes() {
    for (end, pack) in PACKERS {
        let mut bytes = [pack(&log(0)), pack(&log(300))].concat();
        bytes.truncate(bytes.len() - 9);
        let name = format!("access.log.{end}");
        let folder = folder([(&name, bytes)]);
        let answer = lastgood(["why".as_ref(), "--json".as_ref(), folder.path().as_os_str()]).json();
        assert!(counts(&answer)[1] >= 300, "{end}: {answer}");
        assert!(gap(&answer, &name).is_some_and(|why| why.contains("cut off")), "{end}: {answer}");
    }
}

#[test]
fn bombs_end_and_are_said() {
    // Each begins as a log does; then comes a gigabyte of the same few bytes.
    let same = vec![b'a'; 4 << 20];
    let mut zstd_bomb = b"\x28\xb5\x2f\xfd\x00\x58".to_vec();
    zstd_bomb.extend(b"\x02\0\x10a".repeat(31));
    zstd_bomb.extend(b"\x03\0\x10a");
    let mut from = 0;
    let bombs = PACKERS.map(|(end, pack)| {
        from += 1_000;
        let bomb = if end == "zst" { zstd_bomb.clone() } else { pack(&same) };
        (format!("{end}-access.log.{end}"), [pack(&log(from)), bomb.repeat(256)].concat())
    });
    let nested = ("nested-access.log.gz".to_owned(), gzip(&gzip(&log(0)).unwrap()).unwrap());
    let folder = folder(bombs.clone().into_iter().chain([nested]));
    let ran = lastgood(["why".as_ref(), "--json".as_ref(), folder.path().as_os_str()]);
    let answer = ran.json();
    for (name, bytes) in &bombs {
        let why = gap(&answer, name);
        assert!(why.is_some_and(|why| why.starts_with("too large")), "{name}, {} bytes: {answer}", bytes.len());
    }
    assert_eq!(gap(&answer, "nested-access.log.gz"), Some("packed with gzip; unpack it first"));
    assert_eq!(counts(&answer)[1], 4 * 300, "what stood before is used");
    eprintln!("bombs: {:?}, {} MB", ran.wall, ran.memory >> 20);
}

#[test]
fn what_is_not_unpacked_is_named_with_a_way_out() {
    let mut tar = vec![0; 1024];
    tar[..10].copy_from_slice(b"access.log");
    tar[257..262].copy_from_slice(b"ustar");
    let files: [(&str, Vec<u8>); 9] = [
        ("access.log.lz4", b"\x04\x22\x4d\x18rest".into()),
        ("a.lz", b"LZIP\x01rest".into()),
        ("b.Z", b"\x1f\x9d\x90rest".into()),
        ("c.zip", b"PK\x03\x04rest".into()),
        ("d.7z", b"7z\xbc\xaf\x27\x1crest".into()),
        ("e.rar", b"Rar!\x1a\x07rest".into()),
        ("f.tar", tar.clone()),
        ("g.tar.gz", gzip(&tar).unwrap()),
        ("access.log", log(0)),
    ];
    let folder = folder(files);
    let answer = lastgood(["why".as_ref(), "--json".as_ref(), folder.path().as_os_str()]).json();
    for (name, packing) in [
        ("access.log.lz4", "lz4"),
        ("a.lz", "lzip"),
        ("b.Z", "compress (.Z)"),
        ("c.zip", "zip"),
        ("d.7z", "7z"),
        ("e.rar", "rar"),
        ("f.tar", "tar"),
        ("g.tar.gz", "tar"),
    ] {
        assert_eq!(gap(&answer, name), Some(format!("packed with {packing}; unpack it first").as_str()), "{name}");
    }
    let script = format!("exec \"$0\" \"$@\" < {}", folder.path().join("f.tar").display());
    let ran = through(&script, ["why", "-"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("packed with tar; unpack it first"), "{}", ran.stderr);
}
