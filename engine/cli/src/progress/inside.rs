//! What lies inside of steps: their items, and the steps of pipelines in place. Each has a name as people write it, like
//! `test[0]`, `child/gate` or `child[2]/gate`; what undoes a step is `deploy.undo`.

use serde_json::Value as Json;

/// Behind the name of what is undone.
const UNDO: &str = ".undo";

/// The steps of a run, and everything that lies inside of them, by their names.
pub fn steps_of(run: &Json) -> Vec<(String, Json)> {
    let mut all = Vec::new();
    add_steps("", &run["steps"], &mut all);
    for change in run["items"].as_array().into_iter().flatten() {
        let step = change["step"].as_str().unwrap_or_default();
        let visit = &run["steps"][step]["visit"];
        add_item(&format!("{step}[{}]", change["index"]), &change["item"], visit, &mut all);
    }
    add_compensations("", &run["compensations"], &mut all);
    all
}

/// The same of the changes that an event made. An item that keeps an earlier result has not changed, though it is told again.
pub fn changed_in(changes: &Json) -> Vec<(String, Json)> {
    let is_kept = |item: &Json| item["kept_from"].is_u64();
    let mut changes = changes.clone();
    for step in changes["steps"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        for item in step["items"].as_array_mut().into_iter().flatten().filter(|item| is_kept(item)) {
            *item = Json::Null;
        }
    }
    steps_of(&changes)
}

/// What a name means besides its step, as the query of its log: the item, and whether it undoes the step.
pub fn log_of(name: &str) -> (&str, String) {
    let (name, undo) = match name.strip_suffix(UNDO) {
        Some(name) => (name, "&undo=true"),
        None => (name, ""),
    };
    match name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
        Some((step, item)) => (step, format!("&item={item}{undo}")),
        None => (name, undo.to_owned()),
    }
}

fn add_steps(around: &str, steps: &Json, all: &mut Vec<(String, Json)>) {
    for (id, view) in steps.as_object().into_iter().flatten() {
        let name = format!("{around}{id}");
        add_child(&name, &view["child"], all);
        for (at, item) in view["items"].as_array().into_iter().flatten().enumerate() {
            if item.is_object() {
                add_item(&format!("{name}[{at}]"), item, &view["visit"], all);
            }
        }
        all.push((name, view.clone()));
    }
}

fn add_child(name: &str, child: &Json, all: &mut Vec<(String, Json)>) {
    let around = format!("{name}/");
    add_steps(&around, &child["steps"], all);
    add_compensations(&around, &child["compensations"], all);
}

/// What has begun to be undone.
fn add_compensations(around: &str, compensations: &Json, all: &mut Vec<(String, Json)>) {
    for undo in compensations.as_array().into_iter().flatten().filter(|undo| undo["status"] != "pending") {
        let item = undo["item"].as_u64().map(|item| format!("[{item}]")).unwrap_or_default();
        all.push((format!("{around}{}{item}{UNDO}", undo["step"].as_str().unwrap_or_default()), undo.clone()));
    }
}

/// An item has the visit of its step, or the one whose result it keeps.
fn add_item(name: &str, item: &Json, visit: &Json, all: &mut Vec<(String, Json)>) {
    add_child(name, &item["child"], all);
    let mut item = item.clone();
    item["visit"] = if item["kept_from"].is_u64() { item["kept_from"].clone() } else { visit.clone() };
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
            "compensations": [{"step": "one", "item": 2, "visit": 7, "status": "running"}, {"step": "two", "status": "pending"}],
            "items": [{"step": "child", "index": 4, "item": {"attempt": 1, "child": {"steps": {"gate": {"visit": 1}}}}}],
        });
        let found: Vec<_> = steps_of(&changes).into_iter().map(|(name, view)| (name, view["visit"].clone())).collect();
        let expected =
            [("child", 2), ("one/gate", 3), ("one", 1), ("child[4]/gate", 1), ("child[4]", 2), ("one[2].undo", 7)];
        assert_eq!(found, expected.map(|(name, visit)| (name.to_owned(), Json::from(visit))));
        assert_eq!(log_of("one/gate"), ("one/gate", String::new()));
        assert_eq!(log_of("a/child[4].undo"), ("a/child", "&item=4&undo=true".to_owned()));
    }

    #[test]
    fn an_item_that_keeps_its_result_has_not_changed_and_has_the_visit_of_that() {
        let run = json!({"steps": {"test": {"visit": 3, "items": [
            {"status": "succeeded", "kept_from": 1, "child": {"steps": {"gate": {"visit": 1}}}}, {"status": "queued"},
        ]}}});
        let names = |found: Vec<(String, serde_json::Value)>| -> Vec<_> {
            found.into_iter().map(|(name, view)| format!("{name} {}", view["visit"])).collect()
        };
        assert_eq!(names(steps_of(&run)), ["test[0]/gate 1", "test[0] 1", "test[1] 3", "test 3"]);
        assert_eq!(names(changed_in(&run)), ["test[1] 3", "test 3"]);
    }
}
