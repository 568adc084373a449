//! `loopline supervise`, which the engine starts for itself.

use std::process::ExitCode;

use crate::exit::Exit;
use crate::wiring;

/// Looks after processes until nobody needs it any more. Has a runtime of its own, which is smaller than that of the
/// other commands.
pub fn supervise() -> ExitCode {
    wiring::start_tracing();
    match loopline_worker::supervise() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(Exit::Failed as u8)
        }
    }
}
