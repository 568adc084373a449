//! A JSON value whose strings are templates: `json`, `form`, `inputs`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::functions::{canonical_text, described};
use super::{Place, Template};
use crate::expr::{ExprError, Reference, Scope};
use crate::text::{Part, Text};

/// A JSON value whose strings are templates. Keys of maps stay as they are. Written to disk as the JSON it was made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Json", into = "Json")]
pub struct TemplateValue {
    node: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Anything but text, a list or a map.
    Plain(Json),
    Template(Template),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl TemplateValue {
    /// Every string in `value` becomes a template.
    pub fn new(value: Json) -> Self {
        Self { node: Node::new(value) }
    }

    /// Everything that is wrong with its templates. For the place of a mistake in the document, check [`Self::templates`].
    pub fn check(&self) -> Result<(), Vec<ExprError>> {
        let errors: Vec<_> =
            self.templates().into_iter().filter_map(|(_, template)| template.check().err()).flatten().collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The names that its templates read. Spans are within each template; see [`Self::templates`].
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        let mut all = Vec::new();
        for (_, template) in self.templates() {
            all.extend(template.references()?);
        }
        Ok(all)
    }

    /// The names of the secrets in it, in order, each once.
    pub fn secrets(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (_, template) in self.templates() {
            for name in template.secrets() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Its templates in the order of the document, each with its JSON pointer.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        let mut found = Vec::new();
        self.node.templates(String::new(), &mut found);
        found
    }

    /// The value, every template rendered; one that is exactly one hole keeps the type of what stands in it.
    ///
    /// A secret has no JSON to be: where there may be one, use [`Self::render_json`] or [`Self::render_text`].
    pub fn render(&self, scope: &Scope) -> Result<Json, ExprError> {
        self.node.render(scope)
    }

    /// The value as the text of a JSON document, with the secrets in it by name.
    pub fn render_json(&self, scope: &Scope) -> Result<Text, ExprError> {
        let mut writer = Writer::default();
        self.node.write(scope, &mut writer)?;
        Ok(writer.finish())
    }

    /// The value as text, for a field of a form: text as it is, numbers and bools as JSON, null as nothing.
    pub fn render_text(&self, scope: &Scope) -> Result<Text, ExprError> {
        if let Node::Template(template) = &self.node
            && (!template.is_single_hole() || !template.secrets().is_empty())
        {
            return template.render(scope, Place::Plain);
        }
        match self.node.render(scope)? {
            Json::Null => Ok(Text::from("")),
            Json::String(text) => Ok(text.into()),
            list @ (Json::Array(_) | Json::Object(_)) => {
                Err(ExprError::new(format!("{} cannot stand in text", described(&list)))
                    .help("use the json helper: `{{json x}}`"))
            }
            other => Ok(other.to_string().into()),
        }
    }
}

impl From<Json> for TemplateValue {
    fn from(value: Json) -> Self {
        Self::new(value)
    }
}

impl From<TemplateValue> for Json {
    fn from(value: TemplateValue) -> Self {
        value.node.into_json()
    }
}

impl Node {
    fn new(value: Json) -> Self {
        match value {
            Json::String(text) => Self::Template(Template::new(text)),
            Json::Array(items) => Self::List(items.into_iter().map(Self::new).collect()),
            Json::Object(map) => Self::Map(map.into_iter().map(|(key, value)| (key, Self::new(value))).collect()),
            other => Self::Plain(other),
        }
    }

    fn into_json(self) -> Json {
        match self {
            Self::Plain(value) => value,
            Self::Template(template) => Json::String(template.into()),
            Self::List(items) => Json::Array(items.into_iter().map(Self::into_json).collect()),
            Self::Map(entries) => {
                Json::Object(entries.into_iter().map(|(key, node)| (key, node.into_json())).collect())
            }
        }
    }

    fn templates<'n>(&'n self, pointer: String, found: &mut Vec<(String, &'n Template)>) {
        match self {
            Self::Plain(_) => {}
            Self::Template(template) => found.push((pointer, template)),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.templates(format!("{pointer}/{index}"), found);
                }
            }
            Self::Map(entries) => {
                for (key, node) in entries {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    node.templates(format!("{pointer}/{key}"), found);
                }
            }
        }
    }

    fn render(&self, scope: &Scope) -> Result<Json, ExprError> {
        match self {
            Self::Plain(value) => Ok(value.clone()),
            Self::Template(template) => template.render_value(scope),
            Self::List(items) => items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>().map(Json::Array),
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, node) in entries {
                    map.insert(key.clone(), node.render(scope)?);
                }
                Ok(Json::Object(map))
            }
        }
    }

    fn write(&self, scope: &Scope, writer: &mut Writer) -> Result<(), ExprError> {
        match self {
            Self::Plain(value) => writer.text.push_str(&canonical_text(value)),
            Self::Template(template) if template.secrets().is_empty() => {
                writer.text.push_str(&canonical_text(&template.render_value(scope)?));
            }
            Self::Template(template) => {
                writer.text.push('"');
                match template.render(scope, Place::Plain)? {
                    Text::Plain(text) => writer.escaped(&text),
                    Text::Parts(parts) => {
                        for part in parts {
                            match part {
                                Part::Text(text) => writer.escaped(&text),
                                Part::Secret(name) | Part::SecretInJson(name) => writer.secret(name),
                            }
                        }
                    }
                }
                writer.text.push('"');
            }
            Self::List(items) => {
                writer.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    writer.comma(index);
                    item.write(scope, writer)?;
                }
                writer.text.push(']');
            }
            Self::Map(entries) => {
                writer.text.push('{');
                for (index, (key, node)) in entries.iter().enumerate() {
                    writer.comma(index);
                    writer.text.push_str(&Json::from(key.as_str()).to_string());
                    writer.text.push(':');
                    node.write(scope, writer)?;
                }
                writer.text.push('}');
            }
        }
        Ok(())
    }
}

/// Writes JSON that has secrets in it.
#[derive(Default)]
struct Writer {
    text: String,
    parts: Vec<Part>,
}

impl Writer {
    /// The inside of a JSON string.
    fn escaped(&mut self, text: &str) {
        let quoted = Json::from(text).to_string();
        self.text.push_str(&quoted[1..quoted.len() - 1]);
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push(',');
        }
    }

    fn secret(&mut self, name: String) {
        self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        self.parts.push(Part::SecretInJson(name));
    }

    fn finish(mut self) -> Text {
        if self.parts.is_empty() {
            return Text::Plain(self.text);
        }
        self.parts.push(Part::Text(self.text));
        Text::Parts(self.parts)
    }
}
