//! A second opinion: what a run means, written once more from the specification alone, naively and slowly, and compared
//! with core after every event of random runs of random cyclic pipelines.
//!
//! `state` to `over` are the exact machine, one file a paragraph of it. `drawn_*` draw pipelines and histories, `duet`
//! plays them to both, `picture` says where they differ, `lemmas` holds what must be true of every run.
//!
//! `LOOPLINE_OPINIONS` says how many runs; 5,000 unless it is said, and 20,000 where `CI` is set. What fails is shrunk, printed with its pipeline and its history, and kept in
//! `regressions.txt`, which is played first.

mod any_order;
mod approvals;
mod attempts;
mod drawn_history;
mod drawn_pipeline;
mod duet;
mod edges;
mod end;
mod events;
mod fire;
mod inside;
mod judge;
mod lemmas;
mod many;
mod over;
mod picture;
mod rerun;
mod runs;
mod schema;
mod scope;
mod signals;
mod start;
mod state;
mod stop;
mod timers;
mod undo;
