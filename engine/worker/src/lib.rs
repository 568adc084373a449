//! Carries out attempts: starts processes and requests, keeps their output, ends them, and tells how they ended.
//!
//! ```text
//!  driver ──start─attach─cancel─forget──►  local ──► attempt ──► shell · http · container
//!     ▲                                      │          │
//!     └────────────── reports ───────────────┘          ├──► attempt_record   what must outlive this process
//!                                                       ├──► output_pump      pipes → log, tail, captured text
//!                                                       ├──► files            artifacts, caches, what is fetched
//!                                                       └──► process_tree     everything an attempt ever started
//! ```
//!
//! One file per kind of step. Nothing outside this crate knows a process id: the driver sees the verbs and the reports
//! of [`loopline_ports::worker`] alone, so that a supervisor in a process of its own can take the place of the inside.
//!
//! Nothing here decides what a result means for a run: retries, expectations and declared outputs are core's.

mod activity;
mod adopted;
mod attempt;
mod attempt_journal;
mod attempt_log;
mod attempt_record;
mod captured;
mod child;
mod config;
mod container;
mod control_group;
mod duration;
mod environment;
mod files;
mod http;
mod inherited_files;
mod journal_line;
mod labels;
mod local;
mod mask;
mod oom;
mod output_file;
mod output_pump;
mod private_folder;
mod process;
mod process_tree;
mod script;
mod sealed_script;
mod secrets;
mod shell;
mod size;
mod spawn;
mod spawn_failure;
mod stop;
mod supervised;
mod supervisor;
mod tail;
mod workspace;

pub use config::{ArtifactLimits, Containers, Limit, Limits, Proxies, Supervision, WorkerConfig, Workspaces};
pub use container::{ContainerPolicy, ContainerRight, ContainerSocket, container_engine_version};
pub use http::{Callbacks, EgressPolicy, EgressRule, NameLookup};
pub use labels::{LabelledWorker, labels_of_machine};
pub use local::LocalWorker;
pub use mask::{Masker, Secrets};
pub use supervised::SupervisedWorker;
pub use supervisor::serve::supervise;
