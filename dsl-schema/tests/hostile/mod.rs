//! Texts that try to make the compiler work: each can be made in any size, so that one can see how its cost grows.
//!
//! `tests/limits.rs` compiles them, and counts on an answer; `benches` measures time and memory, in a process of its own each.

use std::fmt::Write as _;

/// One sort of hostile text.
pub struct Hostile {
    /// What it is called in tables.
    pub name: &'static str,
    /// The largest size that a text of 1 MiB has room for, or that says enough.
    pub size: usize,
    /// Makes it.
    pub text: fn(usize) -> String,
    /// The code of a finding that it must have; none: it compiles.
    pub expect: Option<&'static str>,
}

const HEAD: &str = "version: 1\nname: p\n";

/// A pipeline of one step that has `keys` besides its script.
fn step(keys: &str) -> String {
    format!("{HEAD}steps: {{a: {{run: x, {keys}}}}}\n")
}

/// `count` pieces, one behind the other.
fn many(count: usize, mut piece: impl FnMut(usize, &mut String)) -> String {
    let mut text = String::new();
    for at in 0..count {
        piece(at, &mut text);
    }
    text
}

macro_rules! put {
    ($text:expr, $($format:tt)*) => { let _ = write!($text, $($format)*); };
}

macro_rules! hostile {
    ($($name:literal, $size:literal, $expect:expr, |$n:ident| $text:expr;)*) => {
        /// All of them.
        pub const ALL: &[Hostile] = &[$(Hostile { name: $name, size: $size, text: |$n| $text, expect: $expect },)*];
    };
}

hostile! {
    // ---- the text ----
    "too much text", 2_000_000, Some("LL0002"), |n| "# comment\n".repeat(n / 10);
    "open brackets", 200_000, Some("LL0003"), |n| "[".repeat(n);
    "open braces", 200_000, Some("LL0003"), |n| "{a: ".repeat(n);
    "open dashes", 200_000, Some("LL0003"), |n| "- ".repeat(n);
    "open question marks", 200_000, Some("LL0003"), |n| "? ".repeat(n);
    "open blocks", 1_300, Some("LL0003"), |n| many(n, |at, text| { put!(text, "{:at$}a:\n", ""); });
    "flow in block in flow", 100_000, Some("LL0003"), |n| "a: [{b: ".repeat(n);
    "alias bomb", 40, Some("LL0004"), |n| {
        let bomb = many(n, |at, text| { put!(text, "x-a{}: &a{} [{}]\n", at + 1, at + 1, vec![format!("*a{at}"); 9].join(", ")); });
        format!("x-a0: &a0 [lol]\n{bomb}")
    };
    "merge bomb", 100, Some("LL0004"), |n| {
        let bomb = many(n, |at, text| {
            put!(text, "x-m{}: &m{} {{<<: [{}], k{at}: v}}\n", at + 1, at + 1, vec![format!("*m{at}"); 9].join(", "));
        });
        format!("x-m0: &m0 {{k: v}}\n{bomb}")
    };
    "merges of many keys", 90_000, None, |n| {
        // The same keys over and over: nothing is added by them, but each is looked up.
        let keys = many(300, |at, text| { put!(text, "k{at}: v, "); });
        format!("{HEAD}x-m: &m {{{keys}}}\nx-all: {{<<: [{}]}}\nsteps: {{a: {{run: x}}}}\n", "*m, ".repeat(n / 300))
    };
    "one text, named often", 50_000, Some("LL0004"), |n| format!("x-a: &a {}\nx-b: [{}]\n", "x".repeat(n * 10), "*a, ".repeat(n));
    "depth by aliases", 20_000, Some("LL0003"), |n| {
        format!("x-a0: &a0 [a]\n{}", many(n, |at, text| { put!(text, "x-a{}: &a{} [*a{at}]\n", at + 1, at + 1); }))
    };
    "many anchors", 90_000, None, |n| format!("{HEAD}steps: {{a: {{run: x}}}}\nx-all: [{}]\n", many(n, |at, text| { put!(text, "&a{at} b, "); }));
    "many values", 150_000, Some("LL0004"), |n| format!("x: [{}]", "a, ".repeat(n));
    "many keys", 90_000, Some("LL0020"), |n| many(n, |at, text| { put!(text, "k{at}: 1\n"); });
    "one key, many times", 150_000, Some("LL0006"), |n| "a: 1\n".repeat(n);
    "many tags", 90_000, Some("LL0007"), |n| format!("x: [{}]", "!a b, ".repeat(n));
    "many documents", 150_000, Some("LL0005"), |n| "---\na\n".repeat(n);
    "unquoted templates", 90_000, Some("LL0008"), |n| "a: {{ x }}\n".repeat(n);
    "unquoted templates at the end", 80_000, Some("LL0008"), |n| {
        format!("x: [{}]\n{}", "a, ".repeat(n), "a: {{ x }}\n".repeat(40))
    };
    "nulls", 1_000_000, Some("LL0013"), |n| "\0".repeat(n);
    "lone carriage returns", 150_000, Some("LL0006"), |n| "a: 1\r".repeat(n);
    "line separators", 300_000, None, |n| format!("{HEAD}description: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "\u{2028}".repeat(n));
    "byte order marks", 300_000, None, |n| format!("{HEAD}description: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "\u{feff}".repeat(n));
    "tabs", 1_000_000, Some("LL0001"), |n| format!("a:\n{}b: 1\n", "\t".repeat(n));
    "blank lines in a scalar", 1_000_000, None, |n| format!("{HEAD}description: \"a{} b\"\nsteps: {{a: {{run: x}}}}\n", "\n".repeat(n));
    "escapes", 250_000, None, |n| format!("{HEAD}description: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "\\x41".repeat(n));
    "wrong escapes", 250_000, Some("LL0001"), |n| format!("a: \"{}\"\n", "\\y".repeat(n));
    "a long plain scalar", 1_000_000, None, |n| format!("{HEAD}description: {}\nsteps: {{a: {{run: x}}}}\n", "x".repeat(n));
    "a long folded scalar", 500_000, None, |n| format!("{HEAD}description: >\n{}steps: {{a: {{run: x}}}}\n", "  x\n".repeat(n / 4));
    "a long literal scalar", 1_000_000, None, |n| format!("{HEAD}steps:\n  a:\n    run: |\n{}", "      x\n".repeat(n / 8));
    "comments behind values", 100_000, Some("LL0006"), |n| "a: 1 # c\n".repeat(n);
    "a line of findings", 90_000, Some("LL0020"), |n| format!("{{{}}}", many(n, |at, text| { put!(text, "k{at}: 1, "); }));

    // ---- names ----
    "a hundred thousand wrong names", 60_000, Some("LL0012"), |n| step(&format!("needs: [{}]", many(n, |at, text| { put!(text, "na{at}, "); })));
    "near names, all of them long", 8_000, Some("LL0012"), |n| {
        let steps = many(n / 2, |at, text| { put!(text, "  s{at:061}: {{run: x}}\n"); });
        let needs = many(n / 2, |at, text| { put!(text, "t{at:061}, "); });
        format!("{HEAD}steps:\n{steps}  z: {{run: x, needs: [{needs}]}}\n")
    };
    "a name of a megabyte", 500_000, Some("LL0012"), |n| {
        format!("{HEAD}steps:\n  ? {}\n  : {{run: x}}\n  b: {{run: x, needs: [{}]}}\n", "s".repeat(n), many(n / 20, |at, text| { put!(text, "n{at}, "); }))
    };
    "unknown outputs of one step", 40_000, Some("LL0088"), |n| {
        let outputs = many(n / 2, |at, text| { put!(text, "o{at}: 1, "); });
        let reads = many(n / 2, |at, text| { put!(text, "r{at}: steps.a.outputs.zzzzzz, "); });
        format!("{HEAD}steps: {{a: {{set: {{{outputs}}}}}, b: {{needs: a, set: {{{reads}}}}}}}\n")
    };
    "unknown variables", 40_000, Some("LL0085"), |n| {
        let env = many(n / 2, |at, text| { put!(text, "V{at}: a, "); });
        let reads = many(n / 2, |at, text| { put!(text, "r{at}: env.zzzzzz, "); });
        format!("{HEAD}env: {{{env}}}\nsteps: {{b: {{set: {{{reads}}}}}}}\n")
    };
    "unknown secrets", 40_000, Some("LL0093"), |n| {
        let secrets = many(n / 2, |at, text| { put!(text, "S{at}, "); });
        let reads = many(n / 2, |at, text| { put!(text, "R{at}: '{{{{ secrets.zzzzzz }}}}', "); });
        format!("{HEAD}secrets: [{secrets}]\nsteps: {{b: {{run: x, env: {{{reads}}}}}}}\n")
    };
    "inputs that a schedule does not know", 24_000, Some("LL0140"), |n| {
        let inputs = many(n / 2, |at, text| { put!(text, "i{at}: {{type: string}}, "); });
        let given = many(n / 2, |at, text| { put!(text, "g{at}: a, "); });
        format!("{HEAD}inputs: {{{inputs}}}\ntriggers: {{schedule: [{{every: 1h, inputs: {{{given}}}}}]}}\nsteps: {{a: {{run: x}}}}\n")
    };
    "artifacts that a step does not make", 40_000, Some("LL0057"), |n| {
        let made = many(n / 2, |at, text| { put!(text, "m{at}: f, "); });
        let fetched = many(n / 2, |at, text| { put!(text, "a.n{at}, "); });
        format!("{HEAD}steps: {{a: {{run: x, artifacts: {{{made}}}}}, b: {{needs: a, run: x, fetch: [{fetched}]}}}}\n")
    };
    "approvers", 70_000, None, |n| {
        format!("{HEAD}steps: {{a: {{approval: {{message: x, timeout: 1h, approvers: [{}]}}}}}}\n", many(n, |at, text| { put!(text, "'user:u{at}', "); }))
    };
    "fields that an approval does not ask for", 40_000, Some("LL0088"), |n| {
        let fields = many(n / 3, |at, text| { put!(text, "f{at}: {{}}, "); });
        let reads = many(n / 3, |at, text| { put!(text, "r{at}: steps.a.outputs.fields.zz, "); });
        format!("{HEAD}steps: {{a: {{approval: {{message: x, timeout: 1h, fields: {{{fields}}}}}}}, b: {{needs: a, set: {{{reads}}}}}}}\n")
    };

    // ---- steps and edges ----
    "too many steps", 20_000, Some("LL0035"), |n| format!("{HEAD}steps:\n{}", many(n, |at, text| { put!(text, "  s{at}: {{run: a}}\n"); }));
    "steps that all need all before", 400, None, |n| {
        let steps = many(n, |at, text| {
            put!(text, "  s{at}: {{run: a, needs: [{}]}}\n", many(at, |before, text| { put!(text, "s{before}, "); }));
        });
        format!("{HEAD}steps:\n{steps}")
    };
    "two layers, each step of one needs all of the other", 300, None, |n| {
        let first = many(n, |at, text| { put!(text, "  a{at}: {{run: a}}\n"); });
        let all = many(n, |at, text| { put!(text, "a{at}, "); });
        let second = many(n, |at, text| { put!(text, "  b{at}: {{run: a, needs: *all}}\n"); });
        format!("{HEAD}x-all: &all [{all}]\nsteps:\n{first}{second}")
    };
    "a chain of ten thousand", 10_000, None, |n| {
        let steps = many(n - 1, |at, text| { put!(text, "  s{}: {{run: a, needs: s{at}}}\n", at + 1); });
        format!("{HEAD}steps:\n  s0: {{run: a}}\n{steps}")
    };
    "a chain in which every step goes back", 10_000, None, |n| {
        let steps = many(n - 1, |at, text| { put!(text, "  s{}: {{run: a, needs: s{at}, goto: [{{to: s0, max: 2}}]}}\n", at + 1); });
        format!("{HEAD}steps:\n  s0: {{run: a}}\n{steps}")
    };
    "a cycle of ten thousand", 10_000, Some("LL0060"), |n| {
        format!("{HEAD}steps:\n{}", many(n, |at, text| { put!(text, "  s{at}: {{run: a, needs: s{}}}\n", (at + 1) % n); }))
    };
    "many small cycles", 10_000, Some("LL0060"), |n| {
        format!("{HEAD}steps:\n{}", many(n, |at, text| { put!(text, "  s{at}: {{run: a, needs: s{}}}\n", at ^ 1); }))
    };
    "entries of one goto", 20_000, None, |n| step(&format!("goto: [{}]", "{to: a, max: 1, if: 'visit < 2'}, ".repeat(n)));
    "entries of one goto without max", 40_000, Some("LL0071"), |n| step(&format!("goto: [{}]", "{to: a}, ".repeat(n)));
    "entries that shadow each other", 30_000, None, |n| step(&format!("goto: [{}]", "{to: a, max: 1}, ".repeat(n)));
    "endless loops over long ways", 10_000, Some("LL0072"), |n| {
        let chain = many(n / 2, |at, text| { put!(text, "  s{}: {{run: a, needs: s{at}}}\n", at + 1); });
        let gotos = "{to: s0, max: unlimited, if: 'visit < 2'}, ".repeat(n / 2);
        format!("{HEAD}steps:\n  s0: {{run: a}}\n{chain}  z: {{run: a, needs: s{}, goto: [{gotos}]}}\n", n / 2)
    };
    "reads of previous among many loops", 40_000, Some("LL0091"), |n| {
        let gotos = many(n / 3, |at, text| { put!(text, "{{to: c, max: 1, if: 'run.number == {at}'}}, "); });
        let reads = many(n / 3, |at, text| { put!(text, "r{at}: previous.a, "); });
        format!("{HEAD}steps: {{a: {{run: x}}, b: {{needs: a, set: {{{reads}}}}}, c: {{run: x, goto: [{gotos}]}}}}\n")
    };
    "gates and handled failures", 9_000, None, |n| {
        let steps = many(n / 3, |at, text| {
            put!(text, "  g{at}: {{needs: {{h{at}: catch}}, approval: {{message: x, timeout: 1h}}}}\n  h{at}: {{run: a}}\n  i{at}: {{needs: {{h{at}: always, g{at}: ok}}, run: a}}\n");
        });
        format!("{HEAD}steps:\n{steps}")
    };
    "labels of workers for every step", 10_000, Some("LL0036"), |n| {
        let labels = many(n, |at, text| { put!(text, "l{at}, "); });
        let steps = many(n, |at, text| { put!(text, "  s{at}: {{run: a}}\n"); });
        format!("{HEAD}defaults: {{runs_on: [{labels}]}}\nsteps:\n{steps}")
    };
    "kinds of failure for every step", 10_000, None, |n| {
        let steps = many(n, |at, text| { put!(text, "  s{at}: {{run: a}}\n"); });
        format!("{HEAD}defaults: {{retry: {{max_attempts: 2, on: [{}]}}}}\nsteps:\n{steps}", many(n, |at, text| { put!(text, "exit:{}, ", at % 255 + 1); }))
    };
    "environment for every step", 10_000, Some("LL0036"), |n| {
        let steps = many(n, |at, text| { put!(text, "  s{at}: {{run: a}}\n"); });
        format!("{HEAD}env: {{{}}}\nsteps:\n{steps}", many(100, |at, text| { put!(text, "V{at}: a, "); }))
    };
    "too much environment", 20_000, Some("LL0036"), |n| {
        let steps = many(n / 2, |at, text| { put!(text, "  s{at}: {{run: a}}\n"); });
        format!("{HEAD}env: {{{}}}\nsteps:\n{steps}", many(n / 2, |at, text| { put!(text, "V{at}: a, "); }))
    };

    // ---- children and types ----
    "pipelines in place, side by side", 9_900, None, |n| {
        format!("{HEAD}steps:\n{}", many(n / 2, |at, text| { put!(text, "  s{at}: {{pipeline: {{steps: {{a: {{run: a}}}}}}}}\n"); }))
    };
    "pipelines in place, inside each other", 1_000, Some("LL0003"), |n| {
        format!("{HEAD}steps: {}{{a: {{run: x}}}}{}\n", "{a: {pipeline: {steps: ".repeat(n), "}}}".repeat(n))
    };

    // ---- many ----
    "a matrix with rows that leave out", 60_000, None, |n| {
        let axis = many(100, |at, text| { put!(text, "{at}, "); });
        let rows = many(n / 3, |at, text| { put!(text, "{{a: {}, b: {}}}, ", at % 100, at / 100 % 100); });
        format!("{HEAD}limits: {{items: 10000}}\nsteps: {{s: {{run: x, matrix: {{axes: {{a: [{axis}], b: [{axis}]}}, exclude: [{rows}]}}}}}}\n")
    };
    "a matrix with rows that leave nothing out", 60_000, None, |n| {
        let axis = many(100, |at, text| { put!(text, "{at}, "); });
        let rows = many(n / 3, |at, text| { put!(text, "{{a: {}, b: x}}, ", at % 100); });
        format!("{HEAD}limits: {{items: 10000}}\nsteps: {{s: {{run: x, matrix: {{axes: {{a: [{axis}], b: [{axis}]}}, exclude: [{rows}]}}}}}}\n")
    };
    "a matrix with rows that add", 60_000, Some("LL0146"), |n| {
        let axis = many(100, |at, text| { put!(text, "{at}, "); });
        let rows = many(n / 3, |at, text| { put!(text, "{{a: x{at}, b: 1}}, "); });
        format!("{HEAD}limits: {{items: 10000}}\nsteps: {{s: {{run: x, matrix: {{axes: {{a: [{axis}], b: [{axis}]}}, include: [{rows}]}}}}}}\n")
    };
    "a matrix of many axes", 30_000, None, |n| {
        let axes = many(n / 3, |at, text| { put!(text, "a{at}: [1], "); });
        let row = many(n / 3, |at, text| { put!(text, "a{at}: 2, "); });
        format!("{HEAD}steps: {{s: {{run: x, matrix: {{axes: {{{axes}}}, exclude: [{{{row}}}]}}}}}}\n")
    };
    "axes that a matrix does not have", 40_000, None, |n| {
        let axes = many(n / 3, |at, text| { put!(text, "a{at}: [1], "); });
        let row = many(n / 3, |at, text| { put!(text, "z{at}: 2, "); });
        format!("{HEAD}steps: {{s: {{run: x, matrix: {{axes: {{{axes}}}, exclude: [{{{row}}}]}}}}}}\n")
    };
    "a matrix of more than can be counted", 60, Some("LL0146"), |n| {
        let axes = many(n, |at, text| { put!(text, "a{at}: [{}], ", "1, ".repeat(100)); });
        format!("{HEAD}steps: {{s: {{run: x, matrix: {{axes: {{{axes}}}}}}}}}\n")
    };
    "large items", 90_000, Some("LL0146"), |n| step(&format!("foreach: {{items: [{}]}}", "a, ".repeat(n)));

    // ---- schemas ----
    "a schema with many alternatives", 40_000, None, |n| {
        format!("{HEAD}inputs: {{a: {{anyOf: [{}], default: x}}}}\nsteps: {{a: {{run: 'x {{{{ inputs.a }}}}'}}}}\n", "{type: string}, ".repeat(n))
    };
    "a deep schema", 60, Some("LL0003"), |n| {
        format!("{HEAD}inputs: {{a: {}true{}}}\nsteps: {{a: {{run: x}}}}\n", "{allOf: [".repeat(n), "]}".repeat(n))
    };
    "a schema times its default", 60_000, Some("LL0050"), |n| {
        let items = many(n / 2, |at, text| { put!(text, "{at}, "); });
        format!("{HEAD}inputs: {{a: {{type: array, items: {{enum: [{items}]}}, default: [{items}]}}}}\nsteps: {{a: {{run: x, if: 'size(inputs.a) > 1'}}}}\n")
    };
    "alternatives times a default", 40_000, Some("LL0050"), |n| {
        let items = many(n / 4, |_, text| { text.push_str("-1, "); });
        let ways = many(n / 4, |at, text| { put!(text, "{{const: {at}}}, "); });
        format!("{HEAD}inputs: {{a: {{type: array, items: {{anyOf: [{ways} {{const: -1}}]}}, default: [{items}]}}}}\nsteps: {{a: {{run: x, if: 'size(inputs.a) > 1'}}}}\n")
    };
    "a default that must be unique", 90_000, None, |n| {
        let items = many(n, |at, text| { put!(text, "{at}, "); });
        format!("{HEAD}inputs: {{a: {{type: array, uniqueItems: true, default: [{items}]}}}}\nsteps: {{a: {{run: x, if: 'size(inputs.a) > 1'}}}}\n")
    };
    "properties by patterns", 20_000, Some("LL0050"), |n| {
        let patterns = many(n / 4, |at, text| { put!(text, "'^a.*{at}$': true, "); });
        let value = many(n / 4, |at, text| { put!(text, "a{at}: 1, "); });
        format!("{HEAD}inputs: {{a: {{type: object, patternProperties: {{{patterns}}}, default: {{{value}}}}}}}\nsteps: {{a: {{run: x, if: 'size(inputs.a) > 1'}}}}\n")
    };
    "patterns times a long default", 20_000, Some("LL0050"), |n| {
        let patterns = many(n / 4, |at, text| { put!(text, "{{pattern: 'a{at}|x$'}}, "); });
        format!("{HEAD}inputs: {{a: {{allOf: [{patterns}], default: {}}}}}\nsteps: {{a: {{run: 'x {{{{ inputs.a }}}}'}}}}\n", "x".repeat(n * 20))
    };
    "large patterns", 2_000, Some("LL0050"), |n| {
        let inputs = many(n, |at, text| { put!(text, "i{at}: {{type: string, pattern: '(\\w{{200}}){{{}}}', default: ''}}, ", at + 1); });
        format!("{HEAD}inputs: {{{inputs}}}\nsteps: {{a: {{run: x}}}}\n")
    };
    "a pattern that goes back", 60, Some("LL0051"), |n| {
        format!("{HEAD}inputs: {{a: {{type: string, pattern: '^(?=(a+)+$)(a+)+$', default: {}b}}}}\nsteps: {{a: {{run: 'x {{{{ inputs.a }}}}'}}}}\n", "a".repeat(n))
    };
    "a long pattern", 900_000, Some("LL0050"), |n| {
        format!("{HEAD}inputs: {{a: {{type: string, pattern: '{}', default: a}}}}\nsteps: {{a: {{run: 'x {{{{ inputs.a }}}}'}}}}\n", "a?".repeat(n / 2))
    };
    "many schemas", 24_000, None, |n| {
        let inputs = many(n, |at, text| { put!(text, "i{at}: {{type: string, default: ''}}, "); });
        format!("{HEAD}inputs: {{{inputs}}}\nsteps: {{a: {{run: x}}}}\n")
    };

    // ---- expressions, templates, scripts ----
    "a long expression", 60_000, Some("LL0080"), |n| format!("{HEAD}steps: {{a: {{run: x, if: '1{} == 1'}}}}\n", " + 1".repeat(n));
    "nested comprehensions", 100, Some("LL0080"), |n| {
        format!("{HEAD}steps: {{a: {{run: x, if: '{}true{}'}}}}\n", "[1].all(x, ".repeat(n), ")".repeat(n))
    };
    "many expressions", 8_000, None, |n| {
        format!("{HEAD}steps: {{a: {{set: {{{}}}}}}}\n", many(n, |at, text| { put!(text, "r{at}: 'run.number > 1 && run.number < {at} || visit == 2 ? [1, 2, 3].map(x, x * {at}) : [{at}]', "); }))
    };
    "a template of sixty thousand holes", 60_000, Some("LL0081"), |n| format!("{HEAD}run_name: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "{{ run.id }}".repeat(n));
    "unknown names in one template", 60_000, Some("LL0081"), |n| format!("{HEAD}run_name: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "{{ zz }}".repeat(n));
    "templates with unknown names", 90_000, Some("LL0083"), |n| {
        format!("{HEAD}labels: {{{}}}\nsteps: {{a: {{run: x}}}}\n", many(n / 3, |at, text| { put!(text, "l{at}: '{{{{ z{at} }}}}', "); }))
    };
    "comments in a template", 170_000, Some("LL0081"), |n| format!("{HEAD}run_name: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "{{!}}".repeat(n));
    "open holes", 500_000, Some("LL0081"), |n| format!("{HEAD}run_name: \"{}\"\nsteps: {{a: {{run: x}}}}\n", "{{".repeat(n));
    "open strings in holes", 200_000, Some("LL0081"), |n| format!("{HEAD}run_name: '{}'\nsteps: {{a: {{run: x}}}}\n", "{{a \"".repeat(n));
    "open comments in holes", 200_000, Some("LL0081"), |n| format!("{HEAD}run_name: '{}'\nsteps: {{a: {{run: x}}}}\n", "{{!--".repeat(n));
    "blocks", 100_000, Some("LL0081"), |n| format!("{HEAD}run_name: '{}'\nsteps: {{a: {{run: x}}}}\n", "{{#if a}}".repeat(n));
    "safe holes in a script", 80_000, None, |n| format!("{HEAD}steps:\n  a:\n    run: |\n{}", "      echo {{ run.id }}\n".repeat(n / 40));
    "unsafe holes in a script", 45_000, Some("LL0082"), |n| format!("{HEAD}steps:\n  a:\n    run: |\n{}", "      # {{ run.id }}\n".repeat(n));
    "holes in a script of another language", 50_000, Some("LL0082"), |n| format!("{HEAD}steps:\n  a:\n    shell: python3\n    run: |\n{}", "      {{ run.id }}\n".repeat(n));
    "a script of dollars", 900_000, None, |n| format!("{HEAD}steps:\n  a:\n    run: |\n      {}{{{{ run.id }}}}\n", "$(".repeat(20) .to_owned() + &"$a".repeat(n / 2) + &")".repeat(20));
    "here-documents", 100_000, None, |n| format!("{HEAD}steps:\n  a:\n    run: |\n      echo {{{{ run.id }}}}\n{}", "      cat <<E\n      x\n      E\n".repeat(n / 28));
    "ways through one word of a script", 100_000, Some("LL0082"), |n| {
        let ways: String = (0..n / 30).map(|at| format!("{{{{#if inputs.x}}}}a{at}{{{{/if}}}}b")).collect();
        format!("{HEAD}inputs: {{x: {{type: boolean, default: true}}}}\nsteps:\n  a:\n    run: |\n      echo {ways}\n")
    };
    "one word of a script", 900_000, None, |n| format!("{HEAD}steps:\n  a:\n    run: |\n      echo {{{{ run.id }}}} {}\n", "x".repeat(n));
    "outputs that are not sure", 40_000, Some("LL0087"), |n| {
        let reads = many(n / 4, |at, text| { put!(text, "r{at}: steps.a.outputs.o, "); });
        let condition = format!("{} 1 == 1", "run.number == 1 || ".repeat(200));
        format!("{HEAD}steps: {{a: {{run: x, outputs: {{o: stdout}}}}, b: {{needs: {{a: always}}, if: '{condition}', set: {{{reads}}}}}}}\n")
    };
    "keys of caches", 900_000, Some("LL0099"), |n| step(&format!("cache: {{key: '{}', paths: p}}", "{{ hash_files(\"a\" ".repeat(n / 19)));
    "hashes in one key", 600_000, None, |n| step(&format!("cache: {{key: '{}', paths: p}}", "{{ hash_files(\"a\") }}".repeat(n / 22)));

    // ---- triggers ----
    "schedules", 20_000, None, |n| {
        format!("{HEAD}triggers: {{schedule: [{}]}}\nsteps: {{a: {{run: x}}}}\n", "{cron: '0 30 6 * * 1-5', timezone: Europe/Berlin}, ".repeat(n))
    };
    "a long cron pattern", 900_000, Some("LL0055"), |n| {
        format!("{HEAD}triggers: {{schedule: [{{cron: '{}* * * * *'}}]}}\nsteps: {{a: {{run: x}}}}\n", "0,".repeat(n / 2))
    };
    "wrong time zones", 20_000, Some("LL0056"), |n| {
        format!("{HEAD}triggers: {{schedule: [{}]}}\nsteps: {{a: {{run: x}}}}\n", many(n, |at, text| { put!(text, "{{every: 1h, timezone: Europe/Berlin{at}}}, "); }))
    };
    "durations", 60_000, Some("LL0025"), |n| {
        format!("{HEAD}steps:\n{}", many((n / 6).min(9_999), |at, text| { put!(text, "  s{at}: {{run: x, timeout: {}}}\n", "1d".repeat(20)); }))
    };
    "a long duration", 900_000, Some("LL0025"), |n| step(&format!("timeout: {}", "1d".repeat(n / 2)));
    "long names in messages", 5_000, Some("LL0053"), |n| step(&format!("artifacts: {{{}}}", many(n, |at, text| { put!(text, "a{at}: /{}, ", "x".repeat(180)); })));
}
