//! A text as plain JSON, for files beside a pipeline: inputs, answers.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::decode::{Cx, json};
use crate::diagnostics::Severity;
use crate::position::Source;
use crate::route::Route;

/// Why a text is not a value. One plain sentence, with line and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct NotAValue {
    line: usize,
    column: usize,
    message: String,
}

/// Reads YAML or JSON within the limits of a pipeline file. An empty text is `null`.
pub fn yaml_to_json(text: &str) -> Result<Json, NotAValue> {
    let mut source = Source::new(text);
    let mut cx = Cx::default();
    let value = match source.reading().root.as_ref().map(Rc::clone) {
        Some(root) => json(&root, &Route::root(), &mut cx),
        None => Json::Null,
    };
    let mut problems = source.take_problems();
    problems.extend(cx.diagnostics);
    match problems.into_iter().find(|problem| problem.severity == Severity::Error) {
        None => Ok(value),
        Some(problem) => {
            let at = source.position(source.bytes(&problem.place).start);
            Err(NotAValue { line: at.line, column: at.column, message: problem.message })
        }
    }
}
