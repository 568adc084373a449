//! Where pipelines come from, and (later) what starts runs by itself: for any engine.
//!
//! A source keeps texts and what they compile to; it never starts anything. Start reading at [`Folder`].

pub mod folder;
mod pipelines;

pub use folder::{Folder, FolderError, Precondition, SaveError};
pub use pipelines::{PipelineFile, Pipelines};
