//! Values that are made up from JSON Schemas: a few that a schema names itself, or the simplest of its type.

use serde_json::{Value as Json, json};

/// More are not made up for one schema.
pub(super) const MOST: usize = 4;

/// At least one value; whether it fits is seen when it is used.
pub(super) fn samples(schema: &Json) -> Vec<Json> {
    let mut found: Vec<Json> = Vec::new();
    let listed = |key: &str| schema.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    found.extend(schema.get("const").cloned());
    found.extend(schema.get("default").cloned());
    found.extend(listed("enum"));
    found.extend(listed("examples"));
    let is_closed = schema.get("const").is_some() || schema.get("enum").is_some();
    if !is_closed {
        found.extend(of_type(schema));
    }
    let mut kept: Vec<Json> = Vec::new();
    for value in found {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept.truncate(MOST);
    kept
}

fn of_type(schema: &Json) -> Vec<Json> {
    let kind = match schema.get("type") {
        Some(Json::Array(kinds)) => kinds.first().and_then(Json::as_str),
        kind => kind.and_then(Json::as_str),
    };
    let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number()).cloned();
    match kind {
        Some("boolean") => vec![json!(true), json!(false)],
        Some("integer" | "number") => match (bound("minimum"), bound("maximum")) {
            (None, None) => vec![json!(1)],
            (least, most) => least.into_iter().chain(most).collect(),
        },
        Some("array") => vec![json!([])],
        Some("object") => {
            let properties = schema.get("properties").and_then(Json::as_object);
            let first = |schema: &Json| samples(schema).into_iter().next().unwrap_or_default();
            let all = properties.into_iter().flatten().map(|(name, schema)| (name.clone(), first(schema)));
            vec![Json::Object(all.collect())]
        }
        Some("null") => vec![Json::Null],
        _ => vec![json!("x")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_schema_names_itself_comes_first() {
        for (schema, expect) in [
            (json!({"type": "boolean"}), json!([true, false])),
            (json!({"enum": ["eu", "us"], "default": "us"}), json!(["us", "eu"])),
            (json!({"type": "integer", "minimum": 2, "maximum": 5}), json!([2, 5])),
            (json!({"type": "string", "examples": ["v1"]}), json!(["v1", "x"])),
            (json!({"type": "object", "properties": {"n": {"type": "integer"}}}), json!([{"n": 1}])),
            (json!({}), json!(["x"])),
        ] {
            assert_eq!(json!(samples(&schema)), expect, "{schema}");
        }
    }
}
