//! Whatever text is given, expressions, templates and scripts answer: they neither panic nor end the process, and they end soon.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use loopline_core::expr::{Cel, Dialect, Place, Scope, Script, Template, TemplateValue, Type};
use proptest::prelude::*;
use serde_json::json;

/// Copies of `ab ` in a long text; without optimisation the crate of regular expressions is a hundred times slower.
const LONG: usize = if cfg!(debug_assertions) { 500 } else { 20_000 };
/// As much as a thread of tokio has.
const STACK: usize = 2 * 1024 * 1024;
/// 200 ms are promised, and kept on an idle machine; tests share theirs, and a build without optimisation is slower still.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 4_000 } else { 800 });

fn scope() -> Scope {
    let numbers: Vec<_> = (0..1_000).collect();
    let json = json!({
        "a": [1], "b": "text", "c": true, "list": numbers, "text": "ab ".repeat(LONG),
        "inputs": {"service": "api", "tags": ["x", "y"], "none": null}, "v": "value",
    });
    match json {
        serde_json::Value::Object(map) => map,
        _ => Scope::new(),
    }
}

/// What stands in the scope, as types.
fn types() -> BTreeMap<String, Type> {
    scope().iter().map(|(name, value)| (name.clone(), Type::of_json(value))).collect()
}

/// Runs on a thread with a small stack; how long it took.
fn on_small_stack(work: impl FnOnce() + Send + 'static) -> Duration {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    thread.expect("a thread can be started").join().expect("does not panic")
}

fn everything_of_cel(source: String) -> bool {
    let cel = Cel::new(source);
    let accepted = cel.check().is_ok();
    let _ = (
        cel.references(),
        cel.check_types(&BTreeMap::new()),
        cel.normal_form(),
        cel.eval(&scope()),
        cel.eval_bool(&scope()),
    );
    accepted
}

/// The longest accepted expression of a shape, and the first one beyond it, fit on the stack.
fn check_shape(name: &'static str, shape: impl Fn(usize) -> String) {
    let accepted = |count: usize| {
        let source = shape(count);
        source.len() <= 4096 && {
            let mut accepted = false;
            std::thread::scope(|threads| {
                let thread = std::thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(threads, || everything_of_cel(source))
                    .expect("a thread can be started");
                accepted = thread.join().unwrap_or_else(|_| panic!("{name} × {count} panics"));
            });
            accepted
        }
    };
    let (mut low, mut high) = (1, 4096);
    assert!(accepted(low), "{name}");
    while high - low > 1 {
        let middle = (low + high) / 2;
        if accepted(middle) { low = middle } else { high = middle }
    }
    // Far beyond every bound.
    let source = shape(50_000);
    on_small_stack(move || assert!(!everything_of_cel(source)));
}

#[test]
fn the_deepest_accepted_expressions_fit_on_a_small_stack() {
    check_shape("1+1", |n| vec!["1"; n].join("+"));
    check_shape("1*1", |n| vec!["1"; n].join("*"));
    check_shape("1<1", |n| vec!["1"; n].join("<"));
    check_shape("a in a", |n| vec!["a"; n].join(" in "));
    check_shape("a&&a", |n| vec!["c"; n].join("&&"));
    check_shape("a||a", |n| vec!["!c"; n].join("||"));
    check_shape("((1))", |n| "(".repeat(n) + "1" + &")".repeat(n));
    check_shape("[[1]]", |n| "[".repeat(n) + "1" + &"]".repeat(n));
    check_shape("{1:{1:1}}", |n| "{1:".repeat(n) + "1" + &"}".repeat(n));
    check_shape("a[a[0]]", |n| "a[".repeat(n) + "0" + &"]".repeat(n));
    check_shape("a[0][0]", |n| "a".to_owned() + &"[0]".repeat(n));
    check_shape("a.a.a", |n| vec!["a"; n].join("."));
    check_shape("size(size(a))", |n| "size(".repeat(n) + "a" + &")".repeat(n));
    check_shape("b.trim().trim()", |n| "b".to_owned() + &".trim()".repeat(n));
    check_shape("b.contains(b.contains(b))", |n| "b.contains(".repeat(n) + "b" + &")".repeat(n));
    check_shape("!!!c", |n| "!".repeat(n) + "c");
    check_shape("---1", |n| "-".repeat(n) + "1");
    check_shape("!(!(c))", |n| "!(".repeat(n) + "c" + &")".repeat(n));
    check_shape("c?1:c?1:2", |n| "c?1:".repeat(n) + "2");
    check_shape("c?(c?(1):2):2", |n| "c?(".repeat(n) + "1" + &"):2".repeat(n));
    check_shape("list.map(x,list.map(x,x))", |n| "a.map(x,".repeat(n) + "x" + &")".repeat(n));
    check_shape("list.map(x,x).map(x,x)", |n| "a".to_owned() + &".map(x,x)".repeat(n));
    check_shape("has(a.b)?a.b:…", |n| "has(a.b)?a.b:".repeat(n) + "1");
    check_shape("1+(1*(1+…", |n| "1+1*1<(".repeat(n) + "1" + &")".repeat(n));
}

#[test]
fn the_most_expensive_expressions_end_in_time() {
    let check = |source: &'static str| {
        let took = on_small_stack(move || {
            let _ = Cel::new(source).eval(&scope());
        });
        assert!(took <= LONGEST, "{source} took {took:?}");
    };
    check("list.map(a, list.map(b, list.map(c, list.map(d, a + b + c + d))))");
    check("list.all(a, list.all(b, a in list || b in list))");
    check("list.exists(a, list.exists(b, list.exists(c, a.x == 1)))");
    check("list.map(a, text + text + text)");
    check("list.map(a, text.replace('', text))");
    check("list.map(a, text.split(''))");
    check("list.map(a, text.contains(text))");
    check("list.map(a, text.indexOf('ba'))");
    check("list.map(a, text.lowerAscii() == text.upperAscii())");
    check("list.map(a, list == list)");
    check("list.map(a, [list, list, list])");
    check("list.map(a, text.matches('(a|b|ab)*c'))");
    check("list.map(a, text.matches('[ab ]*a[ab ]{20}c'))");
    check("list.map(a, text.matches('(\\\\pL{5}|\\\\w+ ){10}!'))");
    check("list.map(a, text.matches('x' + string(a)))");
    check("text.matches('(?i)(a?){50}a{50}')");
    check("list.map(a, size(text))");
    check("list.map(a, text.substring(1))");
    check("list.map(a, string(a)).join(text)");
    check("list.map(a, {'a': list, 'b': text})");
}

#[test]
fn the_most_expensive_templates_end_in_time() {
    let check = |source: String| {
        let short: String = source.chars().take(60).collect();
        let took = on_small_stack(move || {
            let _ = Template::new(source.clone()).render(&scope(), Place::Plain);
            let _ = Script::new(source, Dialect::Posix).render(&scope());
        });
        assert!(took <= 2 * LONGEST, "{short} took {took:?}");
    };
    check("{{#each list}}{{#each list}}{{#each list}}{{this}}{{/each}}{{/each}}{{/each}}".to_owned());
    check("{{#each list}}{{cel \"list.map(a, list.map(b, a + b))\"}}{{/each}}".to_owned());
    check("{{#each list}}{{json list}}{{/each}}".to_owned());
    check("{{#each list}}{{replace text \"a\" text}}{{/each}}".to_owned());
    check("{{upper text}}".repeat(2_000));
    check("{{#if c}}".repeat(16) + "x" + &"{{/if}}".repeat(16));
    check("echo {{#if c}}a{{else}}b{{/if}} ".repeat(500));
    check("{{#each list}}".repeat(16) + "x" + &"{{/each}}".repeat(16));
}

#[test]
fn what_nests_too_deeply_is_refused_on_a_small_stack() {
    for open in
        ["{{#if c}}", "{{#each list}}", "{{upper (", "{{", "{{a.[", "{{#", "{{cel \"(", "$(", "\"$(", "${x:-", "(("]
    {
        on_small_stack(move || {
            let text = open.repeat(20_000) + "{{ v }}";
            let _ = Template::new(text.clone()).check();
            assert!(Script::new(text, Dialect::Posix).check().is_err(), "{open}");
        });
    }
}

/// Text made of pieces that mean something, so that it comes deeper than noise does.
fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(pieces).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

const CEL: &[&str] = &[
    "a",
    "list",
    "text",
    "inputs",
    ".",
    "service",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "'x'",
    "\"",
    "'",
    "\\",
    "1",
    "0.5",
    "9999999999",
    "u",
    "0x",
    "1e9",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    "&&",
    "||",
    "?",
    ":",
    ",",
    " in ",
    "has(",
    ".map(x,",
    ".filter(x,",
    ".all(x,",
    ".exists(",
    "x",
    "size(",
    ".matches(",
    "'['",
    "null",
    "true",
    "false",
    "type(",
    "int",
    "string(",
    "int(",
    "timestamp(",
    "duration(",
    "'1h'",
    "'2024-01-01T00:00:00Z'",
    ".getHours()",
    ".split(",
    ".join(",
    ".substring(",
    "//",
    "\n",
    " ",
    "r'",
    "'''",
    "b'",
    "{{",
    "é",
    "\\u00",
    "-9223372036854775808",
];

const TEMPLATE: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{#if ",
    "{{#each ",
    "{{#unless ",
    "{{/if}}",
    "{{/each}}",
    "{{/unless}}",
    "{{else}}",
    "{{else if ",
    "{{~",
    "~}}",
    "{{!",
    "{{!--",
    "--}}",
    "\\{{",
    "\\\\{{",
    "inputs.service",
    "inputs.tags",
    "this",
    "@index",
    "@key",
    "secrets.A",
    "list",
    "text",
    "v",
    "default ",
    "json ",
    "upper ",
    "join ",
    "replace ",
    "date ",
    "cel ",
    "\"",
    "'",
    "(",
    ")",
    "[",
    "]",
    ".",
    "..",
    "/",
    "=",
    "|",
    "1",
    "-",
    " ",
    "\n",
    "\t",
    "é",
    "\"%Y\"",
    "\"a\"",
    "https://",
    "?",
    "#",
    "&",
    "$",
    "{{ v }}",
    "{{ inputs.service }}",
];

const SCRIPT: &[&str] = &[
    "{{ v }}",
    "{{#if c}}",
    "{{else}}",
    "{{/if}}",
    "{{#each inputs.tags}}",
    "{{/each}}",
    "{{ this }}",
    "'",
    "\"",
    "\\",
    "$",
    "$(",
    "${",
    "x",
    ":-",
    "}",
    "(",
    ")",
    "((",
    "))",
    "$((",
    "[",
    "]",
    "[[ ",
    " ]]",
    " -eq ",
    "`",
    "#",
    "\n",
    " ",
    ";",
    ";;",
    "&",
    "|",
    "<",
    ">",
    "<<",
    "<<-",
    "<<<",
    "EOF",
    "'EOF'",
    "echo ",
    "eval ",
    "case ",
    " in ",
    "esac",
    "if ",
    "then ",
    "fi ",
    "for ",
    "do ",
    "done ",
    "=",
    "a=",
    "a=(",
    "$'",
    "$\"",
    "sh -c ",
    "ssh ",
    "2",
    "é",
    "\t",
];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn any_text_is_an_expression_or_an_error(source in soup(CEL)) {
        let cel = Cel::new(source.clone());
        match cel.check() {
            Ok(()) => {
                for reference in cel.references().expect("is accepted") {
                    prop_assert!(source.get(reference.span).is_some());
                }
                let typed = cel.check_types(&types());
                for problem in &typed.problems {
                    prop_assert!(problem.error.span.clone().is_some_and(|span| source.get(span).is_some()));
                }
                match cel.eval(&scope()) {
                    Ok(value) => prop_assert!(typed.ty.admits(&value), "{} is {}, not {}", source, value, typed.ty),
                    Err(error) => prop_assert!(error.span.is_none_or(|span| source.get(span).is_some())),
                }
            }
            Err(error) => prop_assert!(error.span.is_none_or(|span| source.get(span).is_some())),
        }
    }

    #[test]
    fn any_text_is_a_template_or_errors(source in soup(TEMPLATE)) {
        let template = Template::new(source.clone());
        match template.check() {
            Ok(()) => {
                for reference in template.references().expect("is accepted") {
                    prop_assert!(source.get(reference.span).is_some());
                }
                for place in [Place::Plain, Place::Url, Place::Header] {
                    if let Err(error) = template.render(&scope(), place) {
                        prop_assert!(error.span.is_none_or(|span| source.get(span).is_some()));
                    }
                }
                for problem in template.check_types(&types()) {
                    prop_assert!(problem.error.span.is_some_and(|span| source.get(span).is_some()));
                }
                let _ = template.render_value(&scope());
                let _ = TemplateValue::new(json!({"a": [source]})).render_json(&scope());
            }
            Err(errors) => {
                for error in errors {
                    prop_assert!(error.span.is_none_or(|span| source.get(span).is_some()), "{:?}", error.message);
                }
            }
        }
    }

    #[test]
    fn any_text_is_a_script_or_errors(source in soup(SCRIPT)) {
        for dialect in [Dialect::Posix, Dialect::Other] {
            let script = Script::new(source.clone(), dialect);
            match script.check() {
                Ok(()) => {
                    for problem in script.check_types(&types()) {
                        prop_assert!(problem.error.span.is_some_and(|span| source.get(span).is_some()));
                    }
                    if let Err(error) = script.render(&scope()) {
                        prop_assert!(error.span.is_none_or(|span| source.get(span).is_some()));
                    }
                }
                Err(errors) => {
                    for error in errors {
                        prop_assert!(error.span.is_none_or(|span| source.get(span).is_some()));
                    }
                }
            }
        }
    }

    #[test]
    fn noise_does_no_harm(source in any::<String>()) {
        let _ = Cel::new(source.clone()).check();
        let _ = Template::new(source.clone()).check();
        let _ = Template::new(format!("{{{{ {source} }}}}")).check();
        let _ = Template::new(format!("{{{{cel \"{source}\"}}}}")).check();
        let _ = Script::new(format!("{source}{{{{ v }}}}"), Dialect::Posix).check();
    }
}
