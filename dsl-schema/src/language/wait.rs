//! `wait`.

use super::inputs::SchemaSpec;
use super::values::{CelText, Duration, Text};
use crate::decode::mapping;

mapping! {
    /// Waits for a signal. The oldest one that fits is taken, also one that came before.
    #[schemars(example = serde_json::json!({"signal": "payment", "if": "payload.order == inputs.order", "timeout": "2d"}))]
    pub struct Wait ("`wait`") {
        /// Name of the signal.
        #[schemars(example = &"payment")]
        "signal" signal: Text,
        /// JSON Schema that a signal must fit to be taken.
        #[schemars(example = serde_json::json!({"type": "object", "required": ["order"]}))]
        "schema" schema: Option<SchemaSpec>,
        /// And only if this holds of `payload`. CEL.
        #[schemars(example = &"payload.order == inputs.order")]
        "if" condition: Option<CelText>,
        /// Fails with kind `timeout` after this time; waits for ever unless said.
        #[schemars(example = &"24h")]
        "timeout" timeout: Option<Duration>,
    }
}
