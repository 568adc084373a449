//! YAML text as a tree whose every key and value knows where it stands.
//!
//! This is the only module that knows YAML libraries. Text may be hostile: the limits are checked while events stream in,
//! nothing recurses over what the text says, and aliases are shared, not copied. [`read()`] is where to start.

mod limits;
mod marks;
mod offsets;
mod plain_value;
mod quote;
mod read;
mod repair;
mod scalar;
mod template_brace;
mod tree;

pub use limits::{MAX_DEPTH, MAX_EXPANDED_BYTES, MAX_NODES, MAX_TEXT_BYTES};
pub(crate) use marks::{Marks, marks, say_the_same};
pub use offsets::{Waypoint, locate, locate_all, locate_from, waypoints};
pub use plain_value::{NotAValue, yaml_to_json};
pub use quote::{flow, quoted, quoted_in_flow};
pub use read::{Problem, Reading, read};
pub use repair::read_around;
pub use scalar::Plain;
pub use tree::{Entry, Key, Mapping, Node, Scalar, Style, Value};
