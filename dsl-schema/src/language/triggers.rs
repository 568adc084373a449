//! What starts a run besides people.

use super::values::{AnyJson, CelText, Duration, Entries, Flag, Later, OneOrMany, Text};
use super::words::{Missed, Overlap, Provider, RunEnd, Word};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// What starts a run besides people.
    #[schemars(example = serde_json::json!({"schedule": [{"cron": "30 6 * * 1-5", "timezone": "Europe/Berlin"}]}))]
    pub struct Triggers ("`triggers`") {
        /// People may start a run, which is so unless this says `false`.
        #[schemars(example = false, extend("default" = true))]
        "manual" manual: Option<Flag>,
        /// Times at which runs start.
        #[schemars(example = serde_json::json!([{"cron": "0 30 6 * * 1-5", "timezone": "Europe/Berlin", "missed": "run_once"}]))]
        "schedule" schedule: Option<Later<Vec<Schedule>>>,
        /// Calls from other systems that start runs.
        #[schemars(example = serde_json::json!([{"provider": "github", "events": ["push"], "branches": ["main"]}]))]
        "webhook" webhook: Option<Later<Vec<Webhook>>>,
        /// Ends of other pipelines' runs that start runs.
        #[schemars(example = serde_json::json!([{"name": "build", "on": "succeeded"}]))]
        "pipeline" pipeline: Option<Later<Vec<PipelineTrigger>>>,
        /// Changes of files in the pipeline's repository that start runs.
        #[schemars(example = serde_json::json!([{"paths": ["docs/**"]}]))]
        "files" files: Option<Later<Vec<FileTrigger>>>,
    }
}

mapping! {
    /// Times at which runs start: `cron` or `every`.
    #[schemars(example = serde_json::json!({"cron": "30 6 * * 1-5", "timezone": "Europe/Berlin"}))]
    #[schemars(transform = shape::exactly_one(vec!["cron", "every"]))]
    pub struct Schedule ("a schedule") {
        /// Five fields (minute, hour, day of the month, month, day of the week), or six with seconds first. `@every 10s` too.
        #[schemars(example = &"0 30 6 * * 1-5")]
        "cron" cron: Option<Text>,
        /// Time from one start to the next; knows no wall clock.
        #[schemars(example = &"10m")]
        "every" every: Option<Duration>,
        /// IANA time zone in which `cron` is read; UTC unless said.
        #[schemars(example = &"Europe/Berlin", extend("default" = "UTC"))]
        "timezone" timezone: Option<Text>,
        /// Starts are spread over this time, each schedule by an offset of its own.
        #[schemars(example = &"30s")]
        "jitter" jitter: Option<Duration>,
        /// When the run before has not ended: `skip` (unless said), `queue`, `cancel_running` or `allow`.
        #[schemars(example = &"skip", extend("default" = "skip"))]
        "overlap" overlap: Option<Word<Overlap>>,
        /// Times that passed while nothing ran: `skip` (unless said), `run_once` or `run_all`.
        #[schemars(example = &"run_once", extend("default" = "skip"))]
        "missed" missed: Option<Word<Missed>>,
        /// How far back missed times count.
        #[schemars(example = &"1d")]
        "catch_up" catch_up: Option<Duration>,
        /// Inputs of the runs.
        #[schemars(example = serde_json::json!({"service": "api"}))]
        "inputs" inputs: Option<Entries<AnyJson>>,
    }
}

mapping! {
    /// Calls from another system that start runs.
    #[schemars(example = serde_json::json!({"provider": "github", "events": ["push"], "branches": ["main"]}))]
    pub struct Webhook ("a webhook") {
        /// Who calls: `github`, `gitlab`, `gitea` or `generic`.
        #[schemars(example = &"github")]
        "provider" provider: Word<Provider>,
        /// Names of the events; all unless said.
        #[schemars(example = serde_json::json!(["push"]), extend("anyOf" = shape::patterns()))]
        "events" events: Option<OneOrMany<Text>>,
        /// Branches, with `*` and `**`; all unless said. A leading `!` takes out what an earlier one let in.
        #[schemars(example = serde_json::json!(["main", "release/*"]), extend("anyOf" = shape::patterns()))]
        "branches" branches: Option<OneOrMany<Text>>,
        /// Tags, with `*` and `**`.
        #[schemars(example = serde_json::json!(["v*"]), extend("anyOf" = shape::patterns()))]
        "tags" tags: Option<OneOrMany<Text>>,
        /// At least one changed file fits one of these, with `*` and `**`.
        #[schemars(example = serde_json::json!(["api/**"]), extend("anyOf" = shape::patterns()))]
        "paths" paths: Option<OneOrMany<Text>>,
        /// And only if this holds of `event`. CEL.
        #[schemars(example = &"event.body.sender.login != \"bot\"")]
        "if" condition: Option<CelText>,
        /// Inputs of the run. Templates over `event`.
        #[schemars(example = serde_json::json!({"service": "{{ event.body.repository.name }}"}))]
        "inputs" inputs: Option<Entries<AnyJson>>,
    }
}

mapping! {
    /// Ends of another pipeline's runs that start runs.
    #[schemars(example = serde_json::json!({"name": "build", "on": ["succeeded"]}))]
    pub struct PipelineTrigger ("a pipeline trigger") {
        /// The other pipeline: `name` or `project/name`.
        #[schemars(example = &"build")]
        "name" name: Text,
        /// Which ends; `succeeded` unless said.
        #[schemars(example = serde_json::json!(["succeeded", "failed"]), extend("default" = "succeeded"))]
        "on" on: Option<OneOrMany<Word<RunEnd>>>,
        /// Inputs of the run.
        #[schemars(example = serde_json::json!({"service": "api"}))]
        "inputs" inputs: Option<Entries<AnyJson>>,
    }
}

mapping! {
    /// Changes of files that start runs.
    #[schemars(example = serde_json::json!({"paths": ["docs/**"]}))]
    pub struct FileTrigger ("a file trigger") {
        /// At least one changed file fits one of these, with `*` and `**`.
        #[schemars(example = serde_json::json!(["docs/**"]), extend("anyOf" = shape::patterns()))]
        "paths" paths: OneOrMany<Text>,
        /// Inputs of the run.
        #[schemars(example = serde_json::json!({"service": "docs"}))]
        "inputs" inputs: Option<Entries<AnyJson>>,
    }
}
