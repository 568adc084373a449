//! What lies inside of steps: their items, and the steps of pipelines in place. Each has a name as people write it, like
//! `test[0]`, `child/gate` or `child[2]/gate`.

use serde_json::Value as Json;

/// The steps of a run or of its changes, and everything that lies inside of them, by their names.
pub fn steps_of(run: &Json) -> Vec<(String, Json)> {
    let mut all = Vec::new();
    add_steps("", &run["steps"], &mut all);
    for change in run["items"].as_array().into_iter().flatten() {
        let step = change["step"].as_str().unwrap_or_default();
        let visit = &run["steps"][step]["visit"];
        add_item(&format!("{step}[{}]", change["index"]), &change["item"], visit, &mut all);
    }
    all
}

/// The step that a name means, and the item of it.
pub fn unit(name: &str) -> (&str, Option<&str>) {
    match name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
        Some((step, item)) => (step, Some(item)),
        None => (name, None),
    }
}

fn add_steps(around: &str, steps: &Json, all: &mut Vec<(String, Json)>) {
    for (id, view) in steps.as_object().into_iter().flatten() {
        let name = format!("{around}{id}");
        add_steps(&format!("{name}/"), &view["child"]["steps"], all);
        for (at, item) in view["items"].as_array().into_iter().flatten().enumerate() {
            add_item(&format!("{name}[{at}]"), item, &view["visit"], all);
        }
        all.push((name, view.clone()));
    }
}

/// An item has the visit of its step.
fn add_item(name: &str, item: &Json, visit: &Json, all: &mut Vec<(String, Json)>) {
    add_steps(&format!("{name}/"), &item["child"]["steps"], all);
    let mut item = item.clone();
    item["visit"] = visit.clone();
    all.push((name.to_owned(), item));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lies_inside_is_named_by_what_is_around_it() {
        let changes = json!({
            "steps": {"child": {"visit": 2, "items": null}, "one": {"visit": 1, "child": {"steps": {"gate": {"visit": 3}}}}},
            "items": [{"step": "child", "index": 4, "item": {"attempt": 1, "child": {"steps": {"gate": {"visit": 1}}}}}],
        });
        let found: Vec<_> = steps_of(&changes).into_iter().map(|(name, view)| (name, view["visit"].clone())).collect();
        let expected = [("child", 2), ("one/gate", 3), ("one", 1), ("child[4]/gate", 1), ("child[4]", 2)];
        assert_eq!(found, expected.map(|(name, visit)| (name.to_owned(), Json::from(visit))));
        assert_eq!((unit("child[4]"), unit("one/gate")), (("child", Some("4")), ("one/gate", None)));
    }
}
