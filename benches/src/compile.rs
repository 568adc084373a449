//! Text to graph: 1,000 and 10,000 steps, with every check. The raw limit is reading the same text as a tree of YAML and nothing else.

use std::fmt::Write as _;
use std::time::Instant;

use crate::cost;
use crate::{Figure, in_turns};

/// A pipeline as people write them: chains with joins, loops, templates, expressions.
pub fn pipeline(steps: usize) -> String {
    let mut text = String::from("version: 1\nname: large\ninputs: {who: {type: string, default: x}}\nsteps:\n");
    for at in 0..steps {
        let _ = write!(text, "  s{at}:\n    run: echo \"step {at} for {{{{ inputs.who }}}}\"\n");
        if at % 10 > 0 {
            let _ = writeln!(text, "    needs: s{}", at - 1);
        } else if at >= 10 {
            let _ = writeln!(text, "    needs: {{s{}: always, s{}: succeeded}}", at - 10, at - 1);
        }
        if at % 10 == 9 {
            let _ = writeln!(text, "    goto: [{{to: s{}, on: failed, max: 3}}]", at - 5);
        }
        if at % 10 == 5 {
            let _ = writeln!(text, "    if: inputs.who != \"nobody\"");
        }
    }
    text
}

/// Compiles one pipeline, in a process of its own; a profiler may look at it too.
pub fn compile_one(steps: usize) {
    cost::print(&pipeline(steps));
}

pub fn figures() -> Vec<Figure> {
    let mut times = Vec::new();
    for steps in [1_000, 10_000] {
        let text = pipeline(steps);
        let compiled = loopline_dsl::compile(&text);
        assert!(
            compiled.graph.is_some(),
            "{}",
            loopline_dsl::render_pretty("bench", &text, &compiled.diagnostics, false)
        );
        times.push(in_turns(
            5,
            || {
                let began = Instant::now();
                assert!(loopline_dsl::compile(&text).graph.is_some());
                began.elapsed().as_secs_f64()
            },
            || {
                let began = Instant::now();
                assert!(loopline_dsl::yaml::read(&text).root.is_some());
                began.elapsed().as_secs_f64()
            },
        ));
    }
    let peak = cost::in_own_process(&["compile", "10000"]).mib * 1.048_576;
    let text_mb = pipeline(10_000).len() as f64 / 1e6;
    let line = |what, (ours, raw): (f64, f64), expected| Figure {
        what,
        measured: format!("{:.1} ms", ours * 1e3),
        raw: format!("{:.1} ms to read the YAML", raw * 1e3),
        ratio: ours / raw,
        expected,
    };
    vec![
        line("parse and compile 1,000 steps", times[0], "≤ 10 ms"),
        line("parse and compile 10,000 steps", times[1], "≤ 100 ms"),
        Figure {
            what: "10,000 steps against 1,000",
            measured: format!("{:.1} ms", times[1].0 * 1e3),
            raw: format!("{:.1} ms for 1,000", times[0].0 * 1e3),
            ratio: times[1].0 / times[0].0,
            expected: "≤ 11",
        },
        Figure {
            what: "peak memory of 10,000 steps",
            measured: format!("{:.1} MB", peak),
            raw: format!("{:.1} MB of text", text_mb),
            ratio: peak / text_mb,
            expected: "≤ 100 MB",
        },
    ]
}
