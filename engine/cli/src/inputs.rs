//! `-i key=value` and `--inputs FILE`: text becomes the type that the pipeline declares.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::arguments::Inputs;
use crate::exit::{Exit, Failure};

/// Reads inputs; `schemas` are the declared ones by name. What is not declared is sent as text, and refused by the engine by name.
pub fn read(given: &Inputs, schemas: &BTreeMap<String, Json>) -> Result<Map<String, Json>, Failure> {
    let mut inputs = Map::new();
    if let Some(path) = &given.inputs {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let value = loopline_dsl::yaml_to_json(&text)
            .map_err(|error| Failure::usage(format!("{} is neither YAML nor JSON: {error}", path.display())))?;
        match value {
            Json::Object(map) => inputs = map,
            Json::Null => {}
            _ => return Err(Failure::usage(format!("{} is not a mapping of inputs", path.display()))),
        }
    }
    for pair in &given.input {
        let (name, text) = key_value(pair, "-i")?;
        let value = typed(text, schemas.get(name))
            .map_err(|wanted| Failure::usage(format!("input `{name}` is {wanted}, and `{text}` is not one")))?;
        inputs.insert(name.to_owned(), value);
    }
    Ok(inputs)
}

/// Splits `key=value`.
pub fn key_value<'a>(pair: &'a str, flag: &str) -> Result<(&'a str, &'a str), Failure> {
    pair.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{pair}` is not KEY=VALUE")).hint(format!("write {flag} key=value"))
    })
}

/// Text as the declared type; text where the declaration allows it.
pub fn typed(text: &str, schema: Option<&Json>) -> Result<Json, &'static str> {
    let types: Vec<&str> = match schema.and_then(|schema| schema.get("type")) {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ => vec!["string"],
    };
    if types.contains(&"string") {
        return Ok(text.into());
    }
    let parsed: Option<Json> = serde_json::from_str(text).ok();
    match (types.first().copied().unwrap_or("string"), parsed) {
        ("integer", Some(value)) if value.is_i64() || value.is_u64() => Ok(value),
        ("number", Some(value)) if value.is_number() => Ok(value),
        ("boolean", Some(value)) if value.is_boolean() => Ok(value),
        ("array", Some(value)) if value.is_array() => Ok(value),
        ("object", Some(value)) if value.is_object() => Ok(value),
        ("integer", _) => Err("an integer"),
        ("number", _) => Err("a number"),
        ("boolean", _) => Err("true or false"),
        ("array", _) => Err("a list, written as JSON"),
        ("object", _) => Err("a mapping, written as JSON"),
        (_, Some(value)) => Ok(value),
        (_, None) => Ok(text.into()),
    }
}
