//! What follows from the edges of a graph: who stands behind whom, which region a loop re-opens, which loop encloses which.

use crate::graph::Graph;

/// Derived once per graph, see [`Graph::shape`].
#[derive(Debug)]
pub struct Shape {}

impl Shape {
    pub(crate) fn of(_graph: &Graph) -> Self {
        Self {}
    }
}
