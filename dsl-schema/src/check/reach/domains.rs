//! The values that a subject of conditions can have, as far as schemas list them.

use loopline_core::expr::Literal;
use serde_json::Value as Json;

use crate::check::flow::Flow;
use crate::language::OutputSpec;
use crate::model::Model;

/// Longer lists are not looked at.
const MAX_VALUES: usize = 256;

/// All values of a subject. None stands for a value that no condition can name, like a list.
pub(super) type Domain = Vec<Option<Literal>>;

/// Looks schemas up.
pub(super) struct Schemas<'a> {
    model: &'a Model<'a>,
    flow: &'a Flow,
}

impl<'a> Schemas<'a> {
    pub(super) fn of(model: &'a Model<'a>, flow: &'a Flow) -> Self {
        Self { model, flow }
    }

    /// The values of a path where it stands in `step`, if its schema lists them.
    pub(super) fn domain(&self, path: &[String], step: usize) -> Option<Domain> {
        match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["inputs", name] => self.input(name),
            ["steps", source, "outputs", output] => self.output(source, output, step),
            _ => None,
        }
    }

    /// Whether a path is `true` or `false`, and never anything else.
    pub(super) fn is_bool(&self, path: &[String]) -> bool {
        let [root, name] = path else { return false };
        let domain = if root == "inputs" { self.input(name) } else { None };
        domain.is_some_and(|values| values.iter().all(|value| matches!(value, Some(Literal::Bool(_)))))
    }

    fn input(&self, name: &str) -> Option<Domain> {
        let schema = &(*self.model.inputs.get(name)?)?.0.value;
        let mut values = values(schema)?;
        // What is neither given nor has a default is null.
        let may_be_left_out = schema.get("required") == Some(&Json::Bool(false)) && schema.get("default").is_none();
        if may_be_left_out && !values.contains(&Some(Literal::Null)) {
            values.push(Some(Literal::Null));
        }
        Some(values)
    }

    /// A declared output fits its schema once the step has succeeded; what a failed one has written may be anything.
    fn output(&self, source: &str, output: &str, step: usize) -> Option<Domain> {
        let source = *self.model.index.get(source)?;
        if !self.flow.sure[step].contains(source) {
            return None;
        }
        let outputs = self.model.steps[source].spec?.outputs.as_ref()?;
        match outputs.0.iter().find(|item| item.name == output)?.value.as_ref()? {
            OutputSpec::Schema(schema) => values(&schema.0.value),
            OutputSpec::Cel(_) => None,
        }
    }
}

/// The values that a schema lists.
fn values(schema: &Json) -> Option<Domain> {
    if let Some(only) = schema.get("const") {
        return Some(vec![literal(only)]);
    }
    match (schema.get("enum"), schema.get("type")) {
        (Some(Json::Array(values)), _) if !values.is_empty() && values.len() <= MAX_VALUES => {
            Some(values.iter().map(literal).collect())
        }
        (None, Some(Json::String(name))) if name == "boolean" => {
            Some(vec![Some(Literal::Bool(true)), Some(Literal::Bool(false))])
        }
        _ => None,
    }
}

fn literal(value: &Json) -> Option<Literal> {
    Some(match value {
        Json::Null => Literal::Null,
        Json::Bool(value) => Literal::Bool(*value),
        Json::String(text) => Literal::Text(text.clone()),
        Json::Number(number) => Literal::Whole(whole(number)?),
        Json::Array(_) | Json::Object(_) => return None,
    })
}

/// As conditions compare: `1.0` is 1.
fn whole(number: &serde_json::Number) -> Option<i128> {
    let double = || number.as_f64().filter(|double| double.fract() == 0.0 && double.abs() < 9e15);
    number.as_i128().or_else(|| double().map(|double| double as i128))
}
