//! Against an interpreter that tries every value and every outcome, written down from the rules alone.

use loopline_core::graph::Condition as On;
use proptest::prelude::*;

use super::drawn::{Drawn, DrawnKind, DrawnStep, Given, drawn};
use super::with_known;
use crate::check::reach::sweep::Answer;
use crate::check::reach::ways::Ways;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
    SkippedByChoice,
    SkippedBehindFailure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Live,
    Neutral,
    Blocked,
}

/// E3.
fn edge(end: End, on: On, allow_failure: bool) -> Edge {
    let live = match on {
        On::Ok if end == End::SkippedByChoice => return Edge::Neutral,
        On::Ok => end == End::Succeeded || (end == End::Failed && allow_failure),
        On::Succeeded => end == End::Succeeded,
        On::Failed | On::Catch => end == End::Failed,
        On::Completed => matches!(end, End::Succeeded | End::Failed),
        On::Skipped => matches!(end, End::SkippedByChoice | End::SkippedBehindFailure),
        On::Always => true,
    };
    if live { Edge::Live } else { Edge::Blocked }
}

/// What has been seen of a step over all runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    ran: bool,
    joined: bool,
    ways: [bool; 4],
}

/// E4 to E6: how one step ends when those before it have.
fn judge(drawn: &Drawn, at: usize, ends: &[End], given: &Given, well: bool, broken: bool, seen: &mut Seen) -> End {
    let step = &drawn.steps[at];
    let edges: Vec<(usize, On, Edge)> = step
        .needs
        .iter()
        .map(|(from, on)| {
            let source = &drawn.steps[*from];
            let unsaid = if source.kind == DrawnKind::Approval { On::Succeeded } else { On::Ok };
            let on = on.unwrap_or(unsaid);
            (*from, on, edge(ends[*from], on, source.allow_failure))
        })
        .collect();
    let live = edges.iter().filter(|(_, _, edge)| *edge == Edge::Live).count();
    let blocked = edges.iter().any(|(_, _, edge)| *edge == Edge::Blocked);
    let goes = match step.at_least {
        _ if edges.is_empty() => true,
        None => !blocked && live > 0,
        Some(least) => live >= least as usize,
    };
    if !goes {
        let behind_failure = edges.iter().any(|(from, on, edge)| {
            matches!(on, On::Ok | On::Succeeded | On::Completed)
                && *edge == Edge::Blocked
                && matches!(ends[*from], End::Failed | End::SkippedBehindFailure)
        });
        return if behind_failure { End::SkippedBehindFailure } else { End::SkippedByChoice };
    }
    seen.joined = true;
    let status = |step: usize| match ends[step] {
        End::Succeeded => "succeeded",
        End::Failed => "failed",
        End::SkippedByChoice | End::SkippedBehindFailure => "skipped",
    };
    match step.condition.as_ref().map(|condition| condition.value(given, &status)) {
        _ if broken => End::Failed,
        Some(None) => End::Failed,
        Some(Some(false)) => End::SkippedByChoice,
        Some(Some(true)) | None => {
            seen.ran = true;
            if well { End::Succeeded } else { End::Failed }
        }
    }
}

fn can_fail(step: &DrawnStep) -> bool {
    matches!(step.kind, DrawnKind::Run | DrawnKind::Approval)
}

/// Everything that can be seen of a file without loops. `may_break`: steps whose `if` may be an error for other reasons.
fn all_runs(drawn: &Drawn, may_break: &[bool]) -> Vec<Seen> {
    let count = drawn.steps.len();
    let mut seen = vec![Seen::default(); count];
    let choices: Vec<usize> = (0..count).filter(|at| can_fail(&drawn.steps[*at])).collect();
    let breaks: Vec<usize> = (0..count).filter(|at| may_break[*at]).collect();
    for given in Given::all() {
        for bits in 0_u32..1 << (choices.len() + breaks.len()) {
            let bit = |among: &[usize], from: usize, at: usize| {
                among.iter().position(|other| *other == at).is_some_and(|index| bits & (1 << (from + index)) != 0)
            };
            let mut ends = Vec::new();
            for (at, seen) in seen.iter_mut().enumerate() {
                let well = !bit(&choices, 0, at);
                let broken = bit(&breaks, choices.len(), at);
                let end = judge(drawn, at, &ends, &given, well, broken, seen);
                seen.ways[end as usize] = true;
                ends.push(end);
            }
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_loops_exactly_what_happens_is_possible(drawn in drawn(7, false)) {
        let text = drawn.text();
        with_known(&text, |known| {
            let of_steps = known.conditions.steps.iter();
            let may_break: Vec<bool> = of_steps.map(|of| of.condition.as_ref().is_some_and(|of| of.may_fail)).collect();
            // The formula of `q || !q` no longer asks for `q`: that it fails together with others that do is not known.
            let forgets_q = (0..may_break.len()).any(|at| may_break[at] && drawn.steps[at].asks_for("q"));
            for (at, seen) in all_runs(&drawn, &may_break).iter().enumerate() {
                let (proven, found) = (&known.proven[at], &known.found[at]);
                let ways = seen.ways.iter().zip(Ways::EACH).fold(Ways::NONE, |all, (seen, way)| all | way.when(*seen));
                prop_assert_eq!(proven.cut, None);
                prop_assert_ne!(proven.goes, Answer::Unknown);
                if forgets_q {
                    prop_assert!(proven.goes == Answer::Yes || !seen.ran, "s{} goes in\n{}", at, text);
                    prop_assert!(proven.joined || !seen.joined, "s{} is joined in\n{}", at, text);
                    prop_assert!(ways.within(proven.ways), "s{} ends in\n{}", at, text);
                    continue;
                }
                prop_assert_eq!(proven.goes == Answer::Yes, seen.ran, "s{} goes in\n{}", at, text);
                prop_assert_eq!(proven.joined, seen.joined, "s{} is joined in\n{}", at, text);
                prop_assert_eq!(proven.ways, ways, "s{} ends in\n{}", at, text);
                // What has been tried is possible, and where nothing more was seen there is a proof.
                prop_assert_eq!(found.goes, proven.goes, "s{} is tried in\n{}", at, text);
                prop_assert!(found.ways.within(ways), "s{} has ended {:?} in\n{}", at, found.ways, text);
            }
            Ok(())
        })?;
    }
}
