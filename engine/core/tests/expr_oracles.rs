//! Our own grammars against those they are taken from: expressions against the `cel` crate, templates against `handlebars`.
//!
//! Neither crate is a part of the engine. Where we differ from them on purpose, the difference is named here.

use handlebars::{Handlebars, no_escape};
use loopline_core::expr::{Cel, Place, Scope, Template};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn scope() -> Scope {
    let json = json!({
        "i": 7, "j": -3, "d": 2.5, "s": "abc", "t": "b", "yes": true, "no": false, "none": null,
        "list": [1, 2, 3], "words": ["a", "b", "c"], "map": {"k": 1, "m": {"n": "deep"}}, "empty": [],
    });
    match json {
        Json::Object(map) => map,
        _ => Scope::new(),
    }
}

/// What the `cel` crate makes of an expression: none where it gives an error.
fn theirs(source: &str) -> Option<Json> {
    let program = cel::Program::compile(source).ok()?;
    let mut context = cel::Context::default();
    for (name, value) in scope() {
        context.add_variable_from_value(name, cel::to_value(value).expect("JSON is a value"));
    }
    to_json(&program.execute(&context).ok()?)
}

fn to_json(value: &cel::Value) -> Option<Json> {
    Some(match value {
        cel::Value::Null => Json::Null,
        cel::Value::Bool(value) => json!(value),
        cel::Value::Int(value) => json!(value),
        cel::Value::UInt(value) => json!(value),
        cel::Value::Float(value) if value.is_finite() => json!(value),
        cel::Value::String(text) => json!(text.as_str()),
        cel::Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        _ => return None,
    })
}

/// Expressions that are right by the grammar, of values that mostly fit together.
fn expression() -> impl Strategy<Value = String> {
    const LEAVES: &[&str] = &[
        "i",
        "j",
        "d",
        "s",
        "t",
        "yes",
        "no",
        "none",
        "list",
        "words",
        "map",
        "map.k",
        "map.m.n",
        "map['k']",
        "list[0]",
        "words[2]",
        "list[9]",
        "map.z",
        "1",
        "0",
        "-4",
        "2.0",
        "0.5",
        "3u",
        "'abc'",
        "\"b\"",
        "true",
        "false",
        "null",
        "[]",
        "[1, 'b']",
        "{'k': 1}",
        "size(s)",
        "size(list)",
        "has(map.k)",
        "has(map.z)",
        "string(i)",
        "int('12')",
        "double(i)",
        "words.exists(x, x == 'b')",
        "list.all(x, x > 0)",
        "list.map(x, x * 2)",
        "list.filter(x, x > 1)",
        "list.exists_one(x, x == 1)",
        "s.startsWith('a')",
        "s.contains(t)",
        "s.matches('^a.c$')",
    ];
    const BINARY: &[&str] = &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", " in "];
    let leaf = proptest::sample::select(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            4 => (inner.clone(), proptest::sample::select(BINARY), inner.clone()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : {c}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("[1, 2].map(y, {a} == {b} ? y : 0)")),
        ]
    })
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(2_000))]

    /// What CEL gives, we give. Where CEL gives an error we may give a value: numbers of different types compute together.
    #[test]
    fn expressions_mean_what_they_mean_in_cel(source in expression()) {
        let ours = Cel::new(&source).eval(&scope()).map_err(|error| error.message);
        if let Some(expect) = theirs(&source) {
            // The crate adds a map to a list; CEL does not.
            let adds_map = ours.as_ref().is_err_and(|message| message.starts_with("`+` does not work on a list and"));
            prop_assert!(adds_map || ours == Ok(expect.clone()), "{}: {:?}, not {:?}", source, ours, expect);
        }
    }

    /// What we read as an expression, CEL does as well.
    #[test]
    fn we_accept_no_other_grammar_than_cel(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 1..10)) {
        let source = pieces.concat();
        if Cel::new(&source).check().is_ok() {
            prop_assert!(cel::Program::compile(&source).is_ok(), "{}", source);
        } else if cel::Program::compile(&source).is_ok() {
            let message = Cel::new(&source).check().map_err(|error| error.message).expect_err("is refused");
            let known = ["there is no function", "takes", "is called on", "is not called on", "asks for a field", "name for the element", "reserved", "begin with a dot", "message type", "out of range", "`,` is not expected"];
            prop_assert!(known.iter().any(|part| message.contains(part)), "{}: {}", source, message);
        }
    }
}

/// Tokens, so that many rows of them are an expression.
const PIECES: &[&str] = &[
    "i",
    "s",
    ".k",
    "map",
    "[0]",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "'a'",
    "1",
    "2.5",
    "3u",
    "+",
    "-",
    "*",
    " in ",
    "==",
    "<",
    "&&",
    "||",
    "!",
    "?",
    ":",
    ",",
    " ",
    "size(",
    "has(map.k)",
    ".all(x, ",
    "x",
    "null",
    "true",
];

/// What the `handlebars` crate makes of a template, strictly.
fn handlebars(source: &str) -> Result<String, String> {
    let mut registry = Handlebars::new();
    registry.register_escape_fn(no_escape);
    registry.set_strict_mode(true);
    registry.render_template(source, &scope()).map_err(|error| error.to_string())
}

fn check(source: &str) {
    let ours = Template::new(source).render(&scope(), Place::Plain).map_err(|error| error.message);
    let ours = ours.map(|text| text.as_plain().unwrap_or_default().to_owned());
    assert_eq!(ours, handlebars(source), "{source:?}");
}

#[test]
fn templates_mean_what_they_mean_in_handlebars() {
    check("a {{ s }} b {{map.m.n}} {{ list.[0] }} {{ words.1 }}");
    check("{{#if yes}}a{{else}}b{{/if}} {{#if no}}a{{else if yes}}c{{else}}b{{/if}} {{#unless no}}d{{/unless}}");
    check("{{#each words}}{{@index}}:{{this}}{{#if @first}}!{{/if}}{{#unless @last}}, {{/unless}}{{/each}}");
    check("{{#each empty}}a{{else}}none{{/each}}");
    check("{{#each map.m}}{{@key}}={{this}}{{/each}}");
    check("\\{{ s }} \\\\{{ s }} } }} {");
    check("a  {{~ s ~}}  b {{~#if yes~}} c {{~else~}} d {{~/if~}} e");
    check("{{! a comment }}x{{!-- with }} in it --}}y");
}

/// Pieces of templates, white space above all. `~` is left out: the crate forgets at the next tag what it asked for.
const LAYOUT: &[&str] = &[
    "{{ s }}",
    "{{! c }}",
    "{{!-- c --}}",
    "{{#if yes}}",
    "{{#if no}}",
    "{{#unless no}}",
    "{{else}}",
    "{{/if}}",
    "{{/unless}}",
    "{{#each words}}",
    "{{/each}}",
    "{{this}}",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "a",
    "b\n",
    " c ",
    "x",
];

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn white_space_goes_where_it_goes_in_handlebars(pieces in proptest::collection::vec(proptest::sample::select(LAYOUT), 1..12)) {
        // At the very end, the crate does not see that a line of white space ends.
        let source = pieces.concat() + "x";
        let template = Template::new(&source);
        // Inside `each`, names mean with us what they mean outside: `{{#if yes}}` asks there for another `yes`.
        let differs = source.contains("{{#each") && (source.contains("#if") || source.contains("#unless"));
        if template.check().is_err() || differs {
            return Ok(());
        }
        let ours = template.render(&scope(), Place::Plain).map_err(|error| error.message);
        let ours = ours.map(|text| text.as_plain().unwrap_or_default().to_owned());
        match handlebars(&source) {
            Ok(theirs) => prop_assert_eq!(ours, Ok(theirs), "{:?}", source),
            // Inside `each`, names mean with us what they mean outside.
            Err(error) => prop_assert!(source.contains("{{#each") && error.contains("strict mode"), "{:?}: {}", source, error),
        }
    }
}
