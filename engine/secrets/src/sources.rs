//! Several sources, asked in order.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use loopline_ports::secrets::{Asking, ExposeSecret as _, LONGEST, SecretError, SecretSource, SecretString};

use crate::environment::Environment;
use crate::folder::Folder;
use crate::program::Program;

/// The first source that has a secret gives it.
///
/// A source that cannot be asked ends the search: the secret may be there, and another value of the same name, further behind,
/// would be a surprise.
#[derive(Clone, Default)]
pub struct Sources(Vec<Arc<dyn SecretSource>>);

impl Sources {
    /// Adds one behind those that are there.
    #[must_use]
    pub fn then(mut self, source: Arc<dyn SecretSource>) -> Self {
        self.0.push(source);
        self
    }
}

#[async_trait]
impl SecretSource for Sources {
    async fn value(&self, asking: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        for source in &self.0 {
            if let Some(value) = source.value(asking, name).await? {
                return is_secret(value.expose_secret()).map(|()| Some(value)).map_err(SecretError);
            }
        }
        Ok(None)
    }
}

/// Whether a text can be a secret: one that a variable can hold, and that can be masked.
pub(crate) fn is_secret(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("its value is empty".to_owned());
    }
    if value.contains('\0') {
        return Err("its value holds a NUL, which no environment can".to_owned());
    }
    if value.len() > LONGEST {
        return Err(format!("its value has {} bytes, more than {LONGEST}", value.len()));
    }
    Ok(())
}

/// How a source is named on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// `env:PREFIX`.
    Environment(String),
    /// `dir:PATH`.
    Folder(PathBuf),
    /// `command:PROGRAM ARGUMENT…`.
    Program(Vec<String>),
}

impl SourceSpec {
    /// The source itself.
    pub fn open(self) -> Arc<dyn SecretSource> {
        match self {
            Self::Environment(prefix) => Arc::new(Environment::new(prefix)),
            Self::Folder(folder) => Arc::new(Folder::new(folder)),
            Self::Program(words) => Arc::new(Program::new(words)),
        }
    }
}

impl FromStr for SourceSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let told = || "a source is `env:PREFIX`, `dir:PATH` or `command:PROGRAM ARGUMENT…`".to_owned();
        let (kind, rest) = text.split_once(':').ok_or_else(told)?;
        match (kind, rest.trim()) {
            // Without a prefix, every variable of the engine would be a secret that pipelines may ask for.
            ("env", "") => Err("`env:` needs a prefix, like `env:LOOPLINE_SECRET_`".to_owned()),
            ("dir" | "command", "") => Err(told()),
            ("env", prefix) => Ok(Self::Environment(prefix.to_owned())),
            ("dir", path) => Ok(Self::Folder(path.into())),
            ("command", line) => Ok(Self::Program(line.split_whitespace().map(str::to_owned).collect())),
            _ => Err(told()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static str, Result<&'static str, &'static str>);

    #[async_trait]
    impl SecretSource for Fixed {
        async fn value(&self, _: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
            match self.1 {
                _ if name != self.0 => Ok(None),
                Ok(value) => Ok(Some(value.into())),
                Err(why) => Err(SecretError(why.to_owned())),
            }
        }
    }

    async fn asked(sources: &Sources, name: &str) -> Result<Option<String>, String> {
        let found = sources.value(Asking { project: "p", pipeline: "q" }, name).await;
        found.map(|value| value.map(|value| value.expose_secret().to_owned())).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_first_that_has_it_gives_it_and_one_that_fails_ends_the_search() {
        let sources = Sources::default()
            .then(Arc::new(Fixed("A", Ok("first"))))
            .then(Arc::new(Fixed("B", Err("not now"))))
            .then(Arc::new(Fixed("A", Ok("second"))))
            .then(Arc::new(Fixed("B", Ok("behind"))))
            .then(Arc::new(Fixed("C", Ok("third"))));
        assert_eq!(asked(&sources, "A").await, Ok(Some("first".into())));
        assert_eq!(asked(&sources, "B").await, Err("not now".into()));
        assert_eq!(asked(&sources, "C").await, Ok(Some("third".into())));
        assert_eq!(asked(&sources, "D").await, Ok(None));
    }

    #[tokio::test]
    async fn what_no_variable_can_hold_is_refused_without_being_shown() {
        let long: &'static str = Box::leak("x".repeat(LONGEST + 1).into_boxed_str());
        for value in ["", "hid\0den", long] {
            let error = asked(&Sources::default().then(Arc::new(Fixed("A", Ok(value)))), "A").await.unwrap_err();
            assert!(error.starts_with("its value ") && !error.contains("hid\0den") && error.len() < 80, "{error}");
        }
    }

    #[test]
    fn sources_are_spelled() {
        assert_eq!("env:CI_".parse(), Ok(SourceSpec::Environment("CI_".into())));
        assert_eq!("dir:/run/secrets".parse(), Ok(SourceSpec::Folder("/run/secrets".into())));
        assert_eq!("command:pass show".parse(), Ok(SourceSpec::Program(vec!["pass".into(), "show".into()])));
        for wrong in ["", "env:", "dir:", "command: ", "vault:x", "x"] {
            assert!(wrong.parse::<SourceSpec>().is_err(), "{wrong}");
        }
    }
}
