//! `retry`.

use super::values::{Duration, Number, OneOrMany, Text, Whole};
use crate::decode::mapping;

mapping! {
    /// Another attempt of the same visit. It comes after `initial · factor^n`, at most `max`, with jitter.
    #[schemars(example = serde_json::json!({"max_attempts": 3, "initial": "2s", "on": ["timeout", "exit:75"]}))]
    pub struct RetrySpec ("`retry`") {
        /// Attempts in all; 1 is no retry.
        "max_attempts" max_attempts: Option<Whole<1, 1000>>,
        /// Wait before the second attempt; 1s unless said.
        "initial" initial: Option<Duration>,
        /// Growth from one wait to the next; 2 unless said.
        "factor" factor: Option<Number>,
        /// Longest wait; 1m unless said.
        "max" max: Option<Duration>,
        /// Kinds of failure, like `timeout`, `exit` or `exit:75`; every kind but `rejected`, `condition` and `template` unless said.
        "on" on: Option<OneOrMany<Text>>,
    }
}
