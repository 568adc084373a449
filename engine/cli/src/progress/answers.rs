//! Answers to approvals given beforehand: `--answer STEP=approve`.

use std::collections::{BTreeMap, VecDeque};

use crate::exit::Failure;

/// Answers by step, used in order.
#[derive(Debug, Default)]
pub struct Answers {
    by_step: BTreeMap<String, VecDeque<bool>>,
}

impl Answers {
    /// Reads the arguments.
    pub fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut by_step: BTreeMap<String, VecDeque<bool>> = BTreeMap::new();
        for argument in arguments {
            let (step, answer) = crate::inputs::key_value(argument, "--answer")?;
            let approve = match answer {
                "approve" => true,
                "reject" => false,
                other => {
                    return Err(Failure::usage(format!("`{other}` is not an answer")).hint("write approve or reject"));
                }
            };
            by_step.entry(step.to_owned()).or_default().push_back(approve);
        }
        Ok(Self { by_step })
    }

    /// The next answer for this step: approve, or not.
    pub fn next(&mut self, step: &str) -> Option<bool> {
        self.by_step.get_mut(step)?.pop_front()
    }
}
