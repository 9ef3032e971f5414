//! Which of some names looks most like a given one: what was probably meant. It knows letters, not meanings.

/// Letters to change, add or leave out between two words.
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.iter().skip(1)) {
            left = (corner + usize::from(x != y)).min(left + 1).min(above + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The candidate that looks most like the name; none if none of them does.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let measured = candidates.into_iter().map(|candidate| (likeness(name, candidate), candidate));
    measured.filter_map(|(away, candidate)| Some((away?, candidate))).min_by_key(|(away, _)| *away).map(|(_, it)| it)
}

/// How far a candidate is away, if it is near enough to have been meant: a third of the longer name may differ, or one name
/// holds the other.
fn likeness(name: &str, candidate: &str) -> Option<usize> {
    let (short, long) = if name.len() < candidate.len() { (name, candidate) } else { (candidate, name) };
    let away = distance(name, candidate);
    (away * 3 <= long.chars().count() || (short.len() > 2 && long.contains(short))).then_some(away)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn the_nearest_name_is_what_was_meant() {
        let names = ["bridge", "econipass_default", "pgvector_default"];
        assert_eq!(nearest("pgvector-default", names), Some("pgvector_default"));
        assert_eq!(nearest("pgvector", names), Some("pgvector_default"));
        assert_eq!(nearest("monitoring", names), None);
    }
}
