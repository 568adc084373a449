//! Carries out attempts: starts processes and requests, keeps their output, ends them, and tells how they ended.
//!
//! ```text
//!  driver ──start─attach─cancel─forget──►  local ──► attempt ──► shell · http · container
//!     ▲                                      │          │
//!     └────────────── reports ───────────────┘          ├──► attempt_record   what must outlive this process
//!                                                       ├──► output_pump      pipes → log, tail, captured text
//!                                                       └──► process_tree     everything an attempt ever started
//! ```
//!
//! One file per kind of step. Nothing outside this crate knows a process id: the driver sees the verbs and the reports
//! of [`loopline_ports::worker`] alone, so that a supervisor in a process of its own can take the place of the inside.
//!
//! Nothing here decides what a result means for a run: retries, expectations and declared outputs are core's.

mod activity;
mod adopted;
mod artifacts;
mod attempt;
mod attempt_log;
mod attempt_record;
mod captured;
mod child;
mod config;
mod container;
mod duration;
mod environment;
mod http;
mod inherited_files;
mod local;
mod mask;
mod oom;
mod output_file;
mod output_pump;
mod process;
mod process_tree;
mod script;
mod shell;
mod spawn;
mod spawn_failure;
mod stop;
mod supervised;
mod supervisor;
mod synced_folder;
mod tail;
mod workspace;

pub use config::{Containers, Proxies, SecretLookup, Supervision, WorkerConfig, Workspaces};
pub use container::{ContainerPolicy, ContainerRight, ContainerSocket};
pub use local::LocalWorker;
pub use mask::{Masker, Secrets};
pub use supervised::SupervisedWorker;
pub use supervisor::serve::supervise;
