//! What a user may write, one type for each mapping of the language.
//!
//! These types are the one source of truth for shape: decoding, unknown keys, the JSON Schema that editors read and the
//! language reference all come from them. What a value *means* is not judged here but in [`crate::check`].

mod approval;
mod edges;
mod http;
mod inputs;
mod needs;
mod pipeline;
mod retry;
mod step;
mod values;
mod words;

pub use approval::Approval;
pub use edges::{AtLeast, Goto, JoinSpec, MaxFirings, Repeat};
pub use http::{Auth, BasicAuth, ExpectSpec, Http, StatusSpec};
pub use inputs::SchemaSpec;
pub use needs::{NeedSpec, Needs};
pub use pipeline::{Defaults, Limits, Pipeline, Triggers};
pub use retry::RetrySpec;
pub use step::{OutputSpec, SetSpec, ShellSpec, SleepSpec, SleepUntil, Step};
pub use values::{
    AnyJson, CelText, Duration, Entries, Flag, Item, Later, Located, Number, OneOrMany, Required, Scalar, TemplateText,
    Text, Whole,
};
pub use words::{InFlight, Word, WordList};
