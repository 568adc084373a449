//! A state that was written down and read back is the same state: it shows the same, and goes on the same way.
//!
//! So does every state of every recorded history here, and of the random runs of `second_opinion`.

use std::collections::{BTreeMap, VecDeque};

use loopline_core::canonical::digest;
use loopline_core::command::Command;
use loopline_core::event::{Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{RunId, StepId};
use loopline_core::machine::{RunState, apply};
use loopline_core::outcome::{Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::StepStatus;
use serde_json::{Map, json};

use crate::histories;

/// Writes a state down and reads it back. `Err`: it is not the same.
pub fn again(graph: &Graph, digest: &str, state: &RunState) -> Result<RunState, String> {
    let bytes = state.snapshot().ok_or("the state cannot be written")?;
    let read = RunState::restore(graph, digest, &bytes).ok_or("the state cannot be read back")?;
    if read != *state {
        return Err(format!("read back as {read:?}, not {state:?}"));
    }
    match read.snapshot() {
        Some(twice) if twice == bytes => Ok(read),
        _ => Err("the state that was read back is written otherwise".to_owned()),
    }
}

/// Folds a history twice: as it is, and through bytes after each event. Gives the digest of all those bytes.
fn fold_through_bytes(graph: &Graph, events: &[Recorded]) -> Result<String, String> {
    let pinned = match events.first().map(|first| &first.event) {
        Some(Event::RunCreated(created)) => created.digest.clone(),
        _ => return Err("it begins nothing".to_owned()),
    };
    let (mut whole, mut read) = (RunState::default(), RunState::default());
    let mut written = Vec::new();
    for event in events {
        let taken = apply(graph, &mut whole, event).map_err(|refused| refused.to_string())?;
        let taken_again = apply(graph, &mut read, event).map_err(|refused| refused.to_string())?;
        let same = taken.commands == taken_again.commands
            && whole.changes(graph, &taken) == read.changes(graph, &taken_again)
            && whole.view(graph) == read.view(graph);
        if !same {
            return Err(format!("event {} means something else behind a state that was read back", event.seq));
        }
        read = again(graph, &pinned, &read).map_err(|why| format!("after event {}: {why}", event.seq))?;
        written.push(digest(&json!(read.snapshot())));
    }
    Ok(digest(&json!(written)))
}

/// `SNAPSHOTS` says which bytes every state of a recorded history is written as. Others mean another format: then
/// `RunState::SNAPSHOT_FORMAT` is raised, so that what is on disk is not misread, and
/// `LOOPLINE_RECORD=1` notes the new ones.
#[test]
fn every_state_of_every_recorded_history_is_read_back() {
    let file = histories::folder().join("SNAPSHOTS");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let recorded: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    let format = format!("format {}", RunState::SNAPSHOT_FORMAT);
    let known = |name: &str| recorded.get(name).copied().filter(|_| text.lines().next() == Some(&format));
    let (mut lines, mut wrong) = (vec![format.clone()], Vec::new());
    for (name, history) in histories::all() {
        match fold_through_bytes(&history.graph(), &history.events()) {
            Ok(bytes) if known(&name).is_some_and(|known| known != bytes) => {
                wrong.push(format!("{name}: other bytes in the same format"));
            }
            Ok(bytes) => lines.push(format!("{name} {bytes}")),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if std::env::var_os("LOOPLINE_RECORD").is_some() {
        return std::fs::write(file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }
    assert!(text.lines().next() == Some(&format), "the format was raised: note it with LOOPLINE_RECORD=1");
}

#[test]
fn bytes_of_another_graph_format_or_disk_are_not_read() {
    let (graph, _) = compiled("steps: {a: {sleep: 1h}}");
    let (other, other_digest) = compiled("steps: {a: {sleep: 2h}, b: {sleep: 1h}}");
    let mut state = RunState::default();
    assert_eq!(state.snapshot(), None, "nothing has happened");
    apply(&graph, &mut state, &created(&graph)).unwrap();
    let bytes = state.snapshot().unwrap();
    let pinned = graph.digest();
    assert!(RunState::restore(&graph, &pinned, &bytes).is_some());
    assert!(RunState::restore(&other, &other_digest, &bytes).is_none());
    assert!(RunState::restore(&other, &pinned, &bytes).is_none(), "it does not fit the graph");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(RunState::restore(&graph, &pinned, &damaged).is_none(), "byte {at} is another one");
        assert!(RunState::restore(&graph, &pinned, &bytes[..at]).is_none(), "only {at} bytes");
    }
}

/// What a loop without end keeps of its rounds.
struct Rounds {
    graph: Graph,
    state: RunState,
    due: VecDeque<Event>,
    /// The visit that `work` was last begun in.
    begun: u32,
}

impl Rounds {
    fn of(steps: &str) -> Self {
        let (graph, _) = compiled(steps);
        let mut rounds = Self { state: RunState::default(), due: VecDeque::new(), begun: 0, graph };
        let created = created(&rounds.graph);
        rounds.take(created.event);
        rounds
    }

    fn take(&mut self, event: Event) {
        let seq = self.state.last_seq() + 1;
        let recorded = Recorded { seq, at: Timestamp(seq as i64), event };
        for command in apply(&self.graph, &mut self.state, &recorded).unwrap().commands {
            match command {
                Command::StartAttempt(spec) => {
                    let outcome = Outcome::Succeeded { result: RawResult::default() };
                    self.begun = self.begun.max(spec.id.key.visit);
                    self.due.push_back(Event::AttemptFinished { key: spec.id.key, outcome });
                }
                Command::StartChild(spec) => {
                    self.due.push_back(Event::ChildFinished(Box::new(loopline_core::event::ChildFinished {
                        key: spec.parent.key,
                        outcome: loopline_core::event::RunOutcome::Succeeded,
                        began: true,
                        outputs: Map::new(),
                        error: None,
                    })));
                }
                Command::SetTimer { timer, .. } => self.due.push_back(Event::TimerFired { timer }),
                _ => {}
            }
        }
    }

    /// Events go on until `work` is in this visit.
    fn until(&mut self, visit: u32) {
        while self.begun < visit {
            let event = self.due.pop_front().expect("something is under way");
            self.take(event);
        }
    }

    fn size(&self) -> usize {
        self.state.snapshot().unwrap().len()
    }
}

#[test]
fn a_loop_without_end_keeps_a_hundred_rounds_and_no_more() {
    let mut rounds = Rounds::of(
        "steps: {work: {run: 'true', compensate: {run: 'undo'}}, child: {needs: work, pipeline: {name: other}}, \
         again: {needs: child, set: {x: 'previous.again == null ? 0 : previous.again.outputs.x + 1'}, \
         goto: [{to: work, on: succeeded, delay: 1s, max: unlimited}]}}",
    );
    rounds.until(400);
    let before = rounds.size();
    rounds.until(600);
    // Numbers that are shown get longer.
    assert!(rounds.size() < before + 100, "{} bytes, and {before} two hundred rounds before", rounds.size());
    let view = rounds.state.view(&rounds.graph).unwrap();
    let again = &view.steps[&StepId::new("again").unwrap()];
    assert_eq!((again.visits.len(), again.older_visits), (100, 499));
    assert_eq!(again.visits.iter().map(|visit| visit.visit).collect::<Vec<_>>(), (500..600).collect::<Vec<_>>());
    let child = &view.steps[&StepId::new("child").unwrap()];
    assert!(child.visits.iter().all(|visit| visit.child_run.is_some()), "shown visits show their child runs");
    let why = rounds.state.why(&rounds.graph, &StepId::new("again").unwrap().into()).unwrap();
    assert_eq!((why.past.len(), why.older_visits), (100, 499));
}

#[test]
fn an_expression_reads_all_visits_however_many() {
    let mut rounds = Rounds::of(
        "steps: {work: {run: 'true', goto: [{to: work, on: succeeded, delay: 1s, max: unlimited, \
         if: 'steps.work.visits.size() < 249 || steps.work.visits[0].visit != 1'}]}}",
    );
    rounds.until(250);
    while let Some(event) = rounds.due.pop_front() {
        rounds.take(event);
    }
    let view = rounds.state.view(&rounds.graph).unwrap();
    let work = &view.steps[&StepId::new("work").unwrap()];
    assert_eq!((work.visit, work.status), (250, StepStatus::Succeeded));
}

fn compiled(steps: &str) -> (Graph, String) {
    let text = format!("version: 1\nname: p\n{steps}\n");
    let compiled = loopline_dsl::compile(&text);
    let graph = compiled
        .graph
        .unwrap_or_else(|| panic!("{}", loopline_dsl::render_pretty("case", &text, &compiled.diagnostics, false)));
    let digest = graph.digest();
    (graph, digest)
}

fn created(graph: &Graph) -> Recorded {
    let created = RunCreated {
        run: RunId::from_parts(0, 1),
        project: "default".into(),
        pipeline: graph.name.clone(),
        number: 1,
        digest: graph.digest(),
        semantics: graph.semantics,
        inputs: Map::new(),
        trigger: Trigger { kind: "manual".into(), actor: None },
        labels: BTreeMap::new(),
        parent: None,
        url: None,
    };
    Recorded { seq: 1, at: Timestamp(1), event: Event::RunCreated(Box::new(created)) }
}
