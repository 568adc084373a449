//! What a word means.

use std::ops::Range;

use serde_json::Value as Json;

use super::Document;
use super::complete::about_key;
use super::document::Known;
use super::mentions::{Body, Mention, Subject, step_node};
use super::shape::Shape;
use super::steps::Sketch;
use super::tree::{self, entries, node_at};
use crate::decode::{Cx, json, list};
use crate::duration;
use crate::route::{Route, Segment};
use crate::schema_words;
use crate::yaml::{self, Node};

/// What is shown over a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The word. Bytes of the text.
    pub range: Range<usize>,
    /// What it means, in Markdown.
    pub text: String,
}

impl Document {
    /// What the word at a byte means: a key of the language, a name of the file, a duration.
    pub fn hover(&self, offset: usize) -> Option<Hover> {
        let offset = self.offset(offset);
        let known = self.known()?;
        if let Some(mention) = known.mentions.at(offset)
            && let Some(text) = named(known, mention)
        {
            return Some(Hover { range: mention.range.clone(), text });
        }
        let found = tree::find(&known.root, offset)?;
        let shape = Shape::of(&found.at);
        if found.is_key {
            let (Segment::Key(key), above) = found.at.split_last()? else { return None };
            let range = node_at(&known.root, above)?.entry(key)?.key.span.clone();
            return Some(Hover { range, text: about_key(key, &shape)? });
        }
        let value = &found.node.scalar()?.text;
        let range = yaml::locate(self.text(), &found.node, 0..value.len());
        Some(Hover { range, text: value_means(value, &shape)? })
    }
}

/// What a word of the language means, or how long a duration is.
fn value_means(value: &str, shape: &Shape) -> Option<String> {
    let words = shape.words();
    let meaning = words.iter().find(|(word, _)| word.as_str() == Some(value)).and_then(|(_, meaning)| *meaning);
    if let Some(meaning) = meaning {
        return Some(format!("**{value}**: {meaning}"));
    }
    duration::parse(value).ok().filter(|_| shape.is_duration()).map(in_words)
}

fn named(known: &Known, mention: &Mention) -> Option<String> {
    match &mention.subject {
        Subject::Step { body, id } => step_node(&known.root, body, id).map(|(_, node)| step(id, &node)),
        Subject::Input { body, name } => input(known, body, name),
        Subject::Output { body, step, name } => output(known, body, step, name),
        Subject::Secret { name } => Some(format!(
            "**{name}**: a secret. Its value never enters a log, a history or a page; it stands in `env` and in `auth`, \
             `headers`, `query` and the body of `http`."
        )),
        Subject::Item { body, step, name } => {
            let (_, node) = step_node(&known.root, body, step)?;
            let items = &node.entry("foreach")?.value.entry("items")?.value;
            let items = items.scalar().map(|scalar| format!(" of `{}`", scalar.text)).unwrap_or_default();
            Some(format!("**{name}**: the item{items} that this execution of `{step}` is for"))
        }
    }
}

fn step(id: &str, node: &Node) -> String {
    let sketch = Sketch::of(id, node);
    let mut lines = vec![match (&sketch.name, sketch.kind) {
        (Some(name), "") => format!("**{id}**: {name}"),
        (Some(name), kind) => format!("**{id}** (`{kind}`): {name}"),
        (None, "") => format!("**{id}**"),
        (None, kind) => format!("**{id}** (`{kind}`)"),
    }];
    lines.extend(sketch.description);
    if !sketch.summary.is_empty() {
        lines.push(code(&sketch.summary));
    }
    if !sketch.needs.is_empty() {
        let needs = sketch.needs.iter().map(|(step, on)| match on {
            Some(on) => format!("`{step}` ({on})"),
            None => format!("`{step}`"),
        });
        lines.push(format!("Needs {}", needs.collect::<Vec<_>>().join(", ")));
    }
    for edge in &sketch.loops {
        let max = edge.max.as_ref().map(|max| format!(", at most {max}")).unwrap_or_default();
        let to = if edge.to == id { "Comes again".to_owned() } else { format!("Goes back to `{}`", edge.to) };
        let when = if edge.on.starts_with("until ") { format!(" {}", edge.on) } else { format!(" when {}", edge.on) };
        lines.push(format!("{to}{when}{max}"));
    }
    lines.join("\n\n")
}

/// A line of code in Markdown, whatever it has in it.
fn code(line: &str) -> String {
    let fence = if line.contains('`') { "``" } else { "`" };
    let space = if line.contains('`') { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

fn input(known: &Known, body: &Body, name: &str) -> Option<String> {
    let declared = value_in(known, body, &["inputs", name])?;
    if !body.0.is_empty() {
        return Some(format!("**{name}**: given to these steps as {}", value(&declared)));
    }
    let schema = json(&declared, &Route::root(), &mut Cx::default());
    let optional = schema.get("default").is_some() || schema.get("required") == Some(&Json::Bool(false));
    let said = if optional { "may be left out" } else { "must be given" };
    Some(schema_lines(name, &schema, said))
}

fn output(known: &Known, body: &Body, step: &str, name: &str) -> Option<String> {
    let (_, node) = step_node(&known.root, body, step)?;
    let declared = ["outputs", "set"].into_iter().find_map(|key| {
        let entry = node.entry(key)?.value.entry(name)?;
        Some(entry.value.clone())
    })?;
    if declared.scalar().is_some() {
        return Some(format!("**{name}**, output of `{step}`: {}", value(&declared)));
    }
    let schema = json(&declared, &Route::root(), &mut Cx::default());
    Some(schema_lines(name, &schema, &format!("output of `{step}`")))
}

fn schema_lines(name: &str, schema: &Json, said: &str) -> String {
    let facts = std::iter::once(schema_words::kind(schema)).chain(schema_words::bounds(schema));
    let facts = facts.chain([said.to_owned()]).collect::<Vec<_>>().join(", ");
    match schema.get("description").and_then(Json::as_str) {
        Some(about) => format!("**{name}**: {facts}\n\n{about}"),
        None => format!("**{name}**: {facts}"),
    }
}

fn value(node: &Node) -> String {
    match node.scalar() {
        Some(scalar) => code(&crate::outline::cut(&crate::outline::first_line(&scalar.text))),
        None => format!("{} with {}", node.describe(), keys_of(node)),
    }
}

fn keys_of(node: &Node) -> String {
    let keys: Vec<_> = entries(node).map(|entry| entry.key.text.to_string()).take(8).collect();
    if keys.is_empty() { "items".to_owned() } else { list(&keys) }
}

fn value_in(known: &Known, body: &Body, keys: &[&str]) -> Option<std::rc::Rc<Node>> {
    node_at(&known.root, &keys.iter().fold(body.route(), |route, key| route.key((*key).to_owned())))
}

/// `1 h 30 min`.
fn in_words(ms: u64) -> String {
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = ms;
    let mut words = Vec::new();
    for (unit, size) in UNITS {
        if rest >= size {
            words.push(format!("{} {unit}", rest / size));
            rest %= size;
        }
    }
    if words.is_empty() { "no time".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marked: &str, word: &str, expect: &[&str]) {
        let offset = marked.find('«').expect("a cursor");
        let document = Document::new(marked.replace('«', ""), Default::default());
        let Some(hover) = document.hover(offset) else {
            assert!(expect.is_empty(), "nothing instead of {expect:?}: {marked}");
            return;
        };
        assert_eq!(&document.text()[hover.range.clone()], word, "{marked}");
        assert!(!expect.is_empty(), "{} instead of nothing: {marked}", hover.text);
        for part in expect {
            assert!(hover.text.contains(part), "{part:?} in {:?}: {marked}", hover.text);
        }
    }

    #[test]
    fn keys_are_explained_by_the_schema() {
        check("steps: {a: {ti«meout: 30m}}\n", "timeout", &["Bound of one attempt", "timeout: 30m"]);
        check("steps: {a: {goto: [{t«o: a}]}}\n", "to", &["This step, or one that leads to it."]);
        check("ste«ps: {}\n", "steps", &["The steps by their ids"]);
        check("steps: {a: {env: {FO«O: x}}}\n", "", &[]);
    }

    #[test]
    fn words_are_explained_by_the_schema() {
        check("steps: {b: {needs: {a: ca«tch}}}\n", "catch", &["**catch**: "]);
        check("steps: {b: {goto: [{to: b, in_flight: dra«in}]}}\n", "drain", &["**drain**: "]);
    }

    #[test]
    fn durations_are_told_in_words() {
        check("steps: {a: {timeout: 9«0m}}\n", "90m", &["1 h 30 min"]);
        check("steps: {a: {sleep: 1«00000ms}}\n", "100000ms", &["1 min 40 s"]);
        check("steps: {a: {name: 9«0m}}\n", "", &[]);
        check("steps: {a: {timeout: 9«0}}\n", "", &[]);
    }

    #[test]
    fn a_step_says_what_it_does_and_what_leads_to_it() {
        let text = "steps:\n  a: {run: \"# c\\nmake `all`\", name: Build, description: Makes it}\n  b: {needs: {«a: catch}, approval: {message: Well?}, goto: [{to: a, on: rejected, max: 3}]}\n";
        check(text, "a", &["**a** (`run`): Build", "Makes it", "`` make `all` ``"]);
        let text = text.replace('«', "").replace("b: {", "b«: {");
        check(
            &text,
            "b",
            &["**b** (`approval`)", "`Well?`", "Needs `a` (catch)", "Goes back to `a` when rejected, at most 3"],
        );
        check(
            "steps: {«p: {http: {url: u, json: {}}, repeat: {until: x, max: 2}}}\n",
            "p",
            &["`POST u`", "Comes again until x, at most 2"],
        );
    }

    #[test]
    fn inputs_outputs_secrets_and_items_are_told() {
        check(
            "inputs: {n: {type: integer, default: 2, minimum: 1, description: How many}}\nsteps: {a: {run: x, if: inputs.«n > 1}}\n",
            "n",
            &["**n**: integer, at least `1`, default `2`, may be left out", "How many"],
        );
        check("inputs: {n: {type: string}}\nsteps: {a: {run: 'x {{ inputs.«n }}'}}\n", "n", &["must be given"]);
        check(
            "steps: {a: {run: x, outputs: {v: {type: string}}}, b: {needs: a, run: 'x {{ steps.a.outputs.«v }}'}}\n",
            "v",
            &["**v**: string, output of `a`"],
        );
        check("steps: {a: {set: {«v: 1 + 1}}}\n", "v", &["output of `a`: `1 + 1`"]);
        check("secrets: [«T]\nsteps: {}\n", "T", &["a secret"]);
        check("steps: {a: {foreach: {items: inputs.l, as: i}, run: 'x {{ «i }}'}}\n", "i", &["the item of `inputs.l`"]);
    }
}
