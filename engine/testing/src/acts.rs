//! What people and other systems do at their times, and what the run answers.

use loopline_core::event::{ApprovalDecided, Decision as Way, Event, RerunFrom, SignalReceived};
use loopline_core::id::StepUnit;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::language::testing::{Act, Case, Decision, Decisions, Expect, RerunSpec, RerunWord};
use loopline_dsl::language::{AnyJson, Entries, Item, Text};
use loopline_dsl::testing::StepName;
use loopline_dsl::{Code, Diagnostic, duration};

use crate::simulation::Simulation;
use crate::world::Stopped;
use crate::{expectations, steps};

/// Who does what the file does not say who does.
const SOMEBODY: &str = "somebody";

/// One thing that is done.
#[derive(Debug, Clone)]
pub(crate) struct Deed<'a> {
    what: What<'a>,
    place: Place,
    /// It must be refused, with a sentence that holds this.
    refused: Option<&'a Text>,
}

#[derive(Debug, Clone)]
enum What<'a> {
    Decide { step: &'a str, way: Way, person: &'a Text, more: Option<&'a Decision> },
    Signal { name: &'a str, payload: &'a AnyJson },
    Pause(&'a Text),
    Resume(&'a Text),
    Cancel(&'a Text),
    Rerun(&'a RerunSpec),
    Look(&'a Expect),
}

/// What is done in a case, by the time since the run began, and at one time in the order of the file.
pub(crate) fn deeds(case: &Case) -> Vec<(u64, Deed<'_>)> {
    let mut all = Vec::new();
    for item in case.at_times.iter().flat_map(|at_times| &at_times.0) {
        let Ok(after_ms) = duration::parse(&item.name) else { continue };
        for each in item.value.iter().flat_map(|acts| &acts.0) {
            for key in &each.order {
                of_key(key, &each.act, &mut |deed| all.push((after_ms, deed)));
            }
        }
    }
    all.sort_by_key(|(after_ms, _)| *after_ms);
    all
}

fn of_key<'a>(key: &str, act: &'a Act, add: &mut dyn FnMut(Deed<'a>)) {
    let refused = act.refused.as_ref();
    let at = |key: &str| Place::Key(act.given.at(key).unwrap_or(&act.at).clone());
    match key {
        "approve" => decisions(act.approve.as_ref(), Way::Approved, refused, add),
        "reject" => decisions(act.reject.as_ref(), Way::Rejected, refused, add),
        "signal" => {
            for item in act.signal.iter().flat_map(|signals| &signals.0) {
                if let Some(payload) = &item.value {
                    add(Deed { what: What::Signal { name: &item.name, payload }, place: item.key(), refused });
                }
            }
        }
        "pause" => act.pause.iter().for_each(|by| add(Deed { what: What::Pause(by), place: at(key), refused })),
        "resume" => act.resume.iter().for_each(|by| add(Deed { what: What::Resume(by), place: at(key), refused })),
        "cancel" => act.cancel.iter().for_each(|by| add(Deed { what: What::Cancel(by), place: at(key), refused })),
        "rerun" => act.rerun.iter().for_each(|from| add(Deed { what: What::Rerun(from), place: at(key), refused })),
        "expect" => {
            act.expect.iter().for_each(|expect| add(Deed { what: What::Look(expect), place: at(key), refused: None }));
        }
        _ => {}
    }
}

fn decisions<'a>(
    all: Option<&'a Entries<Decisions>>,
    way: Way,
    refused: Option<&'a Text>,
    add: &mut dyn FnMut(Deed<'a>),
) {
    let one = |item: &'a Item<Decisions>, decisions: &'a Decisions, add: &mut dyn FnMut(Deed<'a>)| {
        for person in decisions.people() {
            let what = What::Decide { step: &item.name, way, person, more: decisions.more() };
            add(Deed { what, place: person.place(), refused });
        }
    };
    for item in all.iter().flat_map(|all| &all.0) {
        if let Some(decisions) = &item.value {
            one(item, decisions, add);
        }
    }
}

impl<'a> Simulation<'a> {
    pub(crate) fn act(&mut self, deed: &Deed<'a>) -> Result<(), Stopped> {
        let (event, said) = match &deed.what {
            What::Look(expect) => {
                if let Some(view) = self.world.view() {
                    let found = expectations::check(expect, &view, self);
                    let found: Vec<_> = found.into_iter().map(|finding| self.at_this_time(finding)).collect();
                    self.findings.extend(found);
                }
                return Ok(());
            }
            What::Decide { step, way, person, more } => {
                let Some(decided) = self.decision(step, *way, person, *more) else { return Ok(()) };
                let verb = if *way == Way::Approved { "approves" } else { "rejects" };
                (Event::ApprovalDecided(Box::new(decided)), format!("{} {verb} {step}", person.value))
            }
            What::Signal { name, payload } => {
                let signal = SignalReceived {
                    name: (*name).to_owned(),
                    payload: payload.0.value.clone(),
                    by: SOMEBODY.to_owned(),
                    idempotency_key: None,
                };
                (Event::SignalReceived(Box::new(signal)), format!("signal {name}"))
            }
            What::Pause(by) => (Event::PauseRequested { by: by.value.clone() }, format!("{} pauses the run", by.value)),
            What::Resume(by) => {
                (Event::ResumeRequested { by: by.value.clone() }, format!("{} resumes the run", by.value))
            }
            What::Cancel(by) => {
                let event = Event::CancelRequested { by: by.value.clone(), reason: None };
                (event, format!("{} cancels the run", by.value))
            }
            What::Rerun(spec) => (
                Event::RerunRequested { by: SOMEBODY.to_owned(), from: rerun(spec) },
                "steps are done again".to_owned(),
            ),
        };
        let now = self.world.now();
        let answer = self.world.event(event)?;
        let at = duration::write(self.world.since_began(now));
        match (answer, deed.refused) {
            (Ok(()), None) => self.done.push((now, said)),
            (Err(refused), Some(wanted)) if refused.to_string().contains(&wanted.value) => {
                self.done.push((now, format!("{said}: refused")));
            }
            (Ok(()), Some(wanted)) => {
                self.done.push((now, said));
                let message = format!("at {at} this was taken, and it must be refused: {}", wanted.value);
                let finding = Diagnostic::new(Code::ActNotAsExpected, deed.place.clone(), message);
                self.findings.push(finding.help("leave `refused` out, where it may be taken"));
            }
            (Err(refused), Some(wanted)) => {
                let message = format!("at {at} this was refused in other words: {refused}");
                let finding = Diagnostic::new(Code::ActNotAsExpected, deed.place.clone(), message);
                self.findings.push(finding.help(format!("it must be refused with: {}", wanted.value)));
            }
            (Err(refused), None) => {
                let message = format!("at {at} this was refused: {refused}");
                return Err(Box::new(
                    Diagnostic::new(Code::ActNotAsExpected, deed.place.clone(), message)
                        .help("do it at another time; or say `refused:` beside it, where that is the point"),
                ));
            }
        }
        Ok(())
    }

    fn at_this_time(&self, finding: Diagnostic) -> Diagnostic {
        let message = format!("at {}: {}", duration::write(self.world.since_began(self.world.now())), finding.message);
        Diagnostic { message, ..finding }
    }

    fn decision(&self, step: &str, way: Way, person: &Text, more: Option<&Decision>) -> Option<ApprovalDecided> {
        let name = StepName::read(step)?;
        let said = more.and_then(|more| more.visit.as_ref()).map(|visit| visit.0.value);
        let current = || self.world.view().and_then(|view| Some(steps::find(&view, &name.path)?.visit));
        let fields = more.and_then(|more| more.fields.as_ref()).into_iter().flat_map(|fields| &fields.0);
        Some(ApprovalDecided {
            visit: said.or_else(current).unwrap_or(1),
            step: name.path,
            by: person.value.clone(),
            member_of: self.groups_of(&person.value),
            decision: way,
            comment: more.and_then(|more| more.comment.as_ref()).map(|comment| comment.value.clone()),
            fields: fields
                .filter_map(|field| Some((field.name.clone(), field.value.as_ref()?.0.value.clone())))
                .collect(),
            digest: None,
        })
    }

    /// Where the file does not say who is in which group, everybody is in every one.
    fn groups_of(&self, person: &str) -> Vec<String> {
        let Some(people) = &self.file.people else { return vec!["group:*".to_owned()] };
        let groups = people.0.iter().find(|item| item.name == person).and_then(|item| item.value.as_ref());
        groups.iter().flat_map(|groups| &groups.0).map(|group| group.value.clone()).collect()
    }
}

fn rerun(spec: &RerunSpec) -> RerunFrom {
    match spec {
        RerunSpec::Word(word) => match word.0.value {
            RerunWord::Failed => RerunFrom::FailedItems,
            RerunWord::Everything => RerunFrom::Everything,
        },
        RerunSpec::Steps(names) => {
            let units: Vec<StepUnit> = names.iter().filter_map(|name| name.value.parse().ok()).collect();
            match units.iter().all(|unit| unit.item.is_none()) {
                true => RerunFrom::Steps(units.into_iter().map(|unit| unit.step).collect()),
                false => RerunFrom::Units(units),
            }
        }
    }
}
