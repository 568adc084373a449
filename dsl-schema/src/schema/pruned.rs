//! The schema of a step type: its step stands alone, so it has no key that names other steps.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::step_types::senseless;

/// Takes the keys out of the step, and out of the schema what only they refer to.
pub(super) fn leave_out_what_names_other_steps(schema: &mut Json) {
    let step = &mut schema["definitions"]["Step"];
    remove_keys(&mut step["properties"]);
    remove_keys(&mut step["dependencies"]);
    for beside in step["dependencies"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        beside.get_mut("properties").into_iter().for_each(remove_keys);
    }
    if let Some(kinds) = step["anyOf"].as_array_mut() {
        kinds.retain(|kind| kind["required"][0].as_str().is_none_or(|key| senseless(key).is_none()));
    }
    let used = reachable(schema);
    if let Some(definitions) = schema["definitions"].as_object_mut() {
        definitions.retain(|name, _| used.contains(name));
    }
}

fn remove_keys(of: &mut Json) {
    if let Some(keys) = of.as_object_mut() {
        keys.retain(|key, _| senseless(key).is_none());
    }
}

/// Names of the definitions that the root refers to, directly or through others.
fn reachable(schema: &Json) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let root =
        schema.as_object().into_iter().flatten().filter(|(key, _)| *key != "definitions").map(|(_, value)| value);
    let mut open: Vec<&Json> = root.collect();
    while let Some(value) = open.pop() {
        match value {
            Json::Array(items) => open.extend(items),
            Json::Object(object) => {
                let name = object.get("$ref").and_then(Json::as_str).and_then(|it| it.strip_prefix("#/definitions/"));
                if let Some(name) = name.filter(|name| !reached.contains(*name)) {
                    reached.insert(name.to_owned());
                    open.push(&schema["definitions"][name]);
                }
                open.extend(object.values());
            }
            _ => {}
        }
    }
    reached
}
