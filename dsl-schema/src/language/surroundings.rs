//! What stands around the work of a step or a run: caches, limits, reports, concurrency, notifications.

use super::values::{Cpus, OneOrMany, Size, TemplateText, Text, Whole};
use super::words::{NotifyOn, WhenFull, Word};
use crate::decode::mapping;

mapping! {
    /// Files kept from run to run.
    #[schemars(example = serde_json::json!({"key": "cargo-{{ hash_files(\"Cargo.lock\") }}", "paths": ["target"], "restore_keys": ["cargo-"]}))]
    pub struct Cache ("`cache`") {
        /// Names what is kept. A template in which `hash_files("GLOB", …)` is the hash of files of the workspace.
        #[schemars(example = &"cargo-{{ hash_files(\"Cargo.lock\") }}")]
        "key" key: TemplateText,
        /// Files and folders beneath the workspace.
        #[schemars(example = serde_json::json!(["target"]))]
        "paths" paths: OneOrMany<Text>,
        /// Beginnings of keys that serve where the key itself is not there, tried in order.
        #[schemars(example = serde_json::json!(["cargo-"]))]
        "restore_keys" restore_keys: Option<OneOrMany<TemplateText>>,
    }
}

mapping! {
    /// How many runs of one group go on at the same time.
    #[schemars(example = serde_json::json!({"group": "deploy-{{ inputs.service }}", "limit": 1, "when_full": "queue"}))]
    pub struct Concurrency ("`concurrency`") {
        /// The group. A template over `inputs`, `run` and `event`.
        #[schemars(example = &"deploy-{{ inputs.service }}")]
        "group" group: TemplateText,
        /// How many; 1 unless said.
        #[schemars(example = 1, extend("default" = 1))]
        "limit" limit: Option<Whole<1, 10_000>>,
        /// What becomes of one more: `queue` (unless said), `replace_queued`, `cancel_running` or `reject`.
        #[schemars(example = &"queue", extend("default" = "queue"))]
        "when_full" when_full: Option<Word<WhenFull>>,
    }
}

mapping! {
    /// Limits of the run.
    #[schemars(example = serde_json::json!({"visits": 100, "log": "64MiB"}))]
    pub struct Limits ("`limits`") {
        /// How many visits any step may have in one epoch; 1,000 unless said.
        #[schemars(example = 100, extend("default" = 1000))]
        "visits" visits: Option<Whole<1, 1_000_000>>,
        /// How many items a `foreach` or `matrix` may have; 1,000 unless said.
        #[schemars(example = 5000, extend("default" = 1000))]
        "items" items: Option<Whole<1, 10_000>>,
        /// How many bytes of log the run may write. An attempt gets what is left when it begins, and never less than 64 KiB.
        #[schemars(example = &"1GiB")]
        "log" log: Option<Size>,
    }
}

mapping! {
    /// Limits of a step.
    #[schemars(example = serde_json::json!({"memory": "2GiB", "cpus": 2}))]
    pub struct StepLimits ("`limits`") {
        /// How much memory its processes may use; beyond, it ends with kind `oom`.
        #[schemars(example = &"2GiB")]
        "memory" memory: Option<Size>,
        /// How many processors its processes may use.
        #[schemars(example = 2)]
        "cpus" cpus: Option<Cpus>,
        /// How many bytes of log an attempt may write; beyond, its middle is left out. 1 GiB unless said, and at most what
        /// the server allows.
        #[schemars(example = &"64MiB")]
        "log" log: Option<Size>,
        /// How many bytes of outputs it may give; beyond, it fails with kind `output_limit`.
        #[schemars(example = &"64KiB")]
        "output" output: Option<Size>,
    }
}

mapping! {
    /// Who is told about a run.
    #[schemars(example = serde_json::json!({"on": ["failed", "recovered"], "to": "team-chat"}))]
    pub struct Notify ("an entry of `notify`") {
        /// What is told: `failed`, `recovered` (succeeded after a failure), `approval`.
        #[schemars(example = serde_json::json!(["failed", "recovered"]))]
        "on" on: OneOrMany<Word<NotifyOn>>,
        /// Name of a receiver in the server's configuration.
        #[schemars(example = &"team-chat")]
        "to" to: Text,
    }
}

mapping! {
    /// Results for the page of the run.
    #[schemars(example = serde_json::json!({"junit": "target/nextest/**/junit.xml"}))]
    pub struct Reports ("`reports`") {
        /// Test results in JUnit's format: paths beneath the workspace, with `*` and `**`.
        #[schemars(example = &"target/nextest/**/junit.xml")]
        "junit" junit: OneOrMany<Text>,
    }
}
