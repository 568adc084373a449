//! `container` and `services`.

use super::http::BasicAuth;
use super::values::{Cpus, Duration, Entries, Flag, OneOrMany, Scalar, Size, TemplateText, Text};
use super::words::{PullPolicy, Word};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// Runs a container. The workspace is at `/workspace`.
    #[schemars(example = serde_json::json!({"image": "rust:1.95", "run": "cargo test"}))]
    #[schemars(transform = shape::not_beside("run", vec!["command", "args"]))]
    pub struct Container ("`container`") {
        /// Image, with a tag or a digest.
        #[schemars(example = &"rust:1.95")]
        "image" image: TemplateText,
        /// A script, read by the `sh` of the image.
        #[schemars(example = &"cargo test --release")]
        "run" run: Option<Text>,
        /// Takes the place of the image's entry point. One argument each.
        #[schemars(example = serde_json::json!(["cargo"]))]
        "command" command: Option<OneOrMany<Scalar>>,
        /// Arguments behind `command`, or behind the image's entry point.
        #[schemars(example = serde_json::json!(["test", "--release"]))]
        "args" args: Option<OneOrMany<Scalar>>,
        /// Environment inside the container, over that of the step.
        #[schemars(example = serde_json::json!({"TOKEN": "{{ secrets.TOKEN }}"}), extend("propertyNames" = shape::variables()))]
        "env" env: Option<Entries<Scalar>>,
        /// Folders of the worker that the container sees.
        #[schemars(example = serde_json::json!([{"source": "fixtures", "target": "/data", "read_only": true}]))]
        "mounts" mounts: Option<Vec<Mount>>,
        /// Where it starts; `/workspace` unless said.
        #[schemars(example = &"/workspace/api")]
        "workdir" workdir: Option<TemplateText>,
        /// `user`, `uid` or `uid:gid`; that of the image unless said.
        #[schemars(example = &"1000:1000")]
        "user" user: Option<Text>,
        /// `none`, `host`, `bridge` or the name of a network.
        #[schemars(example = &"none")]
        "network" network: Option<Text>,
        /// How many processors it may use.
        #[schemars(example = 1.5)]
        "cpus" cpus: Option<Cpus>,
        /// How much memory it may use; beyond, it ends with kind `oom`.
        #[schemars(example = &"512MiB")]
        "memory" memory: Option<Size>,
        /// When the image is fetched: `missing` (unless said), `always` or `never`.
        #[schemars(example = &"missing", extend("default" = "missing"))]
        "pull" pull: Option<Word<PullPolicy>>,
        /// Credentials of the registry.
        #[schemars(example = serde_json::json!({"user": "ci", "password": "{{ secrets.REGISTRY }}"}))]
        "registry_auth" registry_auth: Option<BasicAuth>,
        /// All rights over the worker's machine; refused unless the worker allows it.
        #[schemars(example = false, extend("default" = false))]
        "privileged" privileged: Option<Flag>,
        /// Containers that run beside it, reached by their names.
        #[schemars(example = serde_json::json!({"db": {"image": "postgres:15", "ports": [5432]}}), extend("propertyNames" = shape::services()))]
        "services" services: Option<Entries<Service>>,
    }
}

mapping! {
    /// A folder of the worker that a container sees.
    #[schemars(example = serde_json::json!({"source": "fixtures", "target": "/data", "read_only": true}))]
    pub struct Mount ("a mount") {
        /// Beneath the workspace, unless the worker allows more.
        #[schemars(example = &"fixtures")]
        "source" source: TemplateText,
        /// An absolute path inside the container.
        #[schemars(example = &"/data")]
        "target" target: Text,
        /// The container cannot change it.
        #[schemars(example = true, extend("default" = false))]
        "read_only" read_only: Option<Flag>,
    }
}

mapping! {
    /// A container that runs beside a step, and ends with it.
    #[schemars(example = serde_json::json!({"image": "postgres:15", "ports": [5432], "ready": {"run": "pg_isready", "every": "1s", "timeout": "30s"}}))]
    pub struct Service ("a service") {
        /// Image, with a tag or a digest.
        #[schemars(example = &"postgres:15")]
        "image" image: TemplateText,
        /// Its environment.
        #[schemars(example = serde_json::json!({"POSTGRES_PASSWORD": "local"}), extend("propertyNames" = shape::variables()))]
        "env" env: Option<Entries<Scalar>>,
        /// Ports that the step reaches: `5432`, or `15432:5432` for another one on the step's side.
        #[schemars(example = serde_json::json!([5432]))]
        "ports" ports: Option<OneOrMany<Text>>,
        /// When the step may begin.
        #[schemars(example = serde_json::json!({"run": "pg_isready", "every": "1s", "timeout": "30s"}))]
        "ready" ready: Option<Ready>,
    }
}

mapping! {
    /// When a service is ready.
    #[schemars(example = serde_json::json!({"run": "pg_isready", "every": "1s", "timeout": "30s"}))]
    pub struct Ready ("`ready`") {
        /// A script inside the service's container; ready once it succeeds.
        #[schemars(example = &"pg_isready")]
        "run" run: Text,
        /// Time from one try to the next; 1s unless said.
        #[schemars(example = &"1s", extend("default" = "1s"))]
        "every" every: Option<Duration>,
        /// The step fails when the service is not ready by then; 1m unless said.
        #[schemars(example = &"30s", extend("default" = "1m"))]
        "timeout" timeout: Option<Duration>,
    }
}
