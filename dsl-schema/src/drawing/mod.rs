//! Drawings of a graph: a picture, and text that other tools turn into pictures. Loop edges are dashed and say when they fire.

mod dot;
mod labels;
mod layered;
mod mermaid;
mod svg;
mod trail;

pub use dot::dot;
pub(crate) use labels::many;
pub use mermaid::{mermaid, mermaid_of};
pub use svg::{svg, svg_of};
pub use trail::{Passed, Trail};
