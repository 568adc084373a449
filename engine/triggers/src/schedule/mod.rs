//! Schedules: at which moments runs are due.

mod times;

pub use times::{InvalidTimes, Times};
