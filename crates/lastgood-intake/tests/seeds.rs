//! The fuzzers' seeds as an ordinary test: every one of them through every format, so that what a fuzzer found once is
//! never found again. What is found is put under `fuzz/seeds/` when it is mended.
#![expect(clippy::disallowed_methods, reason = "seeds are files")]

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use lastgood_intake::{
    AccessFormat, Context, Counts, Database, Envelope, Format, HostText, JsonDialect, KernelText, NginxConf,
    PackageManager, Scanner, Sink, Wrapped, probe_answer, recognise,
};
use lastgood_model::{ProbeOutcome, UnixMs};

#[path = "../../../fuzz/src/transcript.rs"]
mod transcript;

struct Nobody;

impl Sink for Nobody {}

fn read(format: &Format, file: &[u8]) -> Counts {
    let mut scanner = Scanner::new(
        format,
        Context {
            zone: TimeZone::UTC,
            vhost: "v".into(),
            about: Some(UnixMs(0)),
            without: lastgood_model::Layers::NONE,
        },
    );
    scanner.feed(file, &mut Nobody);
    scanner.finish(&mut Nobody)
}

#[test]
fn every_seed_is_read_by_every_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut seeds = 0;
    for target in std::fs::read_dir(folder).unwrap() {
        for seed in std::fs::read_dir(target.unwrap().path()).unwrap() {
            let path = seed.unwrap().path();
            let file = std::fs::read(&path).unwrap();
            let first_line = String::from_utf8_lossy(file.split(|byte| *byte == b'\n').next().unwrap_or_default());
            let declared = AccessFormat::compile("seed", &first_line).unwrap_or_else(AccessFormat::common);
            let mut formats = vec![
                Format::Access(Arc::new(declared)),
                Format::Haproxy,
                Format::Uvicorn,
                Format::Certificate,
                Format::ApacheError,
                Format::ApacheConf,
                Format::JsonAccess(JsonDialect::Plain),
                Format::NginxError,
                Format::Journal,
                Format::Packages(PackageManager::Apt),
                Format::Packages(PackageManager::Dnf),
                Format::Wtmp,
                Format::Last,
                Format::Database(Database::Postgres),
                Format::Database(Database::Redis),
                Format::HostText(HostText { by_journalctl: true, names_year: true }),
                Format::Kernel(KernelText { names_zone: false }),
                Format::UnitFiles,
                Format::CloudTrail,
                Format::NginxConf,
                Format::Application,
                recognise(&file, &first_line, &NginxConf::parse(&file)),
            ];
            formats.extend(AccessFormat::built_ins().map(|format| Format::Access(Arc::new(format))));
            formats.extend(Envelope::ALL.map(|envelope| {
                let combined = Format::Access(Arc::new(AccessFormat::combined()));
                Format::Wrapped(Arc::new(Wrapped::new(envelope, vec![(Box::default(), combined)])))
            }));
            for format in formats {
                let counts = read(&format, &file);
                assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable, "{path:?} {format:?}");
            }
            seeds += 1;
        }
    }
    assert!(seeds >= 8, "the seeds are gone");
}

#[test]
fn every_seed_of_a_probe_gets_an_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/probe_transcript");
    let seeds = std::fs::read_dir(folder).unwrap().map(|seed| std::fs::read(seed.unwrap().path()).unwrap());
    let answers = seeds.filter_map(|seed| transcript::transcript(&seed)).map(|(target, heard)| {
        // Cut off anywhere, it is an answer all the same.
        for turns in 0..heard.turns.len() {
            let mut cut = heard.clone();
            cut.turns.truncate(turns);
            let _some_answer = probe_answer(&target, &cut);
        }
        probe_answer(&target, &heard).outcome
    });
    let undecided = answers.filter(|outcome| *outcome == ProbeOutcome::Undecided).count();
    assert!(undecided <= 1, "the seeds say what they are named for: {undecided}");
}
