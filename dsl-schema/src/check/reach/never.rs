//! Steps that can never run, edges that can never be live, and steps of which that is not known.

use loopline_core::graph::Condition as On;

use super::conditions::Conditions;
use super::gate::Conflict;
use super::sweep::{Answer, Cut, MAX_CONDITIONS, Outlook};
use super::ways::{EdgeWays, Ways};
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::model::{Edge, Model, ModelStep};

pub(super) fn check(model: &Model<'_>, conditions: &Conditions, outlooks: &[Outlook], cx: &mut Cx) {
    let report = Report { model, conditions, outlooks };
    for (at, outlook) in outlooks.iter().enumerate() {
        if outlook.goes == Answer::Never {
            report.step(at, cx);
        } else {
            report.edges(at, cx);
        }
        if let Some(cut) = outlook.cut {
            report.unknown(at, cut, cx);
        }
    }
}

struct Report<'a> {
    model: &'a Model<'a>,
    conditions: &'a Conditions,
    outlooks: &'a [Outlook],
}

impl Report<'_> {
    /// E1. One report where it begins; what lies behind follows from it.
    fn step(&self, at: usize, cx: &mut Cx) {
        let step = &self.model.steps[at];
        let follows = step.needs.iter().any(|edge| self.is_never(edge.from) && !self.is_switched_off(edge.from));
        if follows || (self.outlooks[at].joined && self.is_switched_off(at)) {
            return;
        }
        let found = match &self.outlooks[at].conflict {
            _ if self.outlooks[at].joined => self.condition_contradicts(at),
            Some(conflict) => self.conflict(step, conflict),
            None => return,
        };
        cx.report(found);
    }

    fn is_never(&self, at: usize) -> bool {
        self.outlooks[at].goes == Answer::Never
    }

    /// Its `if` is false by itself, which is reported there.
    fn is_switched_off(&self, at: usize) -> bool {
        self.conditions.steps[at].condition.as_ref().is_some_and(|condition| condition.is_constant == Some(false))
    }

    fn condition_contradicts(&self, at: usize) -> Diagnostic {
        let step = &self.model.steps[at];
        let condition = step.spec.and_then(|spec| spec.condition.as_ref());
        let place = condition.map_or_else(|| Place::Key(step.at.clone()), |cel| Place::Value(cel.0.at.clone()));
        let message = format!("step `{}` can never go on: its `if` is never true when its edges let it go on", step.id);
        let given = &self.outlooks[at].given;
        let help = if given.is_empty() {
            "it contradicts what must have happened before".to_owned()
        } else {
            format!("{} holds then", list(given))
        };
        Diagnostic::new(Code::NeverGoesOn, place, message).help(help)
    }

    fn conflict(&self, step: &ModelStep<'_>, conflict: &Conflict) -> Diagnostic {
        let place = |edge: Option<&Edge>| edge.map_or_else(|| Place::Key(step.at.clone()), |edge| edge.place.clone());
        let never = format!("step `{}` can never go on", step.id);
        let finding = |edge, message| Diagnostic::new(Code::NeverGoesOn, place(edge), message);
        match conflict {
            Conflict::Blocked(index) => {
                let edge = &step.needs[*index];
                finding(Some(edge), never).help(self.why_not_live(edge))
            }
            Conflict::NoneLive => match step.needs.as_slice() {
                [only] => finding(Some(only), never).help(self.why_not_live(only)),
                needs => finding(needs.first(), never).help("none of the steps that it needs ever runs when it should"),
            },
            Conflict::TooFew(live) => {
                let wanted = step.at_least.unwrap_or(1);
                let help = match live {
                    0 => "none of its edges can ever be live".to_owned(),
                    live => format!("{wanted} of its edges must be live, and at most {live} ever are"),
                };
                finding(step.needs.first(), never).help(help)
            }
            Conflict::Together(core) => self.contradiction(step, core, never),
            Conflict::Entangled => {
                finding(step.needs.first(), never).help("no run has what its edges ask for all together")
            }
        }
    }

    fn contradiction(&self, step: &ModelStep<'_>, core: &[(usize, Vec<String>)], never: String) -> Diagnostic {
        let wishes: Vec<String> = core
            .iter()
            .map(|(index, takes)| {
                let edge = &step.needs[*index];
                let source = self.model.steps[edge.from].id;
                let takes = if takes.is_empty() { String::new() } else { format!(" (only if {})", list(takes)) };
                format!("`{source}` to {}{takes}", wish(edge.on))
            })
            .collect();
        let (last, most) = wishes.split_last().expect("edges contradict each other only where there are two");
        let message = format!("{never}: it needs {} and {last}, and no run has both", most.join(", "));
        let edges: Vec<&Edge> = core.iter().map(|(index, _)| &step.needs[*index]).collect();
        let help = if edges.iter().all(|edge| edge.on == On::Succeeded) {
            "write `ok` instead of `succeeded`: it lets a step pass that was not taken"
        } else {
            "with `join: any` one of them is enough"
        };
        let mut found = Diagnostic::new(Code::NeverGoesOn, edges[0].place.clone(), message).help(help);
        for edge in &edges[1..] {
            found = found.related(edge.place.clone(), "this contradicts it");
        }
        found
    }

    /// Why the source of an edge never ends as the edge asks.
    fn why_not_live(&self, edge: &Edge) -> String {
        let source = &self.model.steps[edge.from];
        let id = source.id;
        if edge.on == On::Skipped {
            let is_first = source.needs.is_empty() && source.spec.is_some_and(|spec| spec.condition.is_none());
            let why = if is_first { ": it has neither `needs` nor `if`" } else { "" };
            return format!("`{id}` is never skipped{why}");
        }
        if self.is_never(edge.from) {
            return format!("`{id}` never runs, so the condition `{}` is never met", edge.on.as_str());
        }
        let ways = self.outlooks[edge.from].ways;
        match edge.on {
            _ if ways == Ways::NONE => format!("`{id}` never ends: whenever it could, its loop fires"),
            On::Failed | On::Catch if source.gotos.is_empty() => format!("`{id}` cannot fail"),
            On::Failed | On::Catch => format!("`{id}` never ends `failed`: its loop fires instead"),
            _ if source.gotos.is_empty() => format!("`{id}` never ends as `{}` asks", edge.on.as_str()),
            _ => format!(
                "`{id}` never ends `succeeded`: its loop fires instead, and fails it when it is used up; \
                 `on_exhausted: continue` lets it succeed then"
            ),
        }
    }

    fn edges(&self, at: usize, cx: &mut Cx) {
        let step = &self.model.steps[at];
        for edge in &step.needs {
            let allowed = self.model.steps[edge.from].allows_failure();
            let live = EdgeWays::of(edge.on, allowed).live;
            if self.outlooks[edge.from].ways.meets(live) || self.is_never(edge.from) {
                continue;
            }
            let source = self.model.steps[edge.from].id;
            let message = format!("the edge from `{source}` to `{}` is never live", step.id);
            let found = Diagnostic::new(Code::EdgeNeverFires, edge.place.clone(), message);
            cx.report(found.help(format!("{}; remove the edge, or change its condition", self.why_not_live(edge))));
        }
    }

    fn unknown(&self, at: usize, cut: Cut, cx: &mut Cx) {
        let step = &self.model.steps[at];
        let what = format!("whether step `{}` can go on is unknown", step.id);
        let (message, help) = match cut {
            Cut::Conditions(count) => (
                format!(
                    "{what}: {count} distinct conditions stand before it, and at most {MAX_CONDITIONS} are followed"
                ),
                "equal conditions count once; write those alike that mean the same",
            ),
            Cut::Work => (
                format!("{what}: too many outcomes of the steps before it would have to be combined"),
                "fewer edges between the same steps make it simpler",
            ),
        };
        cx.report(Diagnostic::new(Code::ReachUnknown, Place::Key(step.at.clone()), message).help(help));
    }
}

/// What an edge wants of its source.
fn wish(on: On) -> &'static str {
    match on {
        On::Ok | On::Succeeded => "succeed",
        On::Failed | On::Catch => "fail",
        On::Completed => "run",
        On::Skipped => "be skipped",
        On::Always => "end",
    }
}
