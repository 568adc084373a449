//! SVG: a picture that needs no browser, for a README or an image viewer. Light and dark follow the reader's setting.
//!
//! [`super::layered`] says where everything stands; the files here say what stands in a box, and how all of it looks.

mod card;
mod icons;
mod style;
mod text_width;
mod write;

pub use write::svg;
