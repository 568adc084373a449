//! JSON values as people write them in YAML, on one line.

use loopline_dsl::yaml_to_json;
use serde_json::Value as Json;

/// The value in YAML's flow style, with quotes only where they are needed.
pub fn flow(value: &Json) -> String {
    match value {
        Json::String(text) => string(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{}: {}", string(key), flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let single = format!("'{}'", text.replace('\'', "''"));
    let double = Json::from(text).to_string();
    let quoted = if text.contains(['"', '\\', '\n']) { [single, double.clone()] } else { [double.clone(), single] };
    let spellings = std::iter::once(text.to_owned()).chain(quoted);
    // Inside of a mapping and a list everything that has a meaning in YAML has it.
    let means_the_text = |spelling: &String| {
        yaml_to_json(&format!("{{a: [{spelling}]}}")).is_ok_and(|value| value["a"] == Json::from(vec![text]))
    };
    spellings.into_iter().find(means_the_text).unwrap_or(double)
}

#[test]
fn values_are_written_as_people_write_them() {
    for (value, expect) in [
        (serde_json::json!({"to": "build", "max": 3}), "{to: build, max: 3}"),
        (serde_json::json!(["timeout", "exit:75", "2xx"]), "[timeout, exit:75, 2xx]"),
        (serde_json::json!("no {{ hole }}"), "\"no {{ hole }}\""),
        (serde_json::json!("{{ json \"a\" }}"), "'{{ json \"a\" }}'"),
        (serde_json::json!("it's, true"), "\"it's, true\""),
        (serde_json::json!(["true", "1", "", "~"]), "[\"true\", \"1\", \"\", \"~\"]"),
        (serde_json::json!(true), "true"),
    ] {
        let written = flow(&value);
        assert_eq!(written, expect);
        assert_eq!(yaml_to_json(&written).expect("YAML"), value);
    }
}
