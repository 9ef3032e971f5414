//! Where the labels of moments stand above a picture: each on a pole at its moment, in rows, so that no label covers
//! another one or a pole. Of moments close together the earlier one stands higher. Lengths are those of the picture; what the labels say is the chart's business.

/// Free space around a label.
const GAP: f64 = 6.0;
/// From a pole to its label.
const BESIDE: f64 = 6.0;
/// Rows at most; a label that finds no place in them is left out.
const ROWS: usize = 9;
/// Labels at most: the choices double with each.
pub const MOST: usize = 8;

/// Which side of its pole a label stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the left: it would end outside of the picture otherwise.
    Left,
    /// To the right.
    Right,
}

/// Where a label stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Of the pole, and of the label beside it.
    pub side: Side,
    /// Row, counted from the picture upwards.
    pub row: usize,
    /// Where the pole stands.
    pub pole: f64,
    /// Where the label begins.
    from: f64,
    /// Where it ends.
    to: f64,
}

impl Place {
    fn new(pole: f64, length: f64, side: Side, row: usize) -> Self {
        let (from, to) = match side {
            Side::Left => (pole - BESIDE - length, pole - BESIDE),
            Side::Right => (pole + BESIDE, pole + BESIDE + length),
        };
        Self { side, row, pole, from, to }
    }

    /// Where the text is anchored.
    #[must_use]
    pub const fn anchor(&self) -> f64 {
        match self.side {
            Side::Left => self.to,
            Side::Right => self.from,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self.row == other.row && self.from < other.to + GAP && other.from < self.to + GAP
    }

    /// Whether the other one's pole, on its way down, would cross this label.
    fn crossed_by(&self, other: &Self) -> bool {
        other.row > self.row && self.from - 2.0 < other.pole && other.pole < self.to + 2.0
    }

    fn in_the_way_of(&self, other: &Self) -> bool {
        self.covers(other) || self.crossed_by(other) || other.crossed_by(self)
    }
}

/// A place for each label, given where its pole stands and how long it is, in order of their moments, between `left` and
/// `right`. They are few, so every choice of sides is tried: the most labels that find a place, then the fewest to the left,
/// where they are harder to read, then the fewest rows.
#[must_use]
pub fn place(labels: &[(f64, f64)], left: f64, right: f64) -> Vec<Option<Place>> {
    let labels = labels.get(..MOST).unwrap_or(labels);
    let choices = (0..1_u32 << labels.len()).map(|lefts| {
        let placed = on_these_sides(labels, lefts, left, right);
        let rows = || placed.iter().flatten().map(|place| place.row);
        let missing = placed.iter().filter(|place| place.is_none()).count();
        let cost = (missing, lefts.count_ones(), rows().max(), rows().sum::<usize>());
        (cost, placed)
    });
    choices.min_by_key(|(cost, _)| *cost).map(|(_, placed)| placed).unwrap_or_default()
}

/// The lowest places with the labels of these bits left of their poles. What points to the right is put down from right
/// to left, and the other way round: then of neighbours the next one stands higher and its pole passes the others.
fn on_these_sides(labels: &[(f64, f64)], lefts: u32, left: f64, right: f64) -> Vec<Option<Place>> {
    let mut placed: Vec<Option<Place>> = vec![None; labels.len()];
    let side = |index: usize| if lefts >> index & 1 == 1 { Side::Left } else { Side::Right };
    let rightward = (0..labels.len()).rev().filter(|index| side(*index) == Side::Right);
    let leftward = (0..labels.len()).filter(|index| side(*index) == Side::Left);
    for index in rightward.chain(leftward) {
        let Some((pole, length)) = labels.get(index) else { continue };
        let free = |place: &Place| {
            let inside = left <= place.from && place.to <= right;
            inside && !placed.iter().flatten().any(|other| other.in_the_way_of(place))
        };
        let found = (0..ROWS).map(|row| Place::new(*pole, *length, side(index), row)).find(free);
        if let Some(slot) = placed.get_mut(index) {
            *slot = found;
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_close_together_read_from_top_to_bottom() {
        let places = place(&[(100.0, 80.0), (101.0, 120.0), (101.5, 60.0), (300.0, 90.0)], 0.0, 400.0);
        let rows: Vec<usize> = places.iter().flatten().map(|place| place.row).collect();
        assert_eq!(rows, [2, 1, 0, 0]);
        assert!(places.iter().flatten().all(|place| place.side == Side::Right), "{places:?}");
    }

    #[test]
    fn at_the_right_edge_a_label_stands_left_of_its_pole() {
        let places = place(&[(390.0, 80.0)], 0.0, 400.0);
        assert_eq!(places[0].unwrap().side, Side::Left);
        assert_eq!(place(&[(200.0, 500.0)], 0.0, 400.0), [None]);
        let places = place(&[(588.0, 102.0), (624.0, 108.0), (676.0, 128.0)], 2.0, 718.0);
        assert_eq!(places.iter().flatten().count(), 3, "{places:?}");
    }

    proptest! {
        #[test]
        fn nothing_ever_covers_anything(mut labels in proptest::collection::vec((0.0..700.0f64, 20.0..260.0f64), 0..8)) {
            labels.sort_by(|a, b| a.0.total_cmp(&b.0));
            let places: Vec<Place> = place(&labels, 0.0, 700.0).into_iter().flatten().collect();
            for (index, one) in places.iter().enumerate() {
                prop_assert!(one.from >= 0.0 && one.to <= 700.0);
                for other in places.iter().skip(index + 1) {
                    prop_assert!(!one.in_the_way_of(other), "{one:?} {other:?}");
                }
            }
        }
    }
}
