//! Where child runs find the pipelines they are of.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::journal::Definition;

/// Knows pipelines by their names.
#[async_trait]
pub trait Definitions: Send + Sync + 'static {
    /// What a run that begins now would be made from: the last version without errors. `None` when there is none.
    async fn find(&self, project: &str, pipeline: &str) -> Option<Arc<Definition>>;
}

impl fmt::Debug for dyn Definitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Definitions")
    }
}
