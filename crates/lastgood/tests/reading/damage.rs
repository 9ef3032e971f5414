//! Damaged sets: no recoverable line is lost, and every line is accounted for. Which damage there is: the generator.

use lastgood::pipeline::investigate;
use lastgood::progress::Silent;
use lastgood_intake::Dimension;
use lastgood_model::GapKind;
use lastgood_tools::access::Format;
use lastgood_tools::dirty;

use crate::{asked, folder, question, read, totals};

#[test]
fn damaged_sets_are_counted_as_they_truly_are() {
    for format in [Format::Combined, Format::MainExt] {
        for seed in 1..4 {
            let dirty = dirty::generate(format, seed).unwrap();
            let truth = &dirty.truth;
            let folder = folder(dirty.files.iter().map(|(name, bytes)| (name, bytes)));
            let course = read(&asked(folder.path(), &[Dimension::Status]));

            let expected =
                truth.by_status.iter().map(|(status, count)| (format!("{status:03}"), *count as u64)).collect();
            assert_eq!(totals(&course), expected, "{} {seed}", truth.format);
            let counted = (course.read.parsed, course.read.other, course.read.unreadable, course.read.duplicates);
            let true_counts = (truth.total.parsed, truth.total.other, truth.total.unreadable, truth.duplicates);
            let true_counts = (true_counts.0 as u64, true_counts.1 as u64, true_counts.2 as u64, true_counts.3 as u64);
            assert_eq!(counted, true_counts, "{} {seed}", truth.format);
            assert_eq!(course.read.lines, truth.total.lines as u64);

            // `why` reads the same files the same way.
            let found = investigate(&question(&[folder.path().to_owned()]), &Silent).unwrap();
            assert_eq!(found.read, course.read);
            for (name, count) in &truth.per_file {
                let file = found.files.iter().find(|file| *file.display == **name).unwrap();
                assert_eq!(file.lines, count.lines as u64, "{name}");
            }
            let (cut, whole_lines, partial) = &truth.cut_gzip;
            let gap = course.gaps.iter().find(|gap| *gap.what == **cut).unwrap();
            let lines = *whole_lines as u64 + u64::from(*partial > 0);
            assert_eq!(gap.why, GapKind::Truncated { lines });
        }
    }
}
