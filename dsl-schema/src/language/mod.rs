//! What a user may write, one type for each mapping of the language.
//!
//! These types are the one source of truth for shape: decoding, unknown keys, the JSON Schema that editors read and the
//! language reference all come from them. What a value *means* is not judged here but in [`crate::check`].

mod approval;
mod child;
mod compensate;
mod container;
mod edges;
mod http;
mod inputs;
mod many;
mod needs;
mod pipeline;
mod retry;
mod step;
mod step_type;
mod surroundings;
pub mod testing;
mod triggers;
mod values;
mod vocabulary;
mod wait;
mod words;

pub use approval::Approval;
pub use child::ChildPipeline;
pub use compensate::Compensate;
pub use container::{Container, Mount, Ready, Service};
pub use edges::{AtLeast, Goto, JoinSpec, MaxFirings, Repeat};
pub use http::{Auth, BasicAuth, Callback, ExpectSpec, Http, StatusSpec, Tls};
pub use inputs::SchemaSpec;
pub use many::{Foreach, ItemsSpec, Matrix};
pub use needs::{NeedSpec, Needs};
pub use pipeline::{Defaults, Pipeline};
pub use retry::RetrySpec;
pub use step::{OutputSpec, SetSpec, ShellSpec, SleepSpec, SleepUntil, Step};
pub use step_type::StepType;
pub use surroundings::{Cache, Concurrency, Limits, Notify, Reports, StepLimits};
pub use triggers::{FileTrigger, PipelineTrigger, Schedule, Triggers, Webhook};
pub use values::{
    AnyJson, CelText, Cpus, Duration, Entries, Flag, Foreign, Item, Later, Located, Number, OneOrMany, Required,
    Scalar, Size, TemplateText, Text, Whole,
};
pub use wait::Wait;
pub use words::{InFlight, Word, WordList, Workspace};
