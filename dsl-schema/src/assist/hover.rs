//! What a word means.

use std::ops::Range;

use loopline_core::expr::Type;
use loopline_core::graph::Input;
use serde_json::Value as Json;

use super::Document;
use super::complete::{Naming, about_key};
use super::document::Known;
use super::mentions::{Body, Mention, Subject, step_node};
use super::shape::Shape;
use super::steps::Sketch;
use super::tree::{self, entries, node_at};
use crate::decode::{Cx, json, list};
use crate::duration;
use crate::library::{Contract, Library};
use crate::route::{Route, Segment};
use crate::schema_words;
use crate::uses::bare_name;
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
            && let Some(text) = named(known, mention, self.library())
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
        let text = value_means(value, &shape).or_else(|| {
            let is_pipeline = Naming::at(&found.at) == Some(Naming::Pipeline);
            contract(value, self.library().pipelines.get(bare_name(value)?).filter(|_| is_pipeline)?)
        });
        Some(Hover { range, text: text? })
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

/// What another pipeline asks for and gives back.
fn contract(name: &str, contract: &Contract) -> Option<String> {
    let mut lines = vec![format!("**{name}**: a pipeline")];
    let input = |(name, input): (&String, &Input)| {
        let optional = if input.required { "" } else { ", may be left out" };
        format!("- `{name}`: {}{optional}", schema_words::kind(&input.schema))
    };
    let output = |(name, ty): (&String, &Type)| format!("- `{name}`: {}", ty.described());
    let section = |title: &str, items: Vec<String>| format!("{title}\n\n{}", items.join("\n"));
    if !contract.inputs.is_empty() {
        lines.push(section("It asks for", contract.inputs.iter().map(input).collect()));
    }
    if !contract.outputs.is_empty() {
        lines.push(section("It gives back", contract.outputs.iter().map(output).collect()));
    }
    Some(lines.join("\n\n"))
}

fn named(known: &Known, mention: &Mention, library: &Library) -> Option<String> {
    match &mention.subject {
        Subject::Step { body, id } => step_node(&known.root, body, id).map(|(_, node)| step(id, &node)),
        Subject::Input { body, name } => input(known, body, name),
        Subject::Output { body, step, name } => output(known, body, step, name, library),
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

fn output(known: &Known, body: &Body, step: &str, name: &str, library: &Library) -> Option<String> {
    let (_, node) = step_node(&known.root, body, step)?;
    let child = node.entry("pipeline").map(|entry| &entry.value);
    if let Some(other) = child.and_then(|child| child.entry("name")?.value.scalar()) {
        let ty = library.pipelines.get(bare_name(&other.text)?)?.outputs.get(name)?;
        return Some(format!("**{name}**: {}, given back by the pipeline `{}`", ty.described(), other.text));
    }
    // A pipeline in place says what it gives back beside its steps.
    let places = [Some(&node), child].into_iter().flatten();
    let declared = places.zip([["outputs", "set"], ["outputs", "outputs"]]).find_map(|(node, keys)| {
        let entry = keys.into_iter().find_map(|key| node.entry(key)?.value.entry(name))?;
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
        check_among(marked, word, expect, Library::default());
    }

    fn check_among(marked: &str, word: &str, expect: &[&str], library: Library) {
        let offset = marked.find('«').expect("a cursor");
        let document = Document::new(marked.replace('«', ""), library.into());
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
    fn words_inside_of_steps_and_in_finally_are_told() {
        let text = "steps:\n  a:\n    pipeline:\n      inputs: {who: you}\n      steps:\n        b: {timeout: 90m, run: 'x {{ inputs.who }}', outputs: {v: {type: integer}}}\n        c: {needs: {b: catch}, pipeline: {steps: {d: {name: Deep, run: x}, e: {needs: d, run: x}}}}\n      outputs: {v: steps.b.outputs.v}\n  z: {needs: a, if: steps.a.outputs.v == 1, run: x}\nfinally:\n  f: {run: 'x', if: steps.a.status == \"failed\"}\n  g: {needs: {f: always}, sleep: 5s}\n";
        let at = |before: &str| text.replacen(before, &format!("{before}«"), 1);
        check(&at("b: {timeou"), "timeout", &["Bound of one attempt"]);
        check(&at("b: {timeout: 9"), "90m", &["1 h 30 min"]);
        check(&at("inputs.w"), "who", &["**who**: given to these steps as `you`"]);
        check(&at("outputs: {v: steps."), "b", &["**b** (`run`)"]);
        check(&at("outputs: {v: steps.b.outputs."), "v", &["**v**: integer, output of `b`"]);
        check(&at("c: {needs: {"), "b", &["**b** (`run`)"]);
        check(&at("c: {needs: {b: "), "catch", &["**catch**: "]);
        check(&at("e: {needs: "), "d", &["**d** (`run`): Deep"]);
        check(&at("z: {needs: a, if: steps.a.outputs."), "v", &["**v**, output of `a`: `steps.b.outputs.v`"]);
        check(&at("x', if: steps."), "a", &["**a** (`pipeline`)"]);
        check(&at("g: {needs: {"), "f", &["**f** (`run`)"]);
        check(&at("g: {needs: {f: always}, sleep: "), "5s", &["5 s"]);
        check(&at("\nfin"), "finally", &["ended"]);
    }

    #[test]
    fn what_another_pipeline_asks_for_and_gives_back_is_told() {
        let notify = "version: 1\nname: notify\ninputs: {text: {type: string}, to: {type: string, default: all}}\nsteps: {a: {run: x, outputs: {n: {type: integer}}}}\noutputs: {sent: steps.a.outputs.n}\n";
        let contract = crate::compile(notify).contract.expect("a contract");
        let library = Library { pipelines: [("notify".to_owned(), contract)].into(), ..Library::default() };
        let check = |text: &str, word: &str, expect: &[&str]| check_among(text, word, expect, library.clone());
        check(
            "steps: {a: {pipeline: {name: not«ify}}}\n",
            "notify",
            &["- `text`: string\n", "- `to`: string, may be left out", "It gives back\n\n- `sent`: a number"],
        );
        check("steps: {a: {pipeline: {name: not«hing}}}\n", "", &[]);
        check("steps: {a: {name: not«ify, pipeline: {name: notify}}}\n", "", &[]);
        check(
            "steps: {a: {pipeline: {name: notify}}, b: {needs: a, if: steps.a.outputs.s«ent > 1, run: x}}\n",
            "sent",
            &["**sent**: a number, given back by the pipeline `notify`"],
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
