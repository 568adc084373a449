//! How much one evaluation may cost. Counted, never timed: the same expression over the same values always ends the same way.

use serde_json::Value as Json;

use super::ExprError;

/// Evaluation steps of one evaluation; about 60 ms of a slow core in an optimised build.
const STEPS: u64 = 400_000;
/// Bytes that one evaluation may build, counted as they are built and never given back.
const BYTES: u64 = 8 * 1024 * 1024;

/// Deepest value that is looked at as a whole. Deeper ones cannot come from text, whose parser stops earlier.
pub(super) const MAX_DEPTH: usize = 160;

/// What is left for an evaluation.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    steps: u64,
    bytes: u64,
}

impl Budget {
    /// The budget of one evaluation: an expression, or all holes of one template together.
    pub(super) fn new() -> Self {
        Self { steps: STEPS, bytes: BYTES }
    }

    /// Takes `count` steps.
    pub(super) fn steps(&mut self, count: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(count as u64).ok_or(Exhausted::Steps)?;
        Ok(())
    }

    /// Takes `count` bytes; writing them costs steps as well.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), Exhausted> {
        self.bytes = self.bytes.checked_sub(count as u64).ok_or(Exhausted::Bytes)?;
        self.steps(count / 128)
    }

    /// Takes what a copy of `value` costs.
    pub(super) fn copy_of(&mut self, value: &Json) -> Result<(), Exhausted> {
        self.copy_at(value, MAX_DEPTH)
    }

    fn copy_at(&mut self, value: &Json, depth: usize) -> Result<(), Exhausted> {
        let depth = depth.checked_sub(1).ok_or(Exhausted::Depth)?;
        self.bytes(size_of::<Json>())?;
        match value {
            Json::String(text) => self.bytes(text.len()),
            Json::Array(items) => items.iter().try_for_each(|item| self.copy_at(item, depth)),
            Json::Object(map) => map.iter().try_for_each(|(key, value)| {
                self.bytes(key.len())?;
                self.copy_at(value, depth)
            }),
            Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
        }
    }
}

/// A budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// Too many steps.
    Steps,
    /// Too much built.
    Bytes,
    /// A value too deep.
    Depth,
}

impl From<Exhausted> for ExprError {
    fn from(what: Exhausted) -> Self {
        match what {
            Exhausted::Depth => return Self::new(format!("the value is nested deeper than {MAX_DEPTH} levels")),
            Exhausted::Steps => Self::new(format!("the evaluation takes more than {STEPS} steps")),
            Exhausted::Bytes => Self::new(format!("the evaluation builds more than {} MiB", BYTES >> 20)),
        }
        .help("work on fewer elements or on shorter text; what is large belongs into a script")
    }
}
