//! Finds lines that stand in two files of one set, from what identifies each line. Identical lines inside one file are
//! real: of the copies in all files as many are kept as the file with most of them has.
//! Pure: which files are compared, and reading them, is `overlaps.rs`.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use lastgood_model::{ClientId, UnixMs};

/// At most so many lines wait for their copies; beyond that the earliest second is settled early.
const MOST_WAITING: usize = 150_000;

/// One line, reduced to what identifies it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<T> {
    /// When the line says it happened.
    pub(crate) at: UnixMs,
    /// What copies of the line have in common.
    pub(crate) hash: u64,
    /// Who asked; an unknown client may be anybody.
    pub(crate) client: ClientId,
    /// Its number.
    pub(crate) line: u64,
    /// What is to be taken back if it is a copy.
    pub(crate) item: T,
}

/// Takes lines of several files, each nearly in order of time, and says which are copies.
#[derive(Debug)]
pub(crate) struct Join<T> {
    /// By second. Of each line the index of its file; the file with the lowest keeps it.
    waiting: BTreeMap<i64, Vec<(usize, Line<T>)>>,
    held: usize,
    most_waiting: usize,
}

impl<T: Copy> Join<T> {
    pub(crate) fn new() -> Self {
        Self { waiting: BTreeMap::new(), held: 0, most_waiting: MOST_WAITING }
    }

    /// Adds a line. A second that is settled already is opened anew: copies across that cut are not found.
    pub(crate) fn push(&mut self, file: usize, line: Line<T>) {
        self.waiting.entry(second(line.at)).or_default().push((file, line));
        self.held += 1;
    }

    /// Decides about every second before that of `moment`. No file may have earlier lines to come.
    pub(crate) fn settle(&mut self, moment: UnixMs, is_copy: &mut impl FnMut(usize, &Line<T>)) {
        let moment = second(moment);
        while let Some(earliest) = self.waiting.first_entry() {
            if *earliest.key() >= moment && self.held <= self.most_waiting {
                break;
            }
            let lines = earliest.remove();
            self.held -= lines.len();
            settle_second(lines, is_copy);
        }
    }

    /// Decides about the rest.
    pub(crate) fn finish(mut self, is_copy: &mut impl FnMut(usize, &Line<T>)) {
        for lines in std::mem::take(&mut self.waiting).into_values() {
            settle_second(lines, is_copy);
        }
    }
}

fn second(at: UnixMs) -> i64 {
    at.0.div_euclid(1000)
}

fn settle_second<T: Copy>(mut lines: Vec<(usize, Line<T>)>, is_copy: &mut impl FnMut(usize, &Line<T>)) {
    lines.sort_unstable_by_key(|(file, line)| (line.hash, *file, line.line));
    for alike in lines.chunk_by(|(_, a), (_, b)| a.hash == b.hash) {
        match alike {
            [_] => {}
            [(a, _), .., (b, _)] if a == b => {}
            // The usual case, without tables.
            [(_, kept), (file, copy)] if kept.client == copy.client => is_copy(*file, copy),
            _ => settle_alike(alike, is_copy),
        }
    }
}

/// Lines that differ at most in their clients, sorted by file.
fn settle_alike<T: Copy>(alike: &[(usize, Line<T>)], is_copy: &mut impl FnMut(usize, &Line<T>)) {
    let mut kept: Vec<(usize, Line<T>)> = Vec::new();
    for of_one_file in alike.chunk_by(|(a, _), (b, _)| a == b) {
        // Which kept lines this file's lines may be copies of, by client; each stands for one copy only.
        let mut free: HashMap<ClientId, Vec<usize>> = HashMap::new();
        for (index, (_, line)) in kept.iter().enumerate().rev() {
            free.entry(line.client).or_default().push(index);
        }
        let mut take = |client| free.get_mut(&client).and_then(Vec::pop);
        let (mut nameless, mut strangers) = (Vec::new(), Vec::new());
        for (file, line) in of_one_file {
            match take(line.client) {
                Some(_) => is_copy(*file, line),
                None if line.client == ClientId::UNKNOWN => nameless.push((*file, *line)),
                None => strangers.push((*file, *line)),
            }
        }
        // A line that lost its client may be a copy of anybody's, and of the two the one that knows is kept.
        for known in strangers {
            match take(ClientId::UNKNOWN).and_then(|index| kept.get_mut(index)) {
                Some(unknown) => {
                    let (file, line) = std::mem::replace(unknown, known);
                    is_copy(file, &line);
                }
                None => kept.push(known),
            }
        }
        let mut anybody = free.into_values().flatten();
        for (file, line) in nameless {
            match anybody.next() {
                Some(_) => is_copy(file, &line),
                None => kept.push((file, line)),
            }
        }
    }
}

/// Line numbers of one file, as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineSet {
    ranges: Vec<RangeInclusive<u64>>,
    count: u64,
}

impl LineSet {
    /// Adds a line; every line once.
    pub(crate) fn insert(&mut self, line: u64) {
        self.count += 1;
        match self.ranges.last_mut() {
            Some(last) if *last.end() + 1 == line => *last = *last.start()..=line,
            _ => self.ranges.push(line..=line),
        }
    }

    /// Sorts the ranges; [`LineSet::contains`] relies on it.
    pub(crate) fn settle(&mut self) {
        self.ranges.sort_unstable_by_key(|range| *range.start());
        self.ranges.dedup_by(|next, before| {
            let joined = *before.end() + 1 >= *next.start();
            if joined {
                *before = *before.start()..=*next.end().max(before.end());
            }
            joined
        });
    }

    pub(crate) fn contains(&self, line: u64) -> bool {
        let after = self.ranges.partition_point(|range| *range.start() <= line);
        after.checked_sub(1).and_then(|index| self.ranges.get(index)).is_some_and(|range| range.contains(&line))
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(second: i64, hash: u64, client: u64, number: u64) -> Line<()> {
        Line { at: UnixMs(second * 1000 + 500), hash, client: ClientId(client), line: number, item: () }
    }

    fn copies(files: &[Vec<Line<()>>]) -> Vec<(usize, u64)> {
        let mut join = Join::new();
        let mut found = Vec::new();
        for (file, lines) in files.iter().enumerate() {
            for line in lines {
                join.push(file, *line);
            }
        }
        join.finish(&mut |file, line: &Line<()>| found.push((file, line.line)));
        found.sort_unstable();
        found
    }

    #[test]
    fn identical_lines_inside_one_file_are_real() {
        let twice = vec![line(1, 7, 1, 1), line(1, 7, 1, 2)];
        assert_eq!(copies(std::slice::from_ref(&twice)), []);
        assert_eq!(copies(&[twice.clone(), vec![line(1, 7, 1, 1)]]), [(1, 1)]);
        let thrice = vec![line(1, 7, 1, 4), line(1, 7, 1, 5), line(1, 7, 1, 6)];
        assert_eq!(copies(&[twice, thrice]), [(1, 4), (1, 5)]);
    }

    #[test]
    fn another_second_request_or_client_is_another_line() {
        assert_eq!(copies(&[vec![line(1, 7, 1, 1)], vec![line(2, 7, 1, 1)]]), []);
        assert_eq!(copies(&[vec![line(1, 7, 1, 1)], vec![line(1, 8, 1, 1)]]), []);
        assert_eq!(copies(&[vec![line(1, 7, 1, 1)], vec![line(1, 7, 2, 1)]]), []);
    }

    #[test]
    fn a_line_that_lost_its_client_is_a_copy_of_anybodys_and_goes_first() {
        assert_eq!(copies(&[vec![line(1, 7, 5, 1)], vec![line(1, 7, 0, 9)]]), [(1, 9)]);
        assert_eq!(copies(&[vec![line(1, 7, 0, 9)], vec![line(1, 7, 5, 1)]]), [(0, 9)]);
        // Its own client's copy is preferred, so that the nameless one takes what is left.
        let both = vec![line(1, 7, 5, 1), line(1, 7, 6, 2)];
        assert_eq!(copies(&[both, vec![line(1, 7, 0, 1), line(1, 7, 5, 2)]]), [(1, 1), (1, 2)]);
        assert_eq!(copies(&[vec![line(1, 7, 0, 1)], vec![line(1, 7, 0, 1), line(1, 7, 0, 2)]]), [(1, 1)]);
    }

    #[test]
    fn three_files_keep_the_most() {
        let files = [vec![line(1, 7, 1, 1)], vec![line(1, 7, 1, 1), line(1, 7, 1, 2)], vec![line(1, 7, 1, 1)]];
        assert_eq!(copies(&files), [(1, 1), (2, 1)]);
    }

    #[test]
    fn thousands_of_equal_requests_in_one_second_take_no_time() {
        let many = |offset: u64| (0..20_000).map(|n| line(1, 7, 1 + (n * 7 + offset) % 5_000, n)).collect::<Vec<_>>();
        assert_eq!(copies(&[many(0), many(3)]).len(), 20_000);
    }

    #[test]
    fn too_many_waiting_are_settled_early() {
        let mut join = Join { most_waiting: 10, ..Join::new() };
        let mut found = 0;
        for second in 0..1_000 {
            join.push(0, line(second, 7, 1, 1));
            join.push(1, line(second, 7, 1, 1));
            join.settle(UnixMs::MIN, &mut |_, _| found += 1);
            assert!(join.held <= 10);
        }
        join.finish(&mut |_, _| found += 1);
        assert_eq!(found, 1_000);
    }

    #[test]
    fn a_set_of_lines_knows_its_lines() {
        let mut set = LineSet::default();
        for line in [5, 6, 7, 3, 4, 20, 9] {
            set.insert(line);
        }
        set.settle();
        assert_eq!(set.ranges, [3..=7, 9..=9, 20..=20]);
        let inside: Vec<_> = (0..30).filter(|&line| set.contains(line)).collect();
        assert_eq!(inside, [3, 4, 5, 6, 7, 9, 20]);
        assert_eq!(set.count(), 7);
    }

    /// Every file as (second, hash, client), in an order in which the clock goes back by up to two seconds.
    fn logs() -> impl Strategy<Value = Vec<Vec<(i64, u64, u64)>>> {
        let line = (0_i64..40, 0_u64..3, 1_u64..4, 0_i64..=2);
        prop::collection::vec(prop::collection::vec(line, 0..60), 1..4).prop_map(|files| {
            let sorted = |mut file: Vec<(i64, u64, u64, i64)>| {
                file.sort_by_key(|(second, _, _, late)| second + late);
                file.into_iter().map(|(second, hash, client, _)| (second, hash, client)).collect()
            };
            files.into_iter().map(sorted).collect()
        })
    }

    proptest! {
        #[test]
        fn the_union_has_every_line_as_often_as_the_file_with_most(files in logs(), piece in 1_usize..8) {
            // Fed as the reader does: the file that lags most gives its next piece, settled with a margin.
            let mut join = Join::new();
            let mut found = Vec::new();
            let mut at = vec![0; files.len()];
            let mut reached = vec![UnixMs::MIN; files.len()];
            while let Some(file) = (0..files.len()).filter(|&file| at[file] < files[file].len()).min_by_key(|&file| reached[file]) {
                for &(second, hash, client) in files[file][at[file]..].iter().take(piece) {
                    at[file] += 1;
                    join.push(file, line(second, hash, client, at[file] as u64));
                    reached[file] = reached[file].max(UnixMs(second * 1000));
                }
                let slowest = (0..files.len()).filter(|&file| at[file] < files[file].len()).map(|file| reached[file]).min();
                join.settle(slowest.unwrap_or(UnixMs::MIN).plus(-2_000), &mut |file, line| found.push((file, line.line)));
            }
            join.finish(&mut |file, line| found.push((file, line.line)));

            let mut most: HashMap<(i64, u64, u64), usize> = HashMap::new();
            let mut left: HashMap<(i64, u64, u64), usize> = HashMap::new();
            for (file, lines) in files.iter().enumerate() {
                let mut here: HashMap<(i64, u64, u64), usize> = HashMap::new();
                for (index, line) in lines.iter().enumerate() {
                    *here.entry(*line).or_default() += 1;
                    let copies = found.iter().filter(|copy| **copy == (file, index as u64 + 1)).count();
                    prop_assert!(copies <= 1);
                    *left.entry(*line).or_default() += 1 - copies;
                }
                for (line, count) in here {
                    let most = most.entry(line).or_default();
                    *most = count.max(*most);
                }
            }
            prop_assert_eq!(left, most);
        }
    }
}
