//! The few JSON Schemas that are drawn. A word that is not known here fails loudly.

use serde_json::Value as Json;

pub fn fits(schema: &Json, value: &Json) -> bool {
    let Json::Object(words) = schema else { panic!("a schema is a mapping: {schema}") };
    words.iter().all(|(word, says)| match word.as_str() {
        "type" => match says.as_str() {
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("string") => value.is_string(),
            Some("object") => value.is_object(),
            _ => panic!("no schema with this type is drawn: {schema}"),
        },
        "maximum" => value.as_i64().is_none_or(|n| n <= says.as_i64().expect("a whole number")),
        "required" if says.is_boolean() => true,
        "required" => {
            let names = says.as_array().expect("a list of names");
            names.iter().all(|name| value.get(name.as_str().expect("a name")).is_some())
        }
        "default" | "description" => true,
        _ => panic!("no schema with `{word}` is drawn"),
    })
}
