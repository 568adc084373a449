//! Hostile text is refused, in time and space that do not depend on what it says (T1).
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the tests look at a clock; the compiler does not"
)]

mod hostile;

use std::time::{Duration, Instant};

use loopline_dsl::{Code, compile, render_pretty, to_json};
use proptest::prelude::*;

/// Generous for a build without optimisation on a busy machine; the contract of 250 ms is measured in `benches`.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });

/// Compiles, renders, and expects the code first among the errors.
fn check(text: &str, expect: Code) {
    let start = Instant::now();
    let compiled = compile(text);
    let took = start.elapsed();
    let codes: Vec<_> = compiled.diagnostics.iter().map(|diagnostic| diagnostic.code).take(5).collect();
    assert!(codes.contains(&expect), "{codes:?} instead of {expect:?}");
    assert!(compiled.graph.is_none());
    assert!(took < LONGEST, "{took:?} for {expect:?}");
    assert!(!render_pretty("hostile.yaml", text, &compiled.diagnostics[..1], false).is_empty());
    assert!(!to_json(text, &compiled.diagnostics[..1]).is_empty());
}

#[test]
fn too_much_text() {
    check(&"# comment\n".repeat(200_000), Code::TextTooLarge);
}

#[test]
fn open_brackets() {
    check(&"[".repeat(200_000), Code::TooDeep);
    check(&"{a: ".repeat(200_000), Code::TooDeep);
    check(&"- ".repeat(200_000), Code::TooDeep);
    check(&"? ".repeat(200_000), Code::TooDeep);
    check(&(0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>(), Code::TooDeep);
}

#[test]
fn alias_bombs() {
    let mut bomb = String::from("x-a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..40 {
        bomb.push_str(&format!("x-a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    check(&bomb, Code::TooManyNodes);
    let mut merges = String::from("x-m0: &m0 {k: v}\n");
    for level in 1..100 {
        merges.push_str(&format!(
            "x-m{level}: &m{level} {{<<: [{}], k{level}: v}}\n",
            vec![format!("*m{}", level - 1); 9].join(", ")
        ));
    }
    check(&merges, Code::TooManyNodes);
    // One large text, named often.
    check(&format!("x-a: &a {}\nx-b: [{}]\n", "x".repeat(500_000), vec!["*a"; 50_000].join(", ")), Code::TooManyNodes);
    // Depth by aliases.
    let mut deep = String::from("x-a0: &a0 [a]\n");
    for level in 1..100 {
        deep.push_str(&format!("x-a{level}: &a{level} [*a{}]\n", level - 1));
    }
    check(&deep, Code::TooDeep);
}

#[test]
fn too_many_values_and_steps() {
    check(&format!("x: [{}]", "a, ".repeat(150_000)), Code::TooManyNodes);
    let steps: String = (0..10_001).map(|step| format!("  s{step}: {{run: a}}\n")).collect();
    check(&format!("version: 1\nname: p\nsteps:\n{steps}"), Code::TooManySteps);
}

#[test]
fn too_much_environment() {
    let env: String = (0..2_000).map(|name| format!("  V{name}: a\n")).collect();
    let steps: String = (0..1_000).map(|step| format!("  s{step}: {{run: a}}\n")).collect();
    check(&format!("version: 1\nname: p\nenv:\n{env}steps:\n{steps}"), Code::TooMuchForEachStep);
}

#[test]
fn forbidden_characters() {
    check("version: 1\nname: p\u{0}\n", Code::ForbiddenCharacter);
    check("version: 1\nname: \u{1b}[0m\n", Code::ForbiddenCharacter);
    check("# before\n%Y\u{e9}L 1.2\n---\nversion: 1\n", Code::ForbiddenCharacter);
}

#[test]
fn a_hundred_thousand_wrong_names() {
    let keys: String = (0..40_000).map(|key| format!("ke{key}: 1\n")).collect();
    let compiled = compile(&keys);
    assert_eq!(compiled.diagnostics.len(), 1_001);
    assert_eq!(compiled.diagnostics.last().map(|last| last.code), Some(Code::TooManyFindings));
    let needs: String = (0..30_000).map(|name| format!("na{name}, ")).collect();
    check(&format!("version: 1\nname: p\nsteps: {{b: {{run: a, needs: [{needs}]}}}}"), Code::UnknownStep);
    let holes = "a: {{ x }}\n".repeat(20_000);
    check(&holes, Code::UnquotedTemplate);
}

#[test]
fn long_chains_and_wide_meshes_are_compiled() {
    let start = Instant::now();
    let chain: String = (1..10_000)
        .map(|step| format!("  s{step}: {{needs: s{}, run: a, goto: [{{to: s0, max: 2}}]}}\n", step - 1))
        .collect();
    let compiled = compile(&format!("version: 1\nname: p\nsteps:\n  s0: {{run: a}}\n{chain}"));
    assert!(compiled.graph.is_some());
    let cycle: String =
        (0..5_000).map(|step| format!("  s{step}: {{needs: s{}, run: a}}\n", (step + 1) % 5_000)).collect();
    let compiled = compile(&format!("version: 1\nname: p\nsteps:\n{cycle}"));
    assert_eq!(compiled.diagnostics.first().map(|first| first.code), Some(Code::NeedsCycle));
    assert!(start.elapsed() < LONGEST * 4, "{:?}", start.elapsed());
}

#[test]
fn types_that_are_expensive_to_put_together() {
    let object = |kind: &str| {
        let fields: Vec<String> = (0..400).map(|field| format!("field{field}: {{type: {kind}}}")).collect();
        format!("{{type: object, additionalProperties: false, properties: {{{}}}}}", fields.join(", "))
    };
    let inputs = format!("inputs: {{a: {}, b: {}}}", object("string"), object("integer"));
    let check = |expression: String| {
        assert!(expression.len() <= 4_096, "{}", expression.len());
        let values: String = (0..200).map(|value| format!("      v{value}: '{expression}'\n")).collect();
        let start = Instant::now();
        let compiled = compile(&format!("version: 1\nname: p\n{inputs}\nsteps:\n  s:\n    set:\n{values}"));
        assert!(!compiled.diagnostics.is_empty());
        assert!(start.elapsed() < LONGEST * 4, "{}: {:?}", &expression[..40], start.elapsed());
    };
    check(format!("[{}]", vec!["inputs.a, inputs.b"; 200].join(", ")));
    check(format!("[{}].map(x, x.nope)", vec!["inputs"; 400].join(", ")));
    check(vec!["inputs.a.feild1"; 200].join(" + "));
    check(vec!["inputs[inputs.a.field1]"; 150].join(" + "));
    check((0..180).map(|n| format!("inputs.a != \"{n}\"")).collect::<Vec<_>>().join(" && "));
    check(vec!["(inputs.a.field1 == null ? inputs.a : inputs.b)"; 80].join(" == "));
    check(format!("[1]{}", ".map(x, {\"a\": x, \"b\": x})".repeat(140)));
}

#[test]
fn schemas_cannot_lead_anywhere() {
    check("version: 1\nname: p\ninputs: {a: {$ref: '#', default: 1}}\nsteps: {a: {run: a}}\n", Code::InvalidSchema);
    check(
        "version: 1\nname: p\ninputs: {a: {allOf: [{$ref: 'http://127.0.0.1/'}]}}\nsteps: {a: {run: a}}\n",
        Code::InvalidSchema,
    );
}

/// Pieces that meet the compiler's branches more often than random letters do.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "version: 1\n",
        "name: p\n",
        "steps:\n",
        "  a: ",
        "  b:\n",
        "    run: x\n",
        "{run: x}\n",
        "    needs: a\n",
        "{needs: b, run: y}\n",
        "{{ inputs.x }}",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "    ",
        "\n",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ": ",
        ", ",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "!x ",
        "---\n",
        "...\n",
        "# c\n",
        "é",
        "\u{2028}",
        "\t",
        "\\",
        "%YAML 1.2\n",
        "goto: [{to: a, on: failed, max: 2}]\n",
        "if: steps.a.outputs.x == 1\n",
        "inputs: {x: {type: string}}\n",
        "approval: {message: \"{{ x }}\"}\n",
        "? ",
        "@",
        "`",
        "~",
        "0x",
        "1e5",
        "\r\n",
        "\u{feff}",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let compiled = compile(&text);
        prop_assert!(compiled.graph.is_some() != compiled.has_errors());
        render_pretty("p.yaml", &text, &compiled.diagnostics, true);
    }

    #[test]
    fn any_pieces_are_answered(text in pieces()) {
        let compiled = compile(&text);
        prop_assert!(compiled.graph.is_some() != compiled.has_errors());
        render_pretty("p.yaml", &text, &compiled.diagnostics, false);
        for found in to_json(&text, &compiled.diagnostics) {
            prop_assert!(found.line >= 1 && found.column >= 1);
        }
    }
}

/// What that costs is measured in `benches`.
#[test]
fn every_hostile_text_is_answered() {
    let mut wrong = Vec::new();
    for hostile::Hostile { name, size, text, expect } in hostile::ALL {
        // Without optimisation a tenth is as good: what is refused for its size is refused for the size of the whole.
        let text = text(if expect.is_some() { *size } else { size / 10 });
        let compiled = compile(&text);
        let fits = match expect {
            Some(code) => compiled.diagnostics.iter().any(|found| found.code.as_str() == *code),
            None => compiled.graph.is_some(),
        };
        if !fits {
            let found: Vec<_> = compiled.diagnostics.iter().map(|found| found.code).take(5).collect();
            wrong.push(format!("{name}: {found:?} instead of {expect:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
