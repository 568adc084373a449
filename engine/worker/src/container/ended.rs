//! What the end of a container means.

use bollard::models::ContainerState;
use loopline_core::command::WorkCommand;
use loopline_core::outcome::{Failure, FailureKind};
use nix::sys::signal::Signal;

use crate::shell::shell_hint;
use crate::size::spoken_size;

/// When nothing is known of a moment, the container engine says this.
const NEVER: &str = "0001-01-01";

/// How a container ended, as the container engine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exit {
    /// None when it does not know.
    pub(super) code: Option<i32>,
    /// Something in it was ended because its memory ran out.
    pub(super) out_of_memory: bool,
    /// What it says of it.
    pub(super) said: String,
    /// There was a time in which nobody looked after it.
    pub(super) unwatched: bool,
}

impl Exit {
    /// What the container engine tells of a container that does not run any more.
    pub(super) fn of(state: &ContainerState, unwatched: bool) -> Self {
        let ended = state.finished_at.as_deref().is_some_and(|at| !at.is_empty() && !at.starts_with(NEVER));
        let code = state.exit_code.filter(|_| ended && state.dead != Some(true));
        Self {
            code: code.and_then(|code| i32::try_from(code).ok()),
            out_of_memory: state.oom_killed == Some(true),
            said: state.error.clone().unwrap_or_default(),
            unwatched,
        }
    }

    /// The failure, unless it is none.
    pub(super) fn failure(&self, command: &WorkCommand, memory: Option<u64>) -> Option<Failure> {
        let said = if self.said.is_empty() { String::new() } else { format!(" ({})", self.said) };
        let Some(code) = self.code else {
            let message = format!("the container engine does not know how the container ended{said}");
            return Some(Failure::new(FailureKind::Lost, message));
        };
        if code == 0 {
            return None;
        }
        if self.out_of_memory {
            let limit = memory.map_or_else(String::new, |memory| format!(" of {}", spoken_size(memory)));
            let message = format!(
                "memory ran out in the container; let it use less, or give the step more than its `memory`{limit}"
            );
            return Some(Failure { exit_code: Some(code), ..Failure::new(FailureKind::Oom, message) });
        }
        if self.unwatched && was_ended(code) {
            let message = format!(
                "the container was ended from outside while nobody looked after it, as when its container engine is started again (exit code {code})"
            );
            return Some(Failure::new(FailureKind::Lost, message));
        }
        let (what, hint) = match command {
            WorkCommand::Script(_) => ("the script", shell_hint(code)),
            WorkCommand::Arguments { .. } if code == 127 => ("the container", ": its command was not found".to_owned()),
            WorkCommand::Arguments { .. } => ("the container", String::new()),
        };
        let message = format!("{what} ended with exit code {code}{hint}{said}");
        Some(Failure { exit_code: Some(code), ..Failure::new(FailureKind::Exit, message) })
    }
}

/// How a process ends that was sent what a container engine sends.
fn was_ended(code: i32) -> bool {
    [Signal::SIGTERM, Signal::SIGKILL].iter().any(|signal| code == 128 + *signal as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(code: i64) -> ContainerState {
        ContainerState {
            exit_code: Some(code),
            finished_at: Some("2026-11-23T15:07:23.232995869Z".to_owned()),
            ..ContainerState::default()
        }
    }

    fn check(state: &ContainerState, unwatched: bool, expect: Option<(FailureKind, &str)>) {
        let script = WorkCommand::Script(String::new());
        let failure = Exit::of(state, unwatched).failure(&script, Some(64 << 20));
        assert_eq!(failure.as_ref().map(|failure| (failure.kind, failure.message.as_str())), expect);
    }

    #[test]
    fn the_exit_code_is_what_the_container_engine_knows() {
        check(&state(0), true, None);
        check(&state(3), true, Some((FailureKind::Exit, "the script ended with exit code 3")));
        let not_found = "the script ended with exit code 127: a command in it was not found";
        check(&state(127), false, Some((FailureKind::Exit, not_found)));
    }

    #[test]
    fn an_end_that_nobody_knows_is_never_a_success() {
        let unknown = "the container engine does not know how the container ended";
        let never = ContainerState { finished_at: Some("0001-01-01T00:00:00Z".to_owned()), ..state(0) };
        check(&never, false, Some((FailureKind::Lost, unknown)));
        check(&ContainerState { finished_at: None, ..state(0) }, false, Some((FailureKind::Lost, unknown)));
        check(&ContainerState { dead: Some(true), ..state(0) }, false, Some((FailureKind::Lost, unknown)));
        check(&ContainerState { exit_code: None, ..state(0) }, false, Some((FailureKind::Lost, unknown)));
    }

    #[test]
    fn who_ended_it_is_asked_only_where_nobody_looked() {
        let outside = "the container was ended from outside while nobody looked after it, as when its container engine is started again (exit code 137)";
        check(&state(137), true, Some((FailureKind::Lost, outside)));
        let killed = "the script ended with exit code 137: a command in it was ended by signal 9 (SIGKILL)";
        check(&state(137), false, Some((FailureKind::Exit, killed)));
    }

    #[test]
    fn a_lack_of_memory_is_told_by_evidence() {
        let evident = ContainerState { oom_killed: Some(true), ..state(137) };
        let said =
            "memory ran out in the container; let it use less, or give the step more than its `memory` of 64 MiB";
        check(&evident, true, Some((FailureKind::Oom, said)));
        check(&ContainerState { exit_code: Some(0), ..evident }, false, None);
    }
}
