//! Fixes: from what should become of a place to bytes of the text, and a whole text mended.
//!
//! ```text
//! Fix ─► splices (spelled for the place: quotes, flow or block, indentation)
//!           └─► fix(text): tried, compiled again, and kept only if it mends and does nothing else
//! ```
//!
//! Text is spliced, never written anew: everything that a fix is not about stays to the letter. What stands behind an anchor
//! that others use too is not touched, since the edit would reach them as well.

mod extent;
mod meaning;
mod mend;
mod sharing;
mod spelling;
mod splices;

pub use mend::{Applied, Fixed, fix, fix_among, fix_step_type};
pub(crate) use sharing::Uses;
pub use splices::{Splice, splices};
