//! `tests/histories/*.json`: runs as they were once written down, with what the fold made of each event.
//!
//! Engines that are already out there have written such histories, and every later engine must read them as they were meant:
//! equal states and equal commands, whole and at every prefix. So a file here is never edited and never recorded again; a change
//! of meaning takes a new number in [`loopline_core::graph::SEMANTICS`], and both meanings stay tested. New ones are added with
//! `LOOPLINE_RECORD=1 cargo test -p loopline-tests`, which records each run case that has no history yet.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loopline_core::canonical::digest;
use loopline_core::event::{Event, Recorded};
use loopline_core::graph::Graph;
use loopline_core::outcome::{FailureKind, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::simulation::replay;

/// One file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    shows: String,
    graph: Json,
    events: Vec<Folded>,
}

impl History {
    pub fn graph(&self) -> Graph {
        serde_json::from_value(self.graph.clone()).expect("a graph that was stored is read again")
    }

    pub fn events(&self) -> Vec<Recorded> {
        self.events.iter().map(|folded| folded.event.clone()).collect()
    }
}

/// An event, and what the fold made of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Folded {
    event: Recorded,
    /// Digest of [`meaning`].
    state: String,
    commands: Json,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("histories")
}

/// Records a run, where that is wanted and was not done before.
pub fn record(name: &str, shows: &str, graph: &Graph, events: &[Recorded]) {
    let file = folder().join(format!("{name}.json"));
    if std::env::var_os("LOOPLINE_RECORD").is_none() || file.exists() {
        return;
    }
    let folded = replay(graph, events).into_iter().zip(events);
    let folded = folded.map(|((view, commands), event)| Folded {
        event: event.clone(),
        state: digest(&meaning(&view)),
        commands,
    });
    let graph = serde_json::to_value(graph).unwrap();
    let history = History { shows: shows.to_owned(), graph, events: folded.collect() };
    std::fs::create_dir_all(folder()).unwrap();
    std::fs::write(file, one_event_a_line(&history)).unwrap();
}

fn one_event_a_line(History { shows, graph, events }: &History) -> String {
    let shows = serde_json::to_string(shows).unwrap();
    let events: Vec<_> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    format!("{{\"shows\": {shows},\n\"graph\": {graph},\n\"events\": [\n{}\n]}}\n", events.join(",\n"))
}

pub fn all() -> Vec<(String, History)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|ending| ending == "json")).collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let history = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, history)
        })
        .collect()
}

/// What of a view tells one state from another. Its parts are named, so that a view may come to show more.
fn meaning(view: &Json) -> Json {
    const RUN: [&str; 8] =
        ["status", "epoch", "error", "inputs", "outputs", "finished_at", "last_seq", "compensations"];
    let mut run = of_keys(view, &RUN);
    run.insert("steps".to_owned(), steps(view));
    Json::Object(run)
}

fn steps(around: &Json) -> Json {
    let steps = around["steps"].as_object().into_iter().flatten();
    steps.map(|(id, step)| (id.clone(), step_or_item(step))).collect::<Map<_, _>>().into()
}

fn step_or_item(step: &Json) -> Json {
    const BOTH: [&str; 13] = [
        "status",
        "visit",
        "attempt",
        "skip_reason",
        "outputs",
        "artifacts",
        "error",
        "started_at",
        "finished_at",
        "waiting_for",
        "key",
        "item",
        "child_run",
    ];
    const VISIT: [&str; 8] =
        ["visit", "status", "skip_reason", "error", "attempts", "outputs", "started_at", "finished_at"];
    const CHILD: [&str; 6] = ["status", "error", "inputs", "outputs", "finished_at", "compensations"];
    let mut all = of_keys(step, &BOTH);
    let list =
        |key: &str, each: &dyn Fn(&Json) -> Json| step[key].as_array().map(|list| list.iter().map(each).collect());
    if let Some(items) = list("items", &step_or_item) {
        all.insert("items".to_owned(), items);
    }
    if let Some(visits) = list("visits", &|visit| of_keys(visit, &VISIT).into()) {
        all.insert("visits".to_owned(), visits);
    }
    if let Some(child) = step.get("child").filter(|child| child.is_object()) {
        let mut inside = of_keys(child, &CHILD);
        inside.insert("steps".to_owned(), steps(child));
        all.insert("child".to_owned(), inside.into());
    }
    all.into()
}

/// The wording of an error is for people, and may get better.
fn of_keys(object: &Json, keys: &[&str]) -> Map<String, Json> {
    let mut all: Map<_, _> =
        keys.iter().filter_map(|key| Some(((*key).to_owned(), object.get(*key)?.clone()))).collect();
    let mut error = all.get_mut("error");
    while let Some(Json::Object(fields)) = error {
        fields.remove("message");
        error = fields.get_mut("cause");
    }
    all
}

#[test]
fn recorded_histories_are_read_as_they_were_meant() {
    let mut wrong = Vec::new();
    for (name, history) in all() {
        let (graph, events) = (history.graph(), history.events());
        for count in 1..=events.len() {
            let replayed = replay(&graph, &events[..count]);
            let (view, commands) = replayed.last().unwrap();
            let expected = &history.events[count - 1];
            if digest(&meaning(view)) != expected.state {
                wrong.push(format!("{name}: another state after event {count}: {}", meaning(view)));
                break;
            }
            if *commands != expected.commands {
                wrong.push(format!("{name}: event {count} commands {commands}, not {}", expected.commands));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "the meaning of histories has changed:\n{}", wrong.join("\n"));
}

#[test]
fn recorded_histories_are_not_edited() {
    let recorded = std::fs::read_to_string(folder().join("DIGESTS")).unwrap_or_default();
    let mut lines: BTreeSet<String> = recorded.lines().map(str::to_owned).collect();
    let mut unknown = Vec::new();
    for (name, history) in all() {
        let line = format!("{name} {}", digest(&serde_json::to_value(history).unwrap()));
        if !lines.contains(&line) {
            unknown.push(line);
        }
    }
    if std::env::var_os("LOOPLINE_RECORD").is_some() {
        let known: BTreeSet<String> =
            lines.iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        let is_new = |line: &&String| line.split_once(' ').is_some_and(|(name, _)| !known.contains(name));
        let new: Vec<_> = unknown.iter().filter(is_new).cloned().collect();
        lines.extend(new);
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        return std::fs::write(folder().join("DIGESTS"), text).unwrap();
    }
    assert!(unknown.is_empty(), "edited, or added without LOOPLINE_RECORD=1: {unknown:#?}");
    assert_eq!(lines.len(), all().len(), "a history went missing");
}

#[test]
fn recorded_histories_show_every_event_kind_of_step_and_kind_of_failure() {
    let (mut events, mut kinds, mut failures) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let histories = all();
    for (_, history) in &histories {
        for Folded { event: Recorded { event, .. }, .. } in &history.events {
            events.insert(event.kind());
            if let Event::AttemptFinished { outcome: Outcome::Failed { error, .. }, .. } = event {
                failures.insert(error.kind);
            }
        }
        for step in history.graph["steps"].as_array().into_iter().flatten() {
            kinds.extend(step["action"].as_object().unwrap().keys().cloned());
        }
        let replayed = replay(&history.graph(), &history.events());
        let (view, _) = replayed.last().unwrap();
        for kind in FailureKind::ALL {
            if view.to_string().contains(&format!("\"kind\":\"{kind}\"")) {
                failures.insert(kind);
            }
        }
    }
    assert!(histories.len() >= 100, "{}", histories.len());
    assert_eq!(events.len(), 15, "{events:?}");
    let missing: Vec<_> = FailureKind::ALL.iter().filter(|kind| !failures.contains(kind)).collect();
    assert!(missing.is_empty(), "no history shows {missing:?}");
    for kind in ["approval", "http", "pipeline", "run", "set", "sleep", "wait"] {
        assert!(kinds.contains(kind), "no history shows a step of kind `{kind}`: {kinds:?}");
    }
}
