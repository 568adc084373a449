//! A program that prints a secret: the way to password managers and vaults of others.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use loopline_ports::secrets::{Asking, LONGEST, SecretError, SecretSource, SecretString};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::folder::without_line_break;
use crate::name::is_name;

/// It has answered within this time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A program that is given the name of a secret as its last argument, and prints the value on standard output. Code 0 without
/// output says that there is none of that name; any other code is an error. Who asks stands in `LOOPLINE_PROJECT` and
/// `LOOPLINE_PIPELINE`.
#[derive(Debug, Clone)]
pub struct Program {
    words: Vec<String>,
    longest_wait: Duration,
}

impl Program {
    /// A program and its first arguments.
    pub fn new(words: Vec<String>) -> Self {
        Self { words, longest_wait: LONGEST_WAIT }
    }

    async fn ask(&self, asking: Asking<'_>, name: &str) -> Result<Vec<u8>, String> {
        let (program, arguments) = self.words.split_first().ok_or("no program is named")?;
        let mut child = Command::new(program)
            .args(arguments)
            .arg(name)
            .env("LOOPLINE_PROJECT", asking.project)
            .env("LOOPLINE_PIPELINE", asking.pipeline)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What it says there may hold the secret.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
        let mut bytes = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let read = stdout.take(LONGEST as u64 + 3).read_to_end(&mut bytes).await;
            read.map_err(|error| format!("the answer of `{program}` cannot be read: {error}"))?;
        }
        if bytes.len() > LONGEST + 2 {
            return Err(format!("`{program}` printed more than {LONGEST} bytes"));
        }
        let status = child.wait().await.map_err(|error| format!("`{program}` is lost: {error}"))?;
        if status.success() { Ok(bytes) } else { Err(format!("`{program}` failed ({status})")) }
    }
}

#[async_trait]
impl SecretSource for Program {
    async fn value(&self, asking: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        if !is_name(name) {
            return Ok(None);
        }
        let bytes = match timeout(self.longest_wait, self.ask(asking, name)).await {
            Ok(answered) => answered.map_err(SecretError)?,
            Err(_) => {
                let program = self.words.first().map(String::as_str).unwrap_or_default();
                let seconds = self.longest_wait.as_secs();
                return Err(SecretError(format!("`{program}` did not answer within {seconds} s")));
            }
        };
        let text = String::from_utf8(bytes).map_err(|_| SecretError("the answer is not UTF-8".to_owned()))?;
        Ok(Some(without_line_break(&text)).filter(|value| !value.is_empty()).map(Into::into))
    }
}

#[cfg(test)]
mod tests {
    use loopline_ports::secrets::ExposeSecret as _;

    use super::*;

    async fn asked(script: &str, name: &str) -> Result<Option<String>, String> {
        let words = ["sh", "-c", script, "sh"].map(str::to_owned).to_vec();
        let source = Program { longest_wait: Duration::from_secs(2), ..Program::new(words) };
        let value = source.value(Asking { project: "team", pipeline: "release" }, name).await;
        value.map(|value| value.map(|value| value.expose_secret().to_owned())).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn what_it_prints_is_the_value() {
        let script = r#"echo "$1 of $LOOPLINE_PROJECT/$LOOPLINE_PIPELINE""#;
        assert_eq!(asked(script, "TOKEN").await, Ok(Some("TOKEN of team/release".into())));
        assert_eq!(asked("true", "TOKEN").await, Ok(None));
        let failed = asked("echo hidden; echo hidden >&2; exit 3", "TOKEN").await.unwrap_err();
        assert!(failed.contains("exit status: 3") && !failed.contains("hidden"), "{failed}");
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_given_up_and_one_that_says_too_much_too() {
        assert_eq!(asked("exec sleep 600", "TOKEN").await.unwrap_err(), "`sh` did not answer within 2 s");
        assert_eq!(asked("exec yes", "TOKEN").await.unwrap_err(), format!("`sh` printed more than {LONGEST} bytes"));
        let none = Program::new(vec!["/not/there".into()]);
        let error = none.value(Asking { project: "p", pipeline: "q" }, "A").await.unwrap_err();
        assert!(error.to_string().starts_with("`/not/there` cannot be started: "), "{error}");
    }
}
