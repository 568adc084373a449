//! What the next engine must know of a container to look after it.

use loopline_core::command::AttemptSpec;
use loopline_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Written down before the container engine is asked for anything. Names secrets, and holds none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ContainerNote {
    /// The attempt as it was asked for.
    pub(crate) spec: AttemptSpec,
    /// Its time is counted from here.
    pub(crate) began_at: Timestamp,
}
