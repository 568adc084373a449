//! A run, followed on the terminal: what starts, what it prints, what loops back, what waits for people.
//!
//! [`follow`] reads the run's event stream and the logs of its attempts; [`printer`] puts lines on the terminal, with a
//! living line for each running step where there is one, and plainly elsewhere.

mod answers;
mod follow;
pub mod inside;
mod printer;
mod terminal_text;

pub use answers::Answers;
pub use follow::{Followed, Following, follow};
pub use printer::{Printer, duration_text};
pub use terminal_text::safe;
