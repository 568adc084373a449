//! Tests that need more than one room. Each module says what it shows.
#![allow(missing_docs, clippy::unwrap_used)]

mod binary;
mod children;
mod cli;
mod conformance;
mod crash;
mod deterministic;
mod examples;
mod groups;
mod histories;
mod invariants;
mod pipeline_tests;
mod rerun;
mod rules;
mod second_opinion;
mod simulation;
mod snapshots;
mod steps;
