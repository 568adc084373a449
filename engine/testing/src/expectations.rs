//! What must come of a run, against what came of it.

use loopline_core::machine::Passed;
use loopline_core::outcome::Failure;
use loopline_core::outcome::FailureKind;
use loopline_core::view::{ItemView, RunView, StepStatus, StepView};
use loopline_dsl::diagnostics::Place;
use loopline_dsl::language::testing::{Expect, ExpectedError, ExpectedStep, Short};
use loopline_dsl::language::{AnyJson, Entries, Text, Word};
use loopline_dsl::testing::StepName;
use loopline_dsl::{Code, Diagnostic, duration};
use serde_json::{Map, Value as Json};

use crate::simulation::Simulation;
use crate::steps;

/// Everything that is not as it must be.
pub(crate) fn check(expect: &Expect, view: &RunView, simulation: &Simulation<'_>) -> Vec<Diagnostic> {
    let mut check = Check { found: Vec::new() };
    check.run(expect, view);
    check.times(expect, simulation.world.took_ms());
    check.order(expect, simulation);
    for item in expect.steps.iter().flat_map(|steps| &steps.0) {
        if let (Some(expected), Some(name)) = (&item.value, StepName::read(&item.name)) {
            match steps::find(view, &name.path) {
                Some(step) => check.step(&item.name, expected, step),
                None => check.has_not_begun(&item.name, expected, item.key()),
            }
        }
    }
    check.waiting(expect, view);
    check.undone(expect, view);
    check.found
}

struct Check {
    found: Vec<Diagnostic>,
}

impl Check {
    /// What must be so and is not.
    fn not_met(&mut self, place: Place, what: &str, wanted: &str, found: &str) -> &mut Diagnostic {
        let message = format!("{what} must be {wanted}, and it is {found}");
        self.found.push(Diagnostic::new(Code::ExpectationNotMet, place, message));
        self.found.last_mut().expect("just pushed")
    }

    fn run(&mut self, expect: &Expect, view: &RunView) {
        if let Some(status) = &expect.status
            && status.0.value != view.status
        {
            let (wanted, found) = (quoted(status.0.value.as_str()), quoted(view.status.as_str()));
            let help = view.error.as_ref().map(|error| match &error.step {
                Some(step) => format!("`{step}` failed, kind `{}`: {}", error.failure.kind, error.failure.message),
                None => format!("it failed, kind `{}`: {}", error.failure.kind, error.failure.message),
            });
            self.not_met(status.0.place(), "the run", &wanted, &found).help = help;
        }
        if let (Some(expected), Some(at)) = (&expect.error, expect.given.at("error")) {
            let error = view.error.as_ref();
            self.error("the run", expected, Place::Key(at.clone()), error.map(|error| &error.failure));
            if let (Short::Long(expected), Some(error)) = (expected, error)
                && let Some(wanted) = &expected.step
                && error.step.as_ref().is_none_or(|step| step.as_str() != wanted.value)
            {
                let found = error.step.as_ref().map_or("no step".to_owned(), |step| quoted(step.as_str()));
                self.not_met(wanted.place(), "the step that failed the run", &quoted(&wanted.value), &found);
            }
        }
        self.outputs("the run", expect.outputs.as_ref(), &view.outputs);
    }

    fn times(&mut self, expect: &Expect, took_ms: u64) {
        let took = duration::write(took_ms);
        if let Some(within) = &expect.within
            && took_ms > within.0.value
        {
            let wanted = format!("at most {}", duration::write(within.0.value));
            self.not_met(within.0.place(), "the time that the run takes", &wanted, &took);
        }
        if let Some(exact) = &expect.duration
            && took_ms != exact.0.value
        {
            self.not_met(exact.0.place(), "the time that the run takes", &duration::write(exact.0.value), &took);
        }
    }

    fn order(&mut self, expect: &Expect, simulation: &Simulation<'_>) {
        let Some(wanted) = &expect.order else { return };
        let names = |name: &str| wanted.iter().any(|each| each.value == name);
        let mut found: Vec<String> = Vec::new();
        for (_, passage) in &simulation.world.passages {
            if let Passed::Started { .. } = passage.passed {
                let exact = passage.within.path_to(passage.step.clone()).to_string();
                let either = if names(&exact) { exact } else { steps::plain_name(passage) };
                found.extend(names(&either).then_some(either));
            }
        }
        let differs =
            (0..wanted.len().max(found.len())).find(|at| wanted.get(*at).map(|name| &name.value) != found.get(*at));
        let (Some(at), Some(order)) = (differs, expect.given.at("order")) else { return };
        let place = wanted.get(at).map_or(Place::Key(order.clone()), Text::place);
        let wanted: Vec<&str> = wanted.iter().map(|name| name.value.as_str()).collect();
        let listed = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        self.not_met(place, "the order in which visits start", &listed(&wanted), &listed(&found));
    }

    fn step(&mut self, name: &str, expected: &Short<StepStatus, ExpectedStep>, step: &StepView) {
        let expected = match expected {
            Short::Word(status) => return self.status(name, status, step.status, &steps::status_in_words(step), step),
            Short::Long(expected) => expected,
        };
        if let Some(status) = &expected.status {
            self.status(name, status, step.status, &steps::status_in_words(step), step);
        }
        if let Some(visit) = &expected.visit {
            self.number(&format!("the visit of `{name}`"), visit.0.place(), visit.0.value, step.visit);
        }
        if let Some(attempts) = &expected.attempts {
            let what = format!("the number of attempts of `{name}`");
            self.number(&what, attempts.0.place(), attempts.0.value, step.attempt);
        }
        self.visits(name, expected, step);
        if let Some(reason) = &expected.skip_reason
            && step.skip_reason != Some(reason.0.value)
        {
            let found = match step.skip_reason {
                Some(found) => quoted(found.as_str()),
                None => format!("none: it is {}", steps::status_in_words(step)),
            };
            let what = format!("the reason to skip `{name}`");
            self.not_met(reason.0.place(), &what, &quoted(reason.0.value.as_str()), &found);
        }
        if let (Some(error), Some(at)) = (&expected.error, expected.given.at("error")) {
            self.error(&quoted(name), error, Place::Key(at.clone()), step.error.as_ref());
        }
        self.outputs(&quoted(name), expected.outputs.as_ref(), &step.outputs);
        for item in expected.items.iter().flat_map(|items| &items.0) {
            let Some(of_item) = &item.value else { continue };
            let all = step.items.as_deref().unwrap_or_default();
            let by_place = || item.name.parse::<usize>().ok().and_then(|at| all.get(at));
            let what = format!("{name}[{}]", item.name);
            match all.iter().find(|each| each.key == item.name).or_else(by_place) {
                Some(found) => self.item(&what, of_item, found),
                None => {
                    let message = format!("`{name}` has no item `{}`: it has {}", item.name, count(all.len(), "item"));
                    self.found.push(Diagnostic::new(Code::ExpectationNotMet, item.key(), message));
                }
            }
        }
    }

    fn status(&mut self, name: &str, wanted: &Word<StepStatus>, is: StepStatus, found: &str, step: &StepView) {
        if wanted.0.value != is {
            let help = step.error.as_ref().map(|error| format!("it failed: {}", error.message));
            self.not_met(wanted.0.place(), &quoted(name), &quoted(wanted.0.value.as_str()), found).help = help;
        }
    }

    fn number(&mut self, what: &str, place: Place, wanted: u32, found: u32) {
        if wanted != found {
            self.not_met(place, what, &wanted.to_string(), &found.to_string());
        }
    }

    fn visits(&mut self, name: &str, expected: &ExpectedStep, step: &StepView) {
        let (Some(wanted), Some(at)) = (&expected.visits, expected.given.at("visits")) else { return };
        let words = |statuses: &[StepStatus]| {
            let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
            if words.is_empty() { "none".to_owned() } else { words.join(", ") }
        };
        let found: Vec<StepStatus> = step.visits.iter().map(|visit| visit.status).collect();
        let all: Vec<StepStatus> = wanted.iter().map(|word| word.0.value).collect();
        // Of a long loop only the latest visits are at hand: those before them are counted, whatever came of them.
        let older = all.iter().copied().take(step.older_visits as usize);
        let found: Vec<StepStatus> = older.chain(found).collect();
        if let Some(differs) = (0..all.len().max(found.len())).find(|at| all.get(*at) != found.get(*at)) {
            let place = wanted.get(differs).map_or(Place::Key(at.clone()), |word| word.0.place());
            self.not_met(place, &format!("what came of the visits of `{name}`"), &words(&all), &words(&found));
        }
    }

    fn item(&mut self, name: &str, expected: &Short<StepStatus, ExpectedStep>, item: &ItemView) {
        let mut status = |wanted: &Word<StepStatus>| {
            if wanted.0.value != item.status {
                let found = quoted(item.status.as_str());
                self.not_met(wanted.0.place(), &quoted(name), &quoted(wanted.0.value.as_str()), &found);
            }
        };
        let expected = match expected {
            Short::Word(word) => return status(word),
            Short::Long(expected) => expected,
        };
        expected.status.iter().for_each(&mut status);
        if let Some(attempts) = &expected.attempts {
            let what = format!("the number of attempts of `{name}`");
            self.number(&what, attempts.0.place(), attempts.0.value, item.attempt);
        }
        if let (Some(error), Some(at)) = (&expected.error, expected.given.at("error")) {
            self.error(&quoted(name), error, Place::Key(at.clone()), item.error.as_ref());
        }
        self.outputs(&quoted(name), expected.outputs.as_ref(), &item.outputs);
    }

    /// A step of `finally`, or inside of a pipeline in place, that nobody has come to.
    fn has_not_begun(&mut self, name: &str, expected: &Short<StepStatus, ExpectedStep>, place: Place) {
        let pending = |word: &Word<StepStatus>| word.0.value == StepStatus::Pending;
        let is_expected = match expected {
            Short::Word(word) => pending(word),
            Short::Long(expected) => expected.status.as_ref().is_some_and(pending),
        };
        if !is_expected {
            let message = format!("`{name}` has not begun: the run has not come to the pipeline that it lies in");
            let finding = Diagnostic::new(Code::ExpectationNotMet, place, message);
            self.found.push(finding.help("expect it to be `pending`, where that is the point"));
        }
    }

    fn error(
        &mut self,
        who: &str,
        expected: &Short<FailureKind, ExpectedError>,
        place: Place,
        error: Option<&Failure>,
    ) {
        let Some(error) = error else {
            let message = format!("{who} must have failed, and there is no failure");
            self.found.push(Diagnostic::new(Code::ExpectationNotMet, place, message));
            return;
        };
        let what = format!("the failure of {who}");
        let kind = |check: &mut Self, word: &Word<FailureKind>| {
            if word.0.value != error.kind {
                let (wanted, found) = (quoted(word.0.value.as_str()), quoted(error.kind.as_str()));
                check.not_met(word.0.place(), &what, &wanted, &found).help = Some(error.message.clone());
            }
        };
        let expected = match expected {
            Short::Word(word) => return kind(self, word),
            Short::Long(expected) => expected,
        };
        if let Some(word) = &expected.kind {
            kind(self, word);
        }
        if let Some(part) = &expected.message
            && !error.message.contains(&part.value)
        {
            let what = format!("the sentence of {what}");
            self.not_met(part.place(), &what, &format!("one with `{}`", part.value), &quoted(&error.message));
        }
        if let Some(code) = &expected.exit_code
            && error.exit_code.and_then(|code| u32::try_from(code).ok()) != Some(code.0.value)
        {
            let found = error.exit_code.map_or("none".to_owned(), |code| code.to_string());
            self.not_met(code.0.place(), &format!("the exit code of {who}"), &code.0.value.to_string(), &found);
        }
        if let Some(status) = &expected.status
            && error.status.map(u32::from) != Some(status.0.value)
        {
            let found = error.status.map_or("none".to_owned(), |status| status.to_string());
            self.not_met(status.0.place(), &format!("the status of {what}"), &status.0.value.to_string(), &found);
        }
    }

    fn outputs(&mut self, who: &str, expected: Option<&Entries<AnyJson>>, outputs: &Map<String, Json>) {
        for item in expected.iter().flat_map(|expected| &expected.0) {
            let Some(wanted) = &item.value else { continue };
            let what = format!("the output `{}` of {who}", item.name);
            match outputs.get(&item.name) {
                Some(found) if holds(found, &wanted.0.value) => {}
                Some(found) => {
                    self.not_met(wanted.0.place(), &what, &wanted.0.value.to_string(), &found.to_string());
                }
                None => {
                    let message = format!("{what} must be {}, and there is none", wanted.0.value);
                    self.found.push(Diagnostic::new(Code::ExpectationNotMet, item.key(), message));
                }
            }
        }
    }

    fn waiting(&mut self, expect: &Expect, view: &RunView) {
        let Some(wanted) = &expect.waiting_for else { return };
        let mut found: Vec<(String, String)> = Vec::new();
        steps::each_step(view, &mut |name, step| {
            if steps::waits(step)
                && let Some(read) = StepName::read(name)
            {
                found.push((name.to_owned(), steps::without_items(&read.path).to_string()));
            }
        });
        let names = |name: &Text, (exact, plain): &(String, String)| name.value == *exact || name.value == *plain;
        for name in wanted.0.iter().filter(|name| !found.iter().any(|waits| names(name, waits))) {
            let all: Vec<_> = found.iter().map(|(exact, _)| quoted(exact)).collect();
            let message = format!("`{}` must wait, and it does not", name.value);
            let finding = Diagnostic::new(Code::ExpectationNotMet, name.place(), message);
            self.found.push(finding.help(match all.as_slice() {
                [] => format!("nothing waits: the run is `{}`", view.status.as_str()),
                all => format!("what waits: {}", all.join(", ")),
            }));
        }
        let Some(at) = expect.given.at("waiting_for") else { return };
        for (exact, _) in found.iter().filter(|waits| !wanted.0.iter().any(|name| names(name, waits))) {
            let message = format!("`{exact}` waits too, and is not expected to");
            self.found.push(Diagnostic::new(Code::ExpectationNotMet, Place::Key(at.clone()), message));
        }
    }

    fn undone(&mut self, expect: &Expect, view: &RunView) {
        let (Some(wanted), Some(at)) = (&expect.undone, expect.given.at("undone")) else { return };
        let begun = view.compensations.iter().filter(|undo| undo.status != StepStatus::Pending);
        let found: Vec<(String, String)> = begun
            .map(|undo| match undo.item {
                Some(item) => (format!("{}[{item}]", undo.step), undo.step.to_string()),
                None => (undo.step.to_string(), undo.step.to_string()),
            })
            .collect();
        let same = |name: &Text, (exact, plain): &(String, String)| name.value == *exact || name.value == *plain;
        let differs = (0..wanted.len().max(found.len())).find(|at| match (wanted.get(*at), found.get(*at)) {
            (Some(name), Some(undone)) => !same(name, undone),
            _ => true,
        });
        if let Some(differs) = differs {
            let listed = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let place = wanted.get(differs).map_or(Place::Key(at.clone()), Text::place);
            let found = listed(found.iter().map(|(exact, _)| exact.as_str()).collect());
            let wanted = listed(wanted.iter().map(|name| name.value.as_str()).collect());
            self.not_met(place, "what is undone", &wanted, &found);
        }
    }
}

/// What stands in `wanted` stands in `found` too; lists are compared whole, item by item.
fn holds(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Object(found), Json::Object(wanted)) => {
            wanted.iter().all(|(key, value)| found.get(key).is_some_and(|found| holds(found, value)))
        }
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| holds(found, wanted))
        }
        // `2` and `2.0` are one number.
        (Json::Number(found), Json::Number(wanted)) => found == wanted || found.as_f64() == wanted.as_f64(),
        (found, wanted) => found == wanted,
    }
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
