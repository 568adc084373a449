//! YAML → compile: any text is answered, with findings that lie inside of it, and its answers can be shown.

use loopline_dsl::{compile, compile_step_type, render_pretty, to_json};
use loopline_fuzz::{Language, files, soon};

const PIECES: &[&str] = &[
    "\n",
    "  ",
    "    ",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "\"",
    "'",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "#",
    "---\n",
    "...\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{2028}",
    "\\",
    "null",
    "~",
    "true",
    "0x1f",
    "1e999",
    ".inf",
    "-0",
    "{{ ",
    " }}",
    "{{#if x}}",
    "inputs",
    "steps",
    "needs: ",
    "goto: [{to: a, max: 2}]",
    "repeat: {until: true, max: 3}",
    "foreach: {items: [a, b], as: x}",
    "matrix: {axes: {os: [a]}}",
    "join: {at_least: 2}",
    "if: ",
    "run: ",
    "http: {url: x}",
    "approval: {message: x}",
    "wait: {signal: s}",
    "sleep: 1s",
    "pipeline: {steps: {a: {run: x}}}",
    "finally: {z: {run: x}}",
    "use: upload",
    "with: {}",
    "compensate: {run: x, until: b}",
    "concurrency: {group: g}",
    "timeout: 5m",
    "x-y: 1",
    "version: 1\nname: p\nsteps:\n",
    "limits: {visits: 3}",
    "secrets: [S]",
    "env: {A: b}",
    "outputs: {o: stdout}",
];

#[test]
fn any_pipeline_is_answered() {
    let mut seeds = files("examples/pipelines", ".loopline.yaml");
    seeds.extend(files("tests/conformance/compile", ".yaml"));
    let language = Language::new(seeds, PIECES);
    bolero::check!().with_max_len(64).for_each(|bytes: &[u8]| {
        let text = language.text(bytes);
        soon(&text, |text| {
            let compiled = compile(text);
            // An error is what keeps a file from running, and nothing else does.
            assert_eq!(compiled.graph.is_none(), compiled.has_errors(), "{text}");
            render_pretty("any.yaml", text, &compiled.diagnostics, true);
            let lines = text.lines().count().max(1);
            for found in to_json(text, &compiled.diagnostics) {
                assert!(found.line >= 1 && found.line <= lines + 1 && found.column >= 1, "{found:?} of\n{text}");
            }
        });
    });
}

#[test]
fn any_step_type_is_answered() {
    let mut seeds = files("examples", ".yaml");
    seeds.push(
        "description: d\ninputs: {a: {type: string}}\noutputs: {o: stdout}\nstep: {run: 'x {{ inputs.a }}'}\n"
            .to_owned(),
    );
    let language = Language::new(seeds, PIECES);
    bolero::check!().with_max_len(64).for_each(|bytes: &[u8]| {
        soon(&language.text(bytes), |text| drop(compile_step_type(text)));
    });
}

#[test]
fn changes_are_neither_all_deadly_nor_all_harmless() {
    let language = Language::new(files("examples/pipelines", ".loopline.yaml"), PIECES);
    let mut state = 1_u32;
    let mut codes = std::collections::BTreeSet::new();
    let mut good = 0;
    for _ in 0..400 {
        let bytes: Vec<u8> = (0..24)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let compiled = compile(&language.text(&bytes));
        good += usize::from(compiled.graph.is_some());
        codes.extend(compiled.diagnostics.iter().map(|found| found.code));
    }
    assert!((20..380).contains(&good), "{good} of 400 compile");
    assert!(codes.len() >= 20, "{codes:?}");
}
