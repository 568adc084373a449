//! Values against what was declared for them: inputs of a run, declared outputs, fields of an approval.

use serde_json::{Map, Value as Json};

use crate::graph::Graph;

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
    let mut complete = Map::new();
    let mut problems = Vec::new();
    let mut problem = |input: &str, inside: String, message: String| {
        problems.push(InputProblem { input: input.to_owned(), inside, message });
    };
    for (name, input) in &graph.inputs {
        match given.get(name) {
            Some(value) => {
                if !value.is_null() || input.required {
                    for (inside, message) in mismatches(&input.schema, value) {
                        problem(name, inside, message);
                    }
                }
                complete.insert(name.clone(), value.clone());
            }
            None if input.required => problem(name, String::new(), "must be given".to_owned()),
            None => {
                complete.insert(name.clone(), input.default.clone());
            }
        }
    }
    let mut unknown: Vec<_> = given.keys().filter(|name| !graph.inputs.contains_key(*name)).collect();
    unknown.sort();
    for name in unknown {
        let known: Vec<_> = graph.inputs.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        problem(name, String::new(), format!("is not an input of this pipeline ({known})"));
    }
    if problems.is_empty() { Ok(complete) } else { Err(problems) }
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
