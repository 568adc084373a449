//! `retry`.

use super::values::{Duration, Number, OneOrMany, Text, Whole};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// Another attempt of the same visit. It comes after `initial · factor^n`, at most `max`, with jitter.
    #[schemars(example = serde_json::json!({"max_attempts": 3, "initial": "2s", "on": ["timeout", "exit:75"]}))]
    pub struct RetrySpec ("`retry`") {
        /// Attempts in all; 1 is no retry.
        #[schemars(example = 3)]
        "max_attempts" max_attempts: Option<Whole<1, 1000>>,
        /// Wait before the second attempt; 1s unless said.
        #[schemars(example = &"2s", extend("default" = "1s"))]
        "initial" initial: Option<Duration>,
        /// Growth from one wait to the next; 2 unless said.
        #[schemars(example = 2, extend("default" = 2))]
        "factor" factor: Option<Number>,
        /// Longest wait; 1m unless said.
        #[schemars(example = &"1m", extend("default" = "1m"))]
        "max" max: Option<Duration>,
        /// Kinds of failure, like `timeout`, `exit` or `exit:75`; every kind but `rejected`, `condition` and `template` unless said.
        #[schemars(example = serde_json::json!(["timeout", "exit:75"]), extend("anyOf" = shape::retry_kinds()))]
        "on" on: Option<OneOrMany<Text>>,
    }
}
