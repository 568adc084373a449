//! Random small files.

use std::fmt::Write as _;

use loopline_core::graph::Condition;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) steps: Vec<DrawnStep>,
}

#[derive(Debug, Clone)]
pub(super) struct DrawnStep {
    pub(super) kind: DrawnKind,
    pub(super) needs: Vec<(usize, Option<Condition>)>,
    pub(super) at_least: Option<u32>,
    pub(super) condition: Option<Asks>,
    pub(super) allow_failure: bool,
    pub(super) gotos: Vec<DrawnGoto>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrawnKind {
    Run,
    Approval,
    Sleep,
    Set,
}

#[derive(Debug, Clone)]
pub(super) struct DrawnGoto {
    pub(super) to: usize,
    pub(super) on: &'static str,
    pub(super) condition: Option<Asks>,
    /// None: `unlimited`, with a delay.
    pub(super) max: Option<u32>,
    pub(super) goes_on: bool,
}

/// A condition.
#[derive(Debug, Clone)]
pub(super) enum Asks {
    /// `inputs.p0`, `inputs.p1`: booleans. `inputs.q`: anything, and an error where it is no boolean.
    Flag(&'static str),
    /// `inputs.e == "a"`, one of three values.
    Is(&'static str),
    /// Of a step that it needs.
    Status(usize, &'static str),
    Not(Box<Asks>),
    And(Box<Asks>, Box<Asks>),
    Or(Box<Asks>, Box<Asks>),
}

/// The values of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub(super) p0: bool,
    pub(super) p1: bool,
    pub(super) q: Option<bool>,
    pub(super) e: &'static str,
}

impl Given {
    pub(super) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for bits in 0..4 {
            for q in [Some(true), Some(false), None] {
                for e in ["a", "b", "c"] {
                    all.push(Self { p0: bits & 1 != 0, p1: bits & 2 != 0, q, e });
                }
            }
        }
        all
    }
}

impl DrawnStep {
    /// Its `if` reads this input.
    pub(super) fn asks_for(&self, input: &str) -> bool {
        self.condition.as_ref().is_some_and(|condition| condition.asks_for(input))
    }
}

impl Asks {
    fn text(&self) -> String {
        match self {
            Self::Flag(name) => format!("inputs.{name}"),
            Self::Is(value) => format!("inputs.e == \"{value}\""),
            Self::Status(step, word) => format!("steps.s{step}.status == \"{word}\""),
            Self::Not(inner) => format!("!({})", inner.text()),
            Self::And(a, b) => format!("({}) && ({})", a.text(), b.text()),
            Self::Or(a, b) => format!("({}) || ({})", a.text(), b.text()),
        }
    }

    fn asks_for(&self, input: &str) -> bool {
        match self {
            Self::Flag(name) => *name == input,
            Self::Is(_) | Self::Status(..) => false,
            Self::Not(inner) => inner.asks_for(input),
            Self::And(a, b) | Self::Or(a, b) => a.asks_for(input) || b.asks_for(input),
        }
    }

    /// Its value; none where it is an error.
    pub(super) fn value(&self, given: &Given, status: &impl Fn(usize) -> &'static str) -> Option<bool> {
        match self {
            Self::Flag("p0") => Some(given.p0),
            Self::Flag("p1") => Some(given.p1),
            Self::Flag(_) => given.q,
            Self::Is(value) => Some(given.e == *value),
            Self::Status(step, word) => Some(status(*step) == *word),
            Self::Not(inner) => inner.value(given, status).map(|value| !value),
            Self::And(a, b) => match (a.value(given, status), b.value(given, status)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.value(given, status), b.value(given, status)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }

    /// Without a look at steps that are not needed.
    fn only_of(self, needs: &[usize]) -> Self {
        match self {
            Self::Status(step, word) => match needs.get(step % needs.len().max(1)) {
                Some(needed) => Self::Status(*needed, word),
                None => Self::Flag("p0"),
            },
            Self::Not(inner) => Self::Not(Box::new(inner.only_of(needs))),
            Self::And(a, b) => Self::And(Box::new(a.only_of(needs)), Box::new(b.only_of(needs))),
            Self::Or(a, b) => Self::Or(Box::new(a.only_of(needs)), Box::new(b.only_of(needs))),
            other => other,
        }
    }
}

fn asks() -> impl Strategy<Value = Asks> {
    let leaf = prop_oneof![
        4 => select(vec!["p0", "p1"]).prop_map(Asks::Flag),
        1 => Just(Asks::Flag("q")),
        3 => select(vec!["a", "b", "c"]).prop_map(Asks::Is),
        2 => (0..7_usize, select(vec!["succeeded", "failed", "skipped", "running"])).prop_map(|(step, word)| Asks::Status(step, word)),
    ];
    leaf.prop_recursive(2, 5, 2, |inner| {
        let pair = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.prop_map(|a| Asks::Not(Box::new(a))),
            pair.clone().prop_map(|(a, b)| Asks::And(a, b)),
            pair.prop_map(|(a, b)| Asks::Or(a, b)),
        ]
    })
}

type RawStep = (DrawnKind, Vec<(usize, Option<Condition>)>, Option<u32>, Option<Asks>, bool, Vec<DrawnGoto>);

fn step(with_goto: bool) -> impl Strategy<Value = RawStep> {
    let on = prop::option::weighted(0.7, select(Condition::ALL.to_vec()));
    let goto = (0..7_usize, select(vec!["succeeded", "failed", "rejected", "completed"]), prop::option::of(asks()))
        .prop_flat_map(|(to, on, condition)| {
            (prop::option::weighted(0.8, 1..3_u32), any::<bool>()).prop_map(move |(max, goes_on)| DrawnGoto {
                to,
                on,
                condition: condition.clone(),
                max,
                goes_on,
            })
        });
    let gotos = if with_goto { 0..3_usize } else { 0..1 };
    (
        select(vec![DrawnKind::Run, DrawnKind::Run, DrawnKind::Approval, DrawnKind::Sleep, DrawnKind::Set]),
        prop::collection::vec((0..7_usize, on), 0..4),
        prop::option::weighted(0.3, 1..3_u32),
        prop::option::weighted(0.5, asks()),
        prop::bool::weighted(0.2),
        prop::collection::vec(goto, gotos),
    )
}

/// Files of at most so many steps.
pub(super) fn drawn(steps: usize, with_goto: bool) -> impl Strategy<Value = Drawn> {
    prop::collection::vec(step(with_goto), 1..=steps).prop_map(made_sound)
}

/// Edges lead forward, loops back, and conditions look at what has ended.
fn made_sound(raw: Vec<RawStep>) -> Drawn {
    let mut steps: Vec<DrawnStep> = Vec::new();
    for (at, (kind, needs, at_least, condition, allow_failure, gotos)) in raw.into_iter().enumerate() {
        let mut needs: Vec<_> = needs.into_iter().filter(|_| at > 0).map(|(from, on)| (from % at.max(1), on)).collect();
        needs.sort_by_key(|(from, _)| *from);
        needs.dedup_by_key(|(from, _)| *from);
        let at_least = at_least.filter(|_| !needs.is_empty()).map(|least| least.min(needs.len() as u32));
        // With `all`, whatever is needed has ended.
        let ended: Vec<usize> = needs.iter().filter(|_| at_least.is_none()).map(|(from, _)| *from).collect();
        let before = before(&steps, &needs);
        let gotos = gotos.into_iter().map(|goto| DrawnGoto {
            to: if before.is_empty() || goto.to == 0 { at } else { before[goto.to % before.len()] },
            condition: goto.condition.map(|asks| asks.only_of(&[ended.as_slice(), &[at]].concat())),
            ..goto
        });
        let gotos = gotos.collect();
        let condition = condition.map(|asks| asks.only_of(&ended));
        steps.push(DrawnStep { kind, needs, at_least, condition, allow_failure, gotos });
    }
    Drawn { steps }
}

/// Whatever leads to a step that needs these.
fn before(steps: &[DrawnStep], needs: &[(usize, Option<Condition>)]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut open: Vec<usize> = needs.iter().map(|(from, _)| *from).collect();
    while let Some(at) = open.pop() {
        if !found.contains(&at) {
            found.push(at);
            open.extend(steps[at].needs.iter().map(|(from, _)| *from));
        }
    }
    found.sort_unstable();
    found
}

impl Drawn {
    pub(super) fn text(&self) -> String {
        let mut text = String::from(
            "version: 1\nname: drawn\ninputs:\n  p0: {type: boolean}\n  p1: {type: boolean}\n  q: {}\n  e: {enum: [a, b, c]}\nsteps:\n",
        );
        for (at, step) in self.steps.iter().enumerate() {
            let does = match step.kind {
                DrawnKind::Run => "run: a",
                DrawnKind::Approval => "approval: {message: a, timeout: 1h}",
                DrawnKind::Sleep => "sleep: 1s",
                DrawnKind::Set => "set: {a: 1}",
            };
            let _ = writeln!(text, "  s{at}:\n    {does}");
            let needs: Vec<String> =
                step.needs.iter().map(|(from, on)| format!("s{from}: {}", on.map_or("~", Condition::as_str))).collect();
            if !needs.is_empty() {
                let _ = writeln!(text, "    needs: {{{}}}", needs.join(", "));
            }
            if let Some(least) = step.at_least {
                let _ = writeln!(text, "    join: {{at_least: {least}}}");
            }
            if let Some(condition) = &step.condition {
                let _ = writeln!(text, "    if: '{}'", condition.text());
            }
            if step.allow_failure {
                text.push_str("    allow_failure: true\n");
            }
            if !step.gotos.is_empty() {
                text.push_str("    goto:\n");
            }
            for goto in &step.gotos {
                let _ = write!(text, "      - {{to: s{}, on: {}", goto.to, goto.on);
                match goto.max {
                    Some(max) => {
                        let _ = write!(text, ", max: {max}");
                    }
                    None => text.push_str(", max: unlimited, delay: 1s"),
                }
                if goto.goes_on {
                    text.push_str(", on_exhausted: continue");
                }
                if let Some(condition) = &goto.condition {
                    let _ = write!(text, ", if: '{}'", condition.text());
                }
                text.push_str("}\n");
            }
        }
        text
    }
}
