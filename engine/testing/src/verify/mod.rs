//! What can become of the runs of a pipeline: bounds that are proved, and ways that are tried.
//!
//! [`bounds`] reads off the shape of the graph how often each step can be visited at the most, by lemma 3 of the proof in
//! `docs/language/termination.md`. [`explore()`](explore::explore) runs the real interpreter on made-up answers ([`choices`],
//! [`samples`]), in every order that matters ([`orders`]), until all ways were gone or a limit is reached, and says which.
//! What goes wrong ([`faults`]) comes with the way to it, which can be drawn.

mod bounds;
mod choices;
mod explore;
mod faults;
mod orders;
mod report;
mod run;
mod samples;

use loopline_core::graph::Graph;
use serde_json::{Map, Value as Json};

pub use bounds::{Bounds, StepBound};
pub(crate) use choices::made_up_result;
pub use explore::{Ending, Explored, KeptOut, Tried};
pub use faults::{Fault, FaultKind};
pub(crate) use samples::{MadeUp, OfStep};

use crate::run::Subject;

/// What was found out about a pipeline.
#[derive(Debug)]
pub struct Verdict {
    /// Its name.
    pub pipeline: String,
    /// What is proved.
    pub bounds: Bounds,
    /// What was tried.
    pub explored: Explored,
}

/// Looks at a pipeline: at most so many runs are tried. The error says for which inputs no value could be made up.
pub fn verify(graph: &Graph, given: &Map<String, Json>, most_runs: usize) -> Result<Verdict, Vec<String>> {
    let explored = explore::explore(&Subject::new(graph), given, most_runs)?;
    Ok(Verdict { pipeline: graph.name.clone(), bounds: Bounds::of(graph), explored })
}
