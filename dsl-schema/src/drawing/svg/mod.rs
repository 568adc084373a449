//! SVG: a picture that needs no browser, for a README or an image viewer. Light and dark follow the reader's setting.
//!
//! [`super::layered`] says where everything stands, [`scene`] level by level; the other files here say what stands in a box,
//! and how all of it looks.

mod card;
mod icons;
mod scene;
mod strokes;
mod style;
#[cfg(test)]
mod tests;
mod text_width;
mod trails;
mod write;

pub use write::{svg, svg_of};
