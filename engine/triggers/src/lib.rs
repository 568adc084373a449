//! Where pipelines come from, and (later) what starts runs by itself: for any engine.
//!
//! A source keeps texts and what they compile to; it never starts anything. Start reading at [`Folder`], which watches a
//! whole folder; [`library`] is for single files.

pub mod folder;
pub mod library;
mod pipelines;
mod saving;
pub mod schedule;
mod step_types;
pub mod test_files;
mod text_file;

pub use folder::{Folder, FolderError};
pub use pipelines::{PipelineFile, Pipelines};
pub use saving::{Precondition, SaveError};
