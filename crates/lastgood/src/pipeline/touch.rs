//! Files of a set that merely touch: where a rotation cut a second in two, equal lines on both sides are real ones.
//! Files that share more than a moment are compared line by line in `overlaps.rs`.

use lastgood_model::{ClientId, Span};

use super::duplicates::Line;
use super::scan::Edges;

/// Clocks go back by a second; what two files share beyond that is no accident. In milliseconds.
const MOMENT: i64 = 2_000;

/// Whether what two files share is but the moment at which one ends and the other begins.
pub(crate) fn is_touch(earlier: Span, later: Span) -> bool {
    earlier.from() < later.from() && earlier.to().since(later.from()) < MOMENT
}

/// Whether the later file begins with lines that the earlier one ends with, in the same order: then it was copied while
/// it was written to. If not all lines of the moment were kept it cannot be told, and they are compared.
pub(crate) fn repeats<M: Copy>(earlier: &Edges<M>, later: &Edges<M>, shared: Span) -> bool {
    let (Some(before), Some(after)) = (earlier.within(shared), later.within(shared)) else { return true };
    let in_order = |lines: &mut Vec<&Line<M>>| lines.sort_by_key(|line| line.line);
    let (mut before, mut after): (Vec<_>, Vec<_>) = (before.collect(), after.collect());
    in_order(&mut before);
    in_order(&mut after);
    (0..before.len()).any(|start| before.iter().skip(start).zip(&after).all(|(a, b)| alike(a, b)))
}

fn alike<M>(a: &Line<M>, b: &Line<M>) -> bool {
    let unknown = a.client == ClientId::UNKNOWN || b.client == ClientId::UNKNOWN;
    a.hash == b.hash && (unknown || a.client == b.client)
}

#[cfg(test)]
mod tests {
    use lastgood_model::UnixMs;

    use super::*;

    fn edges(hashes: &[u64]) -> Edges<()> {
        let line = |(number, hash): (u64, &u64)| Line {
            at: UnixMs(500),
            hash: *hash,
            client: ClientId(1),
            line: number,
            item: (),
        };
        let lines: Vec<_> = (1..).zip(hashes).map(line).collect();
        let mut edges = Edges::default();
        edges.keep_head(lines.clone(), UnixMs::MAX, 100);
        edges.keep_tail(lines, UnixMs::MIN, 100);
        edges
    }

    #[test]
    fn only_what_goes_on_where_the_other_ends_is_a_copy() {
        let shared = Span::new(UnixMs(0), UnixMs(1_000));
        let repeats = |before: &[u64], after: &[u64]| repeats(&edges(before), &edges(after), shared);
        assert!(repeats(&[1, 2, 3, 4], &[3, 4, 5]));
        assert!(repeats(&[1, 2, 3, 4], &[2, 3]), "an excerpt");
        assert!(repeats(&[1, 2], &[1, 2, 3, 4]));
        assert!(!repeats(&[1, 2, 3, 4], &[3, 5, 4]));
        assert!(!repeats(&[1, 2, 3, 4], &[1, 9, 9]));
    }

    #[test]
    fn a_touch_is_short_and_at_the_end() {
        let span = |from: i64, to: i64| Span::new(UnixMs(from * 1_000), UnixMs(to * 1_000));
        assert!(is_touch(span(0, 10), span(10, 20)));
        assert!(is_touch(span(0, 10), span(9, 20)));
        assert!(is_touch(span(0, 10), span(10, 10)));
        assert!(!is_touch(span(0, 10), span(8, 20)));
        assert!(!is_touch(span(0, 10), span(5, 5)));
        assert!(!is_touch(span(0, 1), span(0, 1)), "both are but a moment long: compared");
    }
}
