//! Drawings of a graph as text that other tools turn into pictures. Loop edges are dashed and say when they fire.

mod dot;
mod labels;
mod mermaid;

pub use dot::dot;
pub use mermaid::mermaid;
