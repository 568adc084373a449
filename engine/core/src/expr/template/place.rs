//! What becomes of values in the place a template stands in.

use serde_json::Value as Json;

use super::eval::Sink;
use super::functions::{described, scalar_text};
use super::syntax::Hole;
use super::url::Url;
use crate::expr::ExprError;
use crate::expr::budget::Budget;
use crate::text::{Part, Text};

/// Where a rendered value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Text: values as they are.
    Plain,
    /// A URL: values are percent-encoded for the component they stand in. A hole in front of everything may give a whole
    /// `http` or `https` URL; one in the host may hold nothing but a host.
    Url,
    /// A header: control characters, line breaks above all, are refused.
    Header,
}

/// Collects text and secrets for a place.
pub(super) struct Collect {
    place: Place,
    url: Url,
    text: String,
    parts: Vec<Part>,
}

impl Collect {
    pub(super) fn new(place: Place) -> Self {
        Self { place, url: Url::default(), text: String::new(), parts: Vec::new() }
    }

    pub(super) fn finish(mut self) -> Result<Text, ExprError> {
        if self.place == Place::Url {
            self.url.end()?;
        }
        if self.parts.is_empty() {
            return Ok(Text::Plain(self.text));
        }
        self.flush();
        Ok(Text::Parts(self.parts))
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
    }
}

impl Sink for Collect {
    fn text(&mut self, text: &str, budget: &mut Budget) -> Result<(), ExprError> {
        budget.bytes(text.len())?;
        match self.place {
            Place::Plain => {}
            Place::Url => self.url.literal(text)?,
            Place::Header => no_control(text).map_err(ExprError::new)?,
        }
        self.text.push_str(text);
        Ok(())
    }

    fn value(&mut self, hole: &Hole, value: &Json, budget: &mut Budget) -> Result<(), ExprError> {
        let Some(text) = scalar_text(value) else {
            let message = format!("{} cannot stand in text", described(value));
            return Err(ExprError::at(hole.value.span.clone(), message).help("use the json helper: `{{json x}}`"));
        };
        budget.bytes(text.len())?;
        let at = |message: String| ExprError::at(hole.value.span.clone(), message);
        match self.place {
            Place::Plain => self.text.push_str(&text),
            Place::Url => {
                let encoded = self
                    .url
                    .value(&text)
                    .map_err(|error| ExprError { span: Some(hole.value.span.clone()), ..error })?;
                budget.bytes(encoded.len())?;
                self.text.push_str(&encoded);
            }
            Place::Header => {
                no_control(&text).map_err(at)?;
                self.text.push_str(&text);
            }
        }
        Ok(())
    }

    fn secret(&mut self, hole: &Hole, name: &str) -> Result<(), ExprError> {
        if self.place == Place::Url {
            return Err(ExprError::at(hole.span.clone(), "a secret cannot stand in a URL, which is logged everywhere")
                .help("send it in `headers`, `auth` or `query`"));
        }
        self.flush();
        self.parts.push(Part::Secret(name.to_owned()));
        Ok(())
    }
}

fn no_control(text: &str) -> Result<(), String> {
    match text.chars().find(|sign| sign.is_control() && *sign != '\t') {
        None => Ok(()),
        Some('\r' | '\n') => Err("a header cannot hold a line break".to_owned()),
        Some(sign) => Err(format!("a header cannot hold the character {sign:?}")),
    }
}
