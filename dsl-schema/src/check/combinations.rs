//! The combinations of a matrix, and which of them a row agrees with.
//!
//! A file may have ten thousand combinations and as many rows. So no row is held against each combination: for every value
//! of an axis it is known which combinations have it, and a row agrees with those that all its values share.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use loopline_core::canonical;
use serde_json::Value as Json;

pub(super) struct Combinations<'a> {
    /// Those that no row has left out.
    left: FixedBitSet,
    /// How many these are.
    pub(super) count: usize,
    axes: BTreeMap<&'a str, Axis>,
}

/// By the spelling of a value.
enum Axis {
    /// All combinations have the one value that there is.
    One(Vec<u8>),
    Several(BTreeMap<Vec<u8>, FixedBitSet>),
}

impl<'a> Combinations<'a> {
    /// `product` is the number of them.
    pub(super) fn of(axes: &[(&'a str, &'a Vec<Json>)], product: usize) -> Self {
        // Without axes there is one way to choose from nothing, and yet no combination.
        let count = if axes.is_empty() { 0 } else { product };
        let mut left = FixedBitSet::with_capacity(count);
        left.insert_range(..);
        // In the order of the axes: what stands last changes first.
        let mut period = count;
        let by_name = axes.iter().map(|(name, items)| {
            period /= items.len().max(1);
            (*name, Axis::of(items, period, count))
        });
        Self { axes: by_name.collect(), left, count }
    }

    pub(super) fn has_axis(&self, name: &str) -> bool {
        self.axes.contains_key(name)
    }

    /// Leaves out what agrees with a row; how many that were.
    pub(super) fn leave_out(&mut self, row: &BTreeMap<&str, &Json>) -> usize {
        let agreeing = self.agreeing(row);
        self.left.difference_with(&agreeing);
        let out = agreeing.count_ones(..);
        self.count -= out;
        out
    }

    /// Whether one that is left agrees with a row.
    pub(super) fn agrees(&self, row: &BTreeMap<&str, &Json>) -> bool {
        !self.agreeing(row).is_clear()
    }

    fn agreeing(&self, row: &BTreeMap<&str, &Json>) -> FixedBitSet {
        let mut agreeing = self.left.clone();
        for (name, value) in row {
            let value = spelling(value);
            match self.axes.get(name) {
                Some(Axis::One(only)) if *only == value => {}
                Some(Axis::Several(by_value)) if by_value.contains_key(&value) => {
                    agreeing.intersect_with(&by_value[&value]);
                }
                _ => return FixedBitSet::new(),
            }
        }
        agreeing
    }
}

impl Axis {
    /// Each value stands `period` times, then the next, over and over.
    fn of(items: &[Json], period: usize, count: usize) -> Self {
        if let [only] = items {
            return Self::One(spelling(only));
        }
        let mut by_value = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let set = by_value.entry(spelling(item)).or_insert_with(|| FixedBitSet::with_capacity(count));
            for begin in (at * period..count).step_by((items.len() * period).max(1)) {
                set.insert_range(begin..begin + period);
            }
        }
        Self::Several(by_value)
    }
}

/// Values that are equal are spelled alike.
fn spelling(value: &Json) -> Vec<u8> {
    let mut spelling = Vec::new();
    canonical::write(value, &mut |bytes| spelling.extend_from_slice(bytes));
    spelling
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row<'a>(row: &'a [(&'a str, Json)]) -> BTreeMap<&'a str, &'a Json> {
        row.iter().map(|(name, value)| (*name, value)).collect()
    }

    #[test]
    fn rows_agree_with_combinations_that_have_all_their_values() {
        let (a, b, c) = (vec![json!(1), json!("1")], vec![json!({"x": 1, "y": 2})], vec![json!(1), json!(2), json!(1)]);
        let mut all = Combinations::of(&[("a", &a), ("b", &b), ("c", &c)], 6);
        assert!(all.agrees(&row(&[])));
        assert!(all.agrees(&row(&[("b", json!({"y": 2, "x": 1}))])));
        assert!(!all.agrees(&row(&[("b", json!({"y": 2}))])));
        assert_eq!(all.leave_out(&row(&[("a", json!("1")), ("c", json!(1))])), 2);
        assert_eq!(all.leave_out(&row(&[("c", json!(1))])), 2);
        assert_eq!(all.leave_out(&row(&[("c", json!(1))])), 0);
        assert_eq!(all.leave_out(&row(&[("c", json!(3))])), 0);
        assert!(all.agrees(&row(&[("a", json!(1))])));
        assert_eq!(all.count, 2);
        assert_eq!(all.leave_out(&row(&[])), 2);
        assert!(!all.agrees(&row(&[])));
    }

    #[test]
    fn without_axes_there_is_no_combination() {
        let mut none = Combinations::of(&[], 1);
        assert_eq!((none.count, none.leave_out(&row(&[])), none.agrees(&row(&[]))), (0, 0, false));
        let empty = Vec::new();
        let two = vec![json!(1), json!(2)];
        let none = Combinations::of(&[("a", &two), ("b", &empty)], 0);
        assert_eq!((none.count, none.agrees(&row(&[("a", json!(1))]))), (0, false));
    }
}
