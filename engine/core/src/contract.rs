//! Values against what was declared for them: inputs of a run or of a step type, declared outputs, fields of an approval.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::graph::{Graph, Input};

/// One thing wrong with one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputProblem {
    /// The input's name.
    pub input: String,
    /// JSON pointer inside the value; empty: the value itself.
    pub inside: String,
    /// What is wrong, to be read after the name.
    pub message: String,
}

/// Inputs as given, completed with defaults; or everything that is wrong with them, in the order of the names.
pub fn complete_inputs(graph: &Graph, given: &Map<String, Json>) -> Result<Map<String, Json>, Vec<InputProblem>> {
    let mut problems = misfits(&graph.inputs, given);
    let mut unknown: Vec<_> = given.keys().filter(|name| !graph.inputs.contains_key(*name)).collect();
    unknown.sort();
    for name in unknown {
        let known: Vec<_> = graph.inputs.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        let message = format!("is not an input of this pipeline ({known})");
        problems.push(InputProblem { input: name.clone(), inside: String::new(), message });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let value = |name: &String, input: &Input| given.get(name).unwrap_or(&input.default).clone();
    Ok(graph.inputs.iter().map(|(name, input)| (name.clone(), value(name, input))).collect())
}

/// What of the given does not fit the declared inputs, or is missing, in the order of the names.
pub(crate) fn misfits(inputs: &BTreeMap<String, Input>, given: &Map<String, Json>) -> Vec<InputProblem> {
    let mut problems = Vec::new();
    for (name, input) in inputs {
        let found = match given.get(name) {
            // Null says the same as leaving it out, where that leaves it null. Who has given it a default never reads null.
            Some(Json::Null) if !input.required && input.default.is_null() => Vec::new(),
            Some(value) => mismatches(&input.schema, value),
            None if input.required => vec![(String::new(), "must be given".to_owned())],
            None => Vec::new(),
        };
        let problem = |(inside, message)| InputProblem { input: name.clone(), inside, message };
        problems.extend(found.into_iter().map(problem));
    }
    problems
}

/// A declared output that a script should have written.
pub(crate) fn check_output(name: &str, schema: &Json, value: Option<&Json>) -> Result<(), String> {
    let Some(value) = value else {
        return Err(format!("the output `{name}` is declared and was not written to $LOOPLINE_OUTPUT"));
    };
    match mismatches(schema, value).into_iter().next() {
        None => Ok(()),
        Some((inside, message)) => Err(format!("the output `{name}{inside}` is not as declared: {message}")),
    }
}

/// A field of an approval. One with a `default`, or with `required: false`, may be left out.
pub(crate) fn check_field(schema: &Json, value: Option<&Json>) -> Result<(), String> {
    match value {
        None if schema.get("default").is_some() || schema.get("required") == Some(&Json::Bool(false)) => Ok(()),
        None => Err("must be given".to_owned()),
        Some(value) => match mismatches(schema, value).into_iter().next() {
            None => Ok(()),
            Some((inside, message)) => Err(format!("{inside}{message}")),
        },
    }
}

/// Any value, against any schema: the first thing that is wrong.
pub(crate) fn check_value(schema: &Json, value: &Json) -> Result<(), String> {
    match mismatches(schema, value).into_iter().next() {
        None => Ok(()),
        Some((inside, message)) if inside.is_empty() => Err(message),
        Some((inside, message)) => Err(format!("{inside}: {message}")),
    }
}

/// What does not fit, as (JSON pointer inside the value, sentence), in a fixed order.
fn mismatches(schema: &Json, value: &Json) -> Vec<(String, String)> {
    // `required: false` is ours, beside the schema; inside one the word takes a list.
    let mut schema = schema.clone();
    if let Json::Object(map) = &mut schema
        && map.get("required").is_some_and(Json::is_boolean)
    {
        map.remove("required");
    }
    match jsonschema::validator_for(&schema) {
        Ok(validator) => {
            let mut found: Vec<_> = validator
                .iter_errors(value)
                .map(|error| (error.instance_path().to_string(), error.to_string()))
                .collect();
            found.sort();
            found
        }
        Err(error) => vec![(String::new(), format!("its declaration is not a JSON Schema: {error}"))],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(required: bool, default: Json) -> BTreeMap<String, Input> {
        BTreeMap::from([("n".to_owned(), Input { schema: json!({"type": "integer"}), default, required })])
    }

    fn given(value: Json) -> Map<String, Json> {
        Map::from_iter([("n".to_owned(), value)])
    }

    #[test]
    fn null_is_taken_only_where_leaving_out_gives_null() {
        assert_eq!(misfits(&input(false, Json::Null), &given(Json::Null)), []);
        for inputs in [input(true, Json::Null), input(false, json!(3))] {
            let problems = misfits(&inputs, &given(Json::Null));
            assert_eq!(problems.len(), 1, "{inputs:?}");
        }
    }

    #[test]
    fn what_is_left_out_must_be_given_only_without_a_default() {
        assert_eq!(misfits(&input(true, Json::Null), &Map::new())[0].message, "must be given");
        assert_eq!(misfits(&input(false, json!(3)), &Map::new()), []);
    }
}
