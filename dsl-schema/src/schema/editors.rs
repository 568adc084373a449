//! The form in which editors show a schema best. It changes nothing of what fits.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value as Json, json};

/// Keywords that say something about a value and demand nothing of it.
const ANNOTATIONS: [&str; 5] = ["title", "description", "markdownDescription", "examples", "default"];

/// Applied to a schema and everything in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForEditors;

impl Transform for ForEditors {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            reference_beside_description(object);
            markdown(object);
            default_apart_from_type(object);
        }
        transform_subschemas(self, schema);
    }
}

/// A reference stands beside the description of its key, not inside an `allOf`. Draft-07 ignores what stands beside a
/// reference, so only annotations may: editors show them, and before those of what is referred to.
fn reference_beside_description(object: &mut Map<String, Json>) {
    let Some([Json::Object(only)]) = object.get("allOf").and_then(Json::as_array).map(Vec::as_slice) else { return };
    let annotated = object.keys().all(|key| key == "allOf" || ANNOTATIONS.contains(&key.as_str()));
    if let (1, Some(target), true) = (only.len(), only.get("$ref").cloned(), annotated) {
        object.remove("allOf");
        object.insert("$ref".to_owned(), target);
    }
}

/// Editors that know Markdown show `code` as such; in a plain description they show the backticks.
fn markdown(object: &mut Map<String, Json>) {
    if let Some(Json::String(description)) = object.get("description").cloned() {
        object.insert("markdownDescription".to_owned(), Json::String(description));
    }
}

/// A key with a type and a default is written out by editors whenever they complete the mapping around it. What stands
/// apart from its type is proposed as a value, and not written unasked.
fn default_apart_from_type(object: &mut Map<String, Json>) {
    if !object.contains_key("default") || !object.contains_key("type") {
        return;
    }
    let (annotations, demands): (Map<_, _>, Map<_, _>) =
        std::mem::take(object).into_iter().partition(|(key, _)| ANNOTATIONS.contains(&key.as_str()));
    *object = annotations;
    object.insert("allOf".to_owned(), json!([demands]));
}
