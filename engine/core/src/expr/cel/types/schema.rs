//! From a JSON Schema to a type.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{Entries, Field, Kinds, Type};

/// How deep schemas are looked into.
const MAX_DEPTH: usize = 16;
/// How many schemas within one are looked at.
const MAX_SCHEMAS: usize = 1_000;

pub(super) fn of_schema(schema: &Json) -> Type {
    let mut left = MAX_SCHEMAS;
    typed(schema, MAX_DEPTH, &mut left)
}

fn typed(schema: &Json, depth: usize, left: &mut usize) -> Type {
    let Json::Object(schema) = schema else { return Type::any() };
    // A reference may stand for all that is beside it.
    if depth == 0 || *left == 0 || schema.contains_key("$ref") {
        return Type::any();
    }
    *left -= 1;
    let mut ty = Type::any().only(kinds(schema));
    if ty.kinds().meets(Kinds::LIST) {
        ty.element = element(schema, depth, left).map(Into::into);
    }
    if ty.kinds().meets(Kinds::MAP) {
        ty.entries = entries(schema, depth, left).map(Into::into);
    }
    let mut ty = ty.sized();
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Json::Array(branches)) = schema.get(keyword) {
            let any =
                branches.iter().map(|branch| typed(branch, depth - 1, left)).fold(Type::never(), Type::or_coarsely);
            ty = ty.and(&any);
        }
    }
    if let Some(Json::Array(values)) = schema.get("enum") {
        let one = values.iter().map(Type::of_json).fold(Type::never(), Type::or_coarsely);
        ty = one.and(&ty);
    }
    if let Some(value) = schema.get("const") {
        ty = Type::of_json(value).and(&ty);
    }
    ty
}

fn kinds(schema: &Map<String, Json>) -> Kinds {
    let named = |name: &Json| match name.as_str() {
        Some("null") => Kinds::NULL,
        Some("boolean") => Kinds::BOOL,
        // `1.0` is an integer to JSON Schema.
        Some("integer" | "number") => Kinds::NUMBER,
        Some("string") => Kinds::TEXT,
        Some("array") => Kinds::LIST,
        Some("object") => Kinds::MAP,
        _ => Kinds::JSON,
    };
    match schema.get("type") {
        None => Kinds::JSON,
        Some(Json::Array(names)) => names.iter().map(named).fold(Kinds::NONE, |all, kinds| all | kinds),
        Some(name) => named(name),
    }
}

fn element(schema: &Map<String, Json>, depth: usize, left: &mut usize) -> Option<Type> {
    // `items` then speaks of what comes behind those.
    if schema.contains_key("prefixItems") {
        return None;
    }
    schema.get("items").map(|items| typed(items, depth - 1, left))
}

fn entries(schema: &Map<String, Json>, depth: usize, left: &mut usize) -> Option<Entries> {
    let properties = schema.get("properties").and_then(Json::as_object);
    let required: BTreeSet<&str> =
        schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let others = match schema.get("additionalProperties") {
        // What a pattern allows is not an additional property.
        _ if schema.contains_key("patternProperties") => Some(Type::any()),
        Some(Json::Bool(false)) => None,
        Some(others) => Some(typed(others, depth - 1, left)),
        None => Some(Type::any()),
    };
    if properties.is_none() && required.is_empty() && others.as_ref().is_some_and(|others| *others == Type::any()) {
        return None;
    }
    let mut fields = std::collections::BTreeMap::new();
    for (name, schema) in properties.into_iter().flatten() {
        let ty = typed(schema, depth - 1, left);
        fields.insert(name.clone(), Field { ty, sure: required.contains(name.as_str()) });
    }
    for name in required {
        let other = || others.clone().map(Field::sure);
        if let Some(field) = fields.get(name).cloned().or_else(other) {
            fields.insert(name.to_owned(), field);
        }
    }
    Some(Entries { fields, rest: others, keys: Kinds::TEXT })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_become_types() {
        let check = |schema: Json, expect: &str| assert_eq!(of_schema(&schema).to_string(), expect, "{schema}");
        check(json!({}), "any");
        check(json!(true), "any");
        check(json!({"type": "string"}), "string");
        check(json!({"type": "integer", "minimum": 1}), "number");
        check(json!({"type": ["boolean", "null"]}), "bool or null");
        check(json!({"enum": ["b", "a"]}), "\"a\" | \"b\"");
        check(json!({"type": "string", "enum": ["a", 1, null]}), "\"a\"");
        check(json!({"enum": ["a", 1, null]}), "number or \"a\" or null");
        check(json!({"const": true}), "bool");
        check(json!({"type": "array", "items": {"type": "string"}}), "list of string");
        check(json!({"type": "array", "items": {"type": "string"}, "prefixItems": [{"type": "number"}]}), "list");
        check(
            json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {}}, "required": ["a", "c"]}),
            "{a: number, b?: any, c: any, …}",
        );
        check(
            json!({"type": "object", "properties": {"a": {"type": "number"}}, "additionalProperties": false}),
            "{a?: number}",
        );
        check(json!({"type": "object", "additionalProperties": {"type": "string"}}), "map of string");
        check(json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), "string or null");
        check(json!({"type": "string", "oneOf": [{"const": "a"}, {"const": "b"}]}), "\"a\" | \"b\"");
        check(json!({"type": "string", "$ref": "#/a"}), "any");
        check(json!({"type": "text"}), "any");
    }

    #[test]
    fn hostile_schemas_are_looked_at_within_bounds() {
        let mut deep = json!({"type": "string"});
        for _ in 0..100 {
            deep = json!({"type": "array", "items": deep});
        }
        assert_eq!(of_schema(&deep).to_string(), "list of list of list");
        let branches: Vec<Json> =
            (0..20_000).map(|n| json!({"properties": {format!("k{n}"): {"type": "string"}}})).collect();
        assert_eq!(of_schema(&json!({"type": "object", "anyOf": branches})).to_string(), "map");
        let values: Vec<Json> = (0..20_000).map(|n| json!({format!("k{n}"): n})).collect();
        assert_eq!(of_schema(&json!({"enum": [values]})).to_string(), "list of map");
    }

    fn value() -> impl Strategy<Value = Json> {
        let leaf = proptest::sample::select(vec![
            json!(null),
            json!(true),
            json!(1),
            json!(1.0),
            json!(0.5),
            json!(u64::MAX),
            json!("a"),
            json!("b"),
        ]);
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
                proptest::collection::btree_map("[ab]", inner, 0..3)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    fn schema() -> impl Strategy<Value = Json> {
        const TYPES: &[&str] = &["null", "boolean", "integer", "number", "string", "array", "object"];
        let leaf = prop_oneof![
            proptest::sample::select(TYPES).prop_map(|name| json!({"type": name})),
            proptest::sample::subsequence(TYPES, 1..3).prop_map(|names| json!({"type": names})),
            proptest::collection::vec(value(), 1..3).prop_map(|values| json!({"enum": values})),
            value().prop_map(|value| json!({"const": value})),
            Just(json!({})),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let parts = proptest::collection::vec(inner.clone(), 1..3);
            prop_oneof![
                parts.clone().prop_map(|parts| json!({"anyOf": parts})),
                parts.clone().prop_map(|parts| json!({"oneOf": parts, "type": ["string", "object", "integer"]})),
                inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
                (inner.clone(), parts).prop_map(|(items, first)| json!({"items": items, "prefixItems": first})),
                (inner.clone(), inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, others, required)| {
                    let required: &[&str] = if required { &["a", "c"] } else { &[] };
                    json!({"properties": {"a": a, "b": b}, "additionalProperties": others, "required": required})
                }),
                inner
                    .clone()
                    .prop_map(|a| json!({"properties": {"a": a}, "additionalProperties": false, "required": ["a"]})),
                inner.prop_map(|a| json!({"patternProperties": {"b": a}, "additionalProperties": false})),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_fits_a_schema_is_of_its_type(schema in schema(), values in proptest::collection::vec(value(), 8)) {
            let validator = jsonschema::validator_for(&schema).expect("is a schema");
            let ty = of_schema(&schema);
            for value in values {
                prop_assert!(!validator.is_valid(&value) || ty.admits(&value), "{} of {} is not {}", value, schema, ty);
            }
        }
    }
}
