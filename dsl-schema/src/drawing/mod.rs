//! Drawings of a graph: a picture, and text that other tools turn into pictures. Loop edges are dashed and say when they fire.

mod dot;
mod labels;
mod layered;
mod mermaid;
mod svg;

pub use dot::dot;
pub(crate) use labels::many;
pub use mermaid::mermaid;
pub use svg::svg;
