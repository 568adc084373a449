//! `approval`.

use super::inputs::SchemaSpec;
use super::values::{Duration, Entries, Flag, OneOrMany, TemplateText, Text, Whole};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// Waits for people.
    #[schemars(example = serde_json::json!({"message": "Deploy?", "approvers": ["group:ops"], "timeout": "24h"}))]
    pub struct Approval ("`approval`") {
        /// What people are asked.
        #[schemars(example = &"Deploy {{ inputs.service }} to production?")]
        "message" message: TemplateText,
        /// `user:NAME` and `group:NAME`; without it, whoever holds the approver role.
        #[schemars(example = serde_json::json!(["group:ops", "user:ada"]), extend("anyOf" = shape::approvers()))]
        "approvers" approvers: Option<OneOrMany<Text>>,
        /// How many distinct people must approve; 1 unless said.
        #[schemars(example = 2, extend("default" = 1))]
        "quorum" quorum: Option<Whole<1, 1000>>,
        /// Who started the run may decide it, which is so unless said.
        #[schemars(example = false, extend("default" = true))]
        "allow_self" allow_self: Option<Flag>,
        /// What is asked besides: names and JSON Schemas.
        #[schemars(example = serde_json::json!({"canary": {"type": "integer", "default": 5, "maximum": 100}}), extend("propertyNames" = shape::values()))]
        "fields" fields: Option<Entries<SchemaSpec>>,
        /// Fails with kind `timeout` after this time; waits for ever unless said.
        #[schemars(example = &"24h")]
        "timeout" timeout: Option<Duration>,
    }
}
