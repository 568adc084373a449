//! One file per command.

mod cancel;
mod check_db;
mod decide;
mod doctor;
mod explain;
mod fmt;
mod graph;
mod history;
mod logs;
mod lsp;
mod pause;
mod rerun;
mod run;
mod runs;
mod schedules;
mod schema;
mod secret;
mod serve;
mod show;
mod signal;
pub mod supervise;
mod test;
mod token;
mod trigger;
mod validate;
mod verify;
mod why;

use crate::arguments::{Arguments, Command};
use crate::exit::{Exit, Outcome};

/// Carries out what the command line says.
pub async fn dispatch(arguments: Arguments) -> Outcome {
    match arguments.command {
        Command::Validate(arguments) => validate::validate(&arguments),
        Command::Explain { code } => explain::explain(&code),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Schedules(arguments) => schedules::schedules(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Schema { step_type: true, .. } => schema::of_step_types(),
        Command::Schema { test: true, .. } => schema::of_tests(),
        Command::Schema { .. } => schema::of_pipelines(),
        Command::Lsp { stdio: _ } => lsp::lsp(),
        Command::Run(arguments) => run::run(arguments).await,
        Command::Serve(arguments) => serve::serve(arguments).await,
        Command::CheckDb(arguments) => check_db::check_db(arguments).await,
        Command::Doctor(arguments) => doctor::doctor(arguments).await,
        Command::Trigger(arguments) => trigger::trigger(arguments).await,
        Command::Runs(arguments) => runs::runs(arguments).await,
        Command::Show(arguments) => show::show(arguments).await,
        Command::Logs(arguments) => logs::logs(arguments).await,
        Command::History(arguments) => history::history(arguments).await,
        Command::Why(arguments) => why::why(arguments).await,
        Command::Approve(arguments) => decide::decide(arguments, decide::Verb::Approve).await,
        Command::Reject(arguments) => decide::decide(arguments, decide::Verb::Reject).await,
        Command::Signal(arguments) => signal::signal(arguments).await,
        Command::Pause(arguments) => pause::pause(arguments, pause::Verb::Pause).await,
        Command::Resume(arguments) => pause::pause(arguments, pause::Verb::Resume).await,
        Command::Rerun(arguments) => rerun::rerun(arguments).await,
        Command::Secret(arguments) => secret::secret(arguments).await,
        Command::Token(arguments) => token::token(arguments).await,
        Command::Cancel(arguments) => cancel::cancel(arguments).await,
        // It was begun before there was a runtime.
        Command::Supervise => Ok(Exit::Usage),
        Command::Completions { shell } => {
            let mut command = <Arguments as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut command, "loopline", &mut std::io::stdout());
            Ok(Exit::Success)
        }
    }
}

/// Reads a file that the user named.
fn read_file(path: &std::path::Path) -> Result<String, crate::exit::Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| crate::exit::Failure::usage(format!("cannot read {}: {}", path.display(), plain_io(&error))))
}

/// What the system says, without its number.
fn plain_io(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// `name` means `default/name`.
fn full_name(name: &str) -> (String, String) {
    let (project, name) = name.split_once('/').unwrap_or(("default", name));
    (project.to_owned(), name.to_owned())
}
