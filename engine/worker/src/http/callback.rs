//! `callback.url`: puts the address to call back where the texts of a request have its mark.

use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_ports::callback::CallbackTokens;

/// Where this engine is called back.
#[derive(Debug, Clone)]
pub struct Callbacks {
    /// What stands before the token: `https://ci.example/api/v1/callbacks/`.
    pub address: String,
    /// Makes the tokens.
    pub tokens: CallbackTokens,
}

/// What replaces the mark in the texts of one attempt.
#[derive(Debug, Clone)]
pub(super) struct Replaced {
    mark: String,
    address: String,
}

/// What is shown in the place of the address: who knows that may end the step.
const SHOWN: &str = "***";

impl Replaced {
    /// The address for an attempt. `hide` is told the token, so that no answer can bring it into a log or a history.
    pub(super) fn of(
        callbacks: Option<&Callbacks>,
        attempt: &AttemptId,
        mark: Option<&str>,
        hide: impl FnOnce(&str),
    ) -> Result<Option<Self>, Failure> {
        let Some(mark) = mark else { return Ok(None) };
        let Callbacks { address, tokens } = callbacks.ok_or_else(|| {
            Failure::new(FailureKind::Template, "`callback.url`: this engine has no address at which it is called back")
        })?;
        let token = tokens.token(attempt);
        hide(&token);
        Ok(Some(Self { mark: mark.to_owned(), address: format!("{address}{token}") }))
    }

    /// In a plain text.
    pub(super) fn in_text(&self, text: &str) -> String {
        text.replace(&self.mark, &self.address)
    }

    /// In a URL, encoded for whatever component it stands in.
    pub(super) fn in_url(&self, url: &str) -> String {
        let encoded = percent_encoding::utf8_percent_encode(&self.address, percent_encoding::NON_ALPHANUMERIC);
        url.replace(&self.mark, &encoded.to_string())
    }

    /// Inside of strings of a JSON document.
    pub(super) fn in_json(&self, json: &str) -> String {
        let quoted = serde_json::Value::from(self.address.as_str()).to_string();
        json.replace(&self.mark, &quoted[1..quoted.len() - 1])
    }

    /// In what is logged.
    pub(super) fn hidden(&self, text: &str) -> String {
        text.replace(&self.mark, SHOWN)
    }
}
