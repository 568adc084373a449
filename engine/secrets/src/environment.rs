//! Secrets in the engine's own environment.

use async_trait::async_trait;
use loopline_ports::secrets::{Asking, SecretError, SecretSource, SecretString};

use crate::name::is_name;

/// `PREFIX` and the name of the secret is the name of the variable. Steps do not see these variables: their environment is
/// another one.
#[derive(Debug, Clone)]
pub struct Environment {
    prefix: String,
}

impl Environment {
    /// Variables that begin with `prefix`.
    pub fn new(prefix: String) -> Self {
        Self { prefix }
    }
}

#[async_trait]
impl SecretSource for Environment {
    async fn value(&self, _: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        if !is_name(name) {
            return Ok(None);
        }
        let variable = format!("{}{name}", self.prefix);
        match std::env::var(&variable) {
            Ok(value) => Ok(Some(value.into())),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(SecretError(format!("the variable {variable} is not UTF-8"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use loopline_ports::secrets::ExposeSecret as _;

    use super::*;

    #[tokio::test]
    async fn variables_with_the_prefix_are_secrets_and_others_are_none() {
        // Set by cargo for every test.
        let source = Environment::new("CARGO_PKG_".to_owned());
        let asking = Asking { project: "default", pipeline: "p" };
        let value = source.value(asking, "NAME").await.unwrap().expect("it is set");
        assert_eq!(value.expose_secret(), "loopline-secrets");
        assert!(source.value(asking, "NOT_THERE").await.unwrap().is_none());
        assert!(source.value(asking, "PATH").await.unwrap().is_none());
    }
}
