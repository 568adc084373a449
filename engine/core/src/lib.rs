//! The pure heart of Loopline: what a pipeline is once it is compiled, and what every event means for a run of it.
//!
//! ```text
//! apply(&Graph, &mut RunState, &Recorded) -> Result<Applied, Refused>
//! ```
//!
//! Nothing here reads a clock, a file, the network, the environment or a random number, and nothing iterates in hash order:
//! the same events give the same state and the same commands, on any engine, in any later version.
//! Start reading at [`machine`]; [`graph`] is what it folds over, [`event`] and [`command`] are what goes in and comes out.

pub mod canonical;
pub mod command;
pub mod contract;
pub mod event;
pub mod expr;
pub mod graph;
pub mod group;
pub mod id;
pub mod machine;
#[cfg(feature = "openapi")]
mod openapi;
pub mod outcome;
pub mod shape;
pub mod test_report;
pub mod text;
pub mod time;
pub mod view;
pub mod why;
