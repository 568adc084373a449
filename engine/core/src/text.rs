//! Text that may hold secrets by name. The value of a secret is put in where the step runs, and never comes here.

use serde::{Deserialize, Serialize};

/// A rendered string: pieces of plain text, and names of secrets between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// No secret in it.
    Plain(String),
    /// In order.
    Parts(Vec<Part>),
}

/// A piece of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Plain text.
    Text(String),
    /// The value of the secret with this name.
    Secret(String),
    /// The value of the secret with this name, inside a string of a JSON document: escaped when it is put in.
    SecretInJson(String),
}

impl Text {
    /// The text, if no secret is in it.
    pub fn as_plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Parts(_) => None,
        }
    }

    /// The names of the secrets in it, in order.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let parts = match self {
            Self::Plain(_) => &[],
            Self::Parts(parts) => parts.as_slice(),
        };
        parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Secret(name) | Part::SecretInJson(name) => Some(name.as_str()),
        })
    }

    /// Puts the values of secrets in; `Err` names the first one that `secret` does not know.
    pub fn resolve(&self, mut secret: impl FnMut(&str) -> Option<String>) -> Result<String, &str> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Parts(parts) => {
                let mut whole = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => whole.push_str(text),
                        Part::Secret(name) => whole.push_str(&secret(name).ok_or(name.as_str())?),
                        Part::SecretInJson(name) => {
                            let quoted = serde_json::Value::from(secret(name).ok_or(name.as_str())?).to_string();
                            whole.push_str(&quoted[1..quoted.len() - 1]);
                        }
                    }
                }
                Ok(whole)
            }
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}
