//! The combinations of a matrix, by the rules of GitHub Actions.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

type Row = BTreeMap<String, Json>;

/// More combinations are not made, whatever `exclude` would leave of them: a few axes can be larger than any memory.
pub(super) const MOST_COMBINATIONS: usize = 100_000;

/// Combinations of the axes in their order, the last one changing fastest.
pub(super) fn combinations(axes: &[(&String, Vec<Json>)], include: &[Row], exclude: &[Row]) -> Option<Vec<Json>> {
    let product = axes.iter().try_fold(1_usize, |product, (_, values)| product.checked_mul(values.len()));
    let product = product.filter(|product| *product <= MOST_COMBINATIONS)?;
    let mut all: Vec<Map<String, Json>> = Vec::new();
    for mut number in 0..if axes.is_empty() { 0 } else { product } {
        let mut combination = Map::new();
        for (name, values) in axes.iter().rev() {
            combination.insert((*name).clone(), values[number % values.len()].clone());
            number /= values.len();
        }
        let left_out = |row: &Row| row.iter().all(|(name, value)| combination.get(name) == Some(value));
        if !exclude.iter().any(left_out) {
            all.push(combination);
        }
    }
    let of_axes = all.len();
    let is_axis = |name: &String| axes.iter().any(|(axis, _)| *axis == name);
    for row in include {
        // What it says of the axes must agree; what it adds may replace what another entry has added.
        let mut agrees = false;
        for combination in &mut all[..of_axes] {
            if row.iter().all(|(name, value)| !is_axis(name) || combination.get(name) == Some(value)) {
                agrees = true;
                combination.extend(row.clone());
            }
        }
        if !agrees {
            all.push(row.clone().into_iter().collect());
        }
    }
    Some(all.into_iter().map(Json::Object).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(axes: Json, include: Json, exclude: Json, expected: Json) {
        let axes: BTreeMap<String, Vec<Json>> = serde_json::from_value(axes).unwrap();
        let axes: Vec<_> = axes.iter().map(|(name, values)| (name, values.clone())).collect();
        let rows = |rows| serde_json::from_value::<Vec<Row>>(rows).unwrap();
        assert_eq!(combinations(&axes, &rows(include), &rows(exclude)).map(Json::from), Some(expected));
    }

    #[test]
    fn the_last_axis_changes_fastest() {
        check(
            json!({"os": ["l", "m"], "v": [1, 2]}),
            json!([]),
            json!([]),
            json!([{"os": "l", "v": 1}, {"os": "l", "v": 2}, {"os": "m", "v": 1}, {"os": "m", "v": 2}]),
        );
    }

    #[test]
    fn exclude_leaves_out_what_agrees_with_all_that_it_says() {
        check(
            json!({"os": ["l", "m"], "v": [1, 2]}),
            json!([]),
            json!([{"os": "m", "v": 1}, {"v": 2}]),
            json!([{"os": "l", "v": 1}]),
        );
    }

    /// The example in GitHub's documentation.
    #[test]
    fn include_adds_to_what_agrees_or_adds_a_combination() {
        check(
            json!({"fruit": ["apple", "pear"], "animal": ["cat", "dog"]}),
            json!([
                {"color": "green"},
                {"color": "pink", "animal": "cat"},
                {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"},
                {"fruit": "banana", "animal": "cat"}
            ]),
            json!([]),
            json!([
                {"animal": "cat", "color": "pink", "fruit": "apple", "shape": "circle"},
                {"animal": "cat", "color": "pink", "fruit": "pear"},
                {"animal": "dog", "color": "green", "fruit": "apple", "shape": "circle"},
                {"animal": "dog", "color": "green", "fruit": "pear"},
                {"fruit": "banana"},
                {"animal": "cat", "fruit": "banana"}
            ]),
        );
    }

    #[test]
    fn a_matrix_of_nothing_but_include_has_its_entries() {
        check(json!({}), json!([{"os": "l"}, {"os": "m"}]), json!([]), json!([{"os": "l"}, {"os": "m"}]));
    }

    #[test]
    fn a_product_beyond_the_limit_is_not_made() {
        let values: Vec<Json> = (0..10_000).map(Json::from).collect();
        let names = ["a".to_owned(), "b".to_owned(), "c".to_owned(), "d".to_owned(), "e".to_owned()];
        let axes: Vec<_> = names.iter().map(|name| (name, values.clone())).collect();
        assert_eq!(combinations(&axes, &[], &[]), None);
    }
}
