//! Random pipelines: small graphs with all that loops can meet.

use std::fmt::Write as _;

use loopline_core::graph::Graph;
use loopline_dsl::{compile, render_pretty};

use crate::world::Dice;

const IDS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
/// Those that lead on come up more often, so that runs get somewhere.
const CONDITIONS: [&str; 10] =
    ["ok", "ok", "ok", "completed", "completed", "always", "succeeded", "failed", "catch", "skipped"];

/// The text of a pipeline without `unlimited`.
pub fn random(seed: u64) -> String {
    let mut dice = Dice::new(seed ^ 0x5eed);
    let mut text = String::from("version: 1\nname: p\n");
    let _ = writeln!(text, "limits: {{visits: {}}}", dice.of(&[4, 9, 30]));
    if dice.one_in(4) {
        text.push_str("timeout: 1h\n");
    }
    text.push_str("steps:\n");
    for step in 0..2 + dice.below(IDS.len() - 1) {
        text.push_str(&random_step(step, &mut dice));
    }
    text
}

/// Compiles it; what the generator makes has no errors.
pub fn compiled(text: &str) -> Graph {
    let compiled = compile(text);
    compiled.graph.unwrap_or_else(|| panic!("{}", render_pretty("random", text, &compiled.diagnostics, false)))
}

fn random_step(step: usize, dice: &mut Dice) -> String {
    let mut keys = vec![match dice.below(6) {
        0 => "approval: {message: Go?, quorum: 2, timeout: 1h}".to_owned(),
        1 => "sleep: 2s".to_owned(),
        2 => "run: x, interruptible: false, retry: {max_attempts: 2, initial: 1s}".to_owned(),
        3 => "run: x, retry: {max_attempts: 3, initial: 1s}".to_owned(),
        _ => "run: x".to_owned(),
    }];
    let mut needs: Vec<String> = Vec::new();
    for id in &IDS[..step] {
        if dice.below(3) > 0 {
            needs.push(format!("{id}: {}", dice.of(&CONDITIONS)));
        }
    }
    if !needs.is_empty() {
        keys.push(format!("needs: {{{}}}", needs.join(", ")));
        match dice.below(5) {
            0 => keys.push("join: any".to_owned()),
            1 => keys.push(format!("join: {{at_least: {}}}", 1 + dice.below(needs.len()))),
            _ => {}
        }
    }
    if dice.one_in(5) {
        keys.push("allow_failure: true".to_owned());
    }
    let before: Vec<&str> = std::iter::once(IDS[step]).chain(needs.iter().map(|need| &need[..1])).collect();
    let loops: Vec<String> = (0..dice.below(4)).map(|_| random_loop(&before, dice)).collect();
    if !loops.is_empty() {
        keys.push(format!("goto: [{}]", loops.join(", ")));
    }
    format!("  {}: {{{}}}\n", IDS[step], keys.join(", "))
}

/// Back to the step itself or to one that it needs.
fn random_loop(before: &[&str], dice: &mut Dice) -> String {
    let mut entry = format!(
        "to: {}, on: {}, max: {}",
        dice.of(before),
        dice.of(&["failed", "succeeded", "completed"]),
        1 + dice.below(3)
    );
    if dice.one_in(3) {
        entry.push_str(", delay: 3s");
    }
    if dice.one_in(3) {
        entry.push_str(", on_exhausted: continue");
    }
    if dice.one_in(3) {
        entry.push_str(", in_flight: drain");
    }
    format!("{{{entry}}}")
}
