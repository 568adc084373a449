//! Loopline's language: YAML text in, a checked graph and diagnostics out.
//!
//! ```text
//! text ─► yaml (tree with places) ─► decode (language::Pipeline) ─► model (names resolved) ─► check ─► lower ─► Graph
//!                └───────────────────────── diagnostics, all of them at once ──────────────────────┘
//! ```
//!
//! Nothing here reads a file, a clock, the environment or a random number. Start at [`compile()`]; what a user may write
//! is declared in [`language`], what can be wrong with it is listed in [`diagnostics`].

pub mod assist;
mod cache_key;
mod check;
mod compile;
mod decode;
pub mod diagnostics;
pub mod drawing;
pub mod duration;
pub mod fixing;
mod format;
pub mod language;
mod library;
mod lower;
mod model;
mod nearest;
mod outline;
pub mod position;
pub mod route;
mod schema;
mod schema_words;
mod schema_work;
pub mod size;
mod step_types;
pub mod testing;
mod uses;
pub mod yaml;

pub use compile::{Compiled, compile, compile_step_type, compile_with};
pub use diagnostics::github::to_github;
pub use diagnostics::json::{DiagnosticJson, FixJson, to_json};
pub use diagnostics::pretty::render_pretty;
pub use diagnostics::sarif::{FileFindings, to_sarif};
pub use diagnostics::{Code, Diagnostic, Severity, explain};
pub use format::format;
pub use library::{Contract, Library, is_step_type_name};
pub use outline::{
    ChildOutline, CompensateOutline, GotoView, GraphView, InputView, JoinView, ManyOutline, NeedView, StepOutline,
    outline,
};
pub use schema::{schema, step_type_schema, test_schema};
pub use uses::Uses;
pub use yaml::yaml_to_json;
