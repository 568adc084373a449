//! Values that are made up from JSON Schemas: a few that a schema names itself, or the simplest of its type.

use std::collections::BTreeMap;

use loopline_core::contract::complete_inputs;
use loopline_core::graph::{Action, Graph, Input, Output, Step};
use loopline_dsl::testing::all_steps;
use serde_json::{Map, Value as Json, json};

/// More are not made up for one schema.
pub(super) const MOST: usize = 4;

/// All that is made up for a pipeline, once for all runs.
pub(crate) struct MadeUp {
    /// Inputs that are not given.
    pub(super) inputs: Vec<(String, Vec<Json>)>,
    /// By the names of steps.
    pub(crate) steps: BTreeMap<String, OfStep>,
}

/// What a step may give.
pub(crate) struct OfStep {
    /// Of the outputs that a script writes.
    pub(super) outputs: BTreeMap<String, Vec<Json>>,
    /// To a request.
    pub(super) answers: Vec<Json>,
    /// With the callback of a request.
    pub(crate) payload: Json,
}

impl MadeUp {
    pub(crate) fn of(graph: &Graph, given: &Map<String, Json>) -> Self {
        let inputs = graph.inputs.iter().filter(|(name, _)| !given.contains_key(*name));
        let inputs = inputs.map(|(name, input)| (name.clone(), of_input(input))).collect();
        let steps = all_steps(graph).into_iter().map(|(name, step)| (name, OfStep::of(step))).collect();
        Self { inputs, steps }
    }
}

impl OfStep {
    fn of(step: &Step) -> Self {
        let outputs = step.outputs.iter().filter_map(|(name, output)| match output {
            Output::Schema(schema) => Some((name.clone(), samples(schema))),
            Output::Cel(_) => None,
        });
        Self { outputs: outputs.collect(), answers: answers(step), payload: payload(step) }
    }

    /// How many different successes there are.
    pub(super) fn variants(&self) -> usize {
        let outputs = self.outputs.values().map(Vec::len);
        outputs.chain([self.answers.len()]).max().unwrap_or(1).clamp(1, MOST)
    }
}

/// The default first: most runs have it.
fn of_input(input: &Input) -> Vec<Json> {
    let mut values: Vec<Json> = (!input.required).then(|| input.default.clone()).into_iter().collect();
    let more: Vec<Json> = samples(&input.schema).into_iter().filter(|value| !values.contains(value)).collect();
    // One that does not fit is of use only where there is no other.
    let wanted = |value: &Json| values.is_empty() || fits(&input.schema, value);
    let more: Vec<Json> = more.into_iter().filter(|value| wanted(value)).collect();
    values.extend(more);
    values.truncate(MOST);
    values
}

/// Answers that have all that the step reads of them, with a value of each simple type; one without anything where it reads
/// nothing.
fn answers(step: &Step) -> Vec<Json> {
    let Action::Http(http) = &step.action else { return Vec::new() };
    let of_outputs = step.outputs.values().filter_map(|output| match output {
        Output::Cel(cel) => Some(cel),
        Output::Schema(_) => None,
    });
    let references = of_outputs.chain(&http.expect.condition).flat_map(|cel| cel.references().unwrap_or_default());
    let read: Vec<Vec<String>> = references
        .filter_map(|reference| match reference.path.as_slice() {
            [response, json, path @ ..] if response == "response" && json == "json" => Some(path.to_vec()),
            _ => None,
        })
        .filter(|path| !path.is_empty())
        .collect();
    if read.is_empty() {
        return vec![json!({})];
    }
    [json!(true), json!(1), json!("x")].iter().map(|leaf| answer(&read, leaf)).collect()
}

/// One that has all that the step reads of it.
fn payload(step: &Step) -> Json {
    let of_outputs = step.outputs.values().filter_map(|output| match output {
        Output::Cel(cel) => Some(cel),
        Output::Schema(_) => None,
    });
    let read = of_outputs.flat_map(|cel| cel.references().unwrap_or_default()).filter_map(|reference| {
        let (first, path) = reference.path.split_first()?;
        (first == "payload" && !path.is_empty()).then(|| path.to_vec())
    });
    answer(&read.collect::<Vec<_>>(), &json!("x"))
}

fn answer(read: &[Vec<String>], leaf: &Json) -> Json {
    let mut answer = json!({});
    for path in read {
        let mut place = &mut answer;
        for key in path {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[key.as_str()];
        }
        if place.is_null() {
            *place = leaf.clone();
        }
    }
    answer
}

/// At least one value. Those that fit, where there are some.
pub(super) fn samples(schema: &Json) -> Vec<Json> {
    let all = made_up(schema);
    let fitting: Vec<Json> = all.iter().filter(|value| fits(schema, value)).cloned().collect();
    if fitting.is_empty() { all } else { fitting }
}

/// Asked as of an input, for that is what has a check.
fn fits(schema: &Json, value: &Json) -> bool {
    let input = Input { schema: schema.clone(), required: true, default: Json::Null };
    let mut graph = Graph::named("samples");
    graph.inputs.insert("value".to_owned(), input);
    complete_inputs(&graph, &Map::from_iter([("value".to_owned(), value.clone())])).is_ok()
}

fn made_up(schema: &Json) -> Vec<Json> {
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
            (json!({"type": "string", "pattern": "^v", "examples": ["v1"]}), json!(["v1"])),
            (json!({"type": "string", "pattern": "^v"}), json!(["x"])),
            (json!({}), json!(["x"])),
        ] {
            assert_eq!(json!(samples(&schema)), expect, "{schema}");
        }
    }
}
