//! `loopline`: the compiler, the engine and the server in one binary.
//!
//! One file per command under [`commands`]; [`wiring`] is the only place that chooses implementations of the ports.
//! Commands that look at runs are clients of the HTTP interface, also for runs on this machine (see [`local`]).

mod arguments;
mod callback_key;
mod client;
mod commands;
mod definitions;
mod doctor;
mod exit;
mod inputs;
mod local;
mod metrics;
mod progress;
mod replace_file;
mod secrets_from;
mod table;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors; clap knows which stream each goes to.
            let _ = error.print();
            let usage = error.use_stderr();
            return ExitCode::from(if usage { exit::Exit::Usage as u8 } else { 0 });
        }
    };
    if let arguments::Command::Supervise = arguments.command {
        return commands::supervise::supervise();
    }
    if arguments.command.only_prints() {
        end_quietly_when_nobody_reads();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime did not start: {error}");
            return ExitCode::from(exit::Exit::Failed as u8);
        }
    };
    let outcome = runtime.block_on(commands::dispatch(arguments));
    // A blocking read of the terminal may still be under way; it must not hold the exit.
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// `loopline runs | head -1` ends like other programs do, and does not panic. Not for commands that drive runs: they must go on.
#[expect(unsafe_code, reason = "there is no safe way to ask for the default action of a signal")]
fn end_quietly_when_nobody_reads() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: the default action runs no code of ours, and no other thread has started yet.
    // It can only fail for a number that is no signal.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}
