//! Tests that need more than one room. Each module says what it shows.
#![allow(missing_docs, clippy::unwrap_used)]

mod access;
mod binary;
mod callbacks;
mod children;
mod cli;
mod conformance;
mod crash;
mod deterministic;
mod examples;
mod from_ci;
mod groups;
mod histories;
mod invariants;
mod operations;
mod pipeline_tests;
mod postgres_server;
mod rerun;
mod rules;
mod second_opinion;
mod secrets;
mod servers;
mod simulation;
mod snapshots;
mod steps;
