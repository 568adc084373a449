//! What every journal promises, as one suite. A store passes when [`conforms`] returns.
//!
//! Each rule runs on a journal of its own. `open` gives a journal and, called again with the same name, what a
//! restarted engine would find.

mod access;
mod secrets;

use std::collections::BTreeMap;
use std::sync::Arc;

use loopline_core::command::Timer;
use loopline_core::event::{ApprovalDecided, Decision, Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::{Graph, WhenFull};
use loopline_core::group::{Ask, GroupId, GroupKind, Holder, Slot};
use loopline_core::id::{AttemptId, AttemptKey, RunId, Seq, StepId, Within};
use loopline_core::outcome::{ArtifactRef, Failure, FailureKind, HttpResponse, Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunError, RunStatus};
use loopline_ports::journal::{
    Append, AskedSlot, Definition, DefinitionId, Journal, JournalError, NewRun, RequestKey, RunFilter, RunRow, Snapshot,
};
use serde_json::{Map, Value as Json, json};

pub(crate) use access::keeps_access;
pub(crate) use secrets::keeps_secrets;

/// Runs every rule.
pub(crate) async fn conforms<J: Journal>(open: impl AsyncFn(&'static str) -> J) {
    a_history_is_read_back_as_written(&open("history").await).await;
    events_are_read_in_pages(&open("pages").await).await;
    a_history_has_no_gap_and_no_double(&open("gap").await).await;
    a_stale_writer_is_taken_out_and_the_others_commit(&open("stale").await).await;
    appends_of_one_run_in_one_batch_follow_each_other(&open("follow").await).await;
    a_repeated_request_leaves_no_trace(&open("repeated").await).await;
    two_equal_requests_in_one_batch_make_one_run(&open("twice").await).await;
    a_number_is_never_given_to_two_runs(&open("number").await).await;
    numbers_count_without_gap(&open("count").await).await;
    an_unknown_definition_is_refused(&open("unknown").await).await;
    equal_definitions_are_stored_once(&open("definitions").await).await;
    lists_go_from_new_to_old_and_filter(&open("lists").await).await;
    a_run_that_begins_between_two_pages_changes_neither(&open("between").await).await;
    the_row_is_that_of_the_last_append(&open("row").await).await;
    open_attempts_are_those_begun_and_not_settled(&open("attempts").await).await;
    due_timers_come_earliest_first(&open("timers").await).await;
    places_are_kept_from_the_wish_to_the_release(&open("places").await).await;
    states_are_kept_with_their_events(&open("states").await).await;
    old_states_are_kept_evenly_and_few(&open("apart").await).await;
    what_is_not_there_is_none(&open("none").await).await;

    let first = open("restart").await;
    let written = everything_that_must_last(&first).await;
    drop(first);
    everything_lasts(&open("restart").await, written).await;
}

// What the rules are made of.

pub(crate) fn run(n: u64) -> RunId {
    RunId::from_parts(1_700_000_000_000 + n, u128::from(n))
}

pub(crate) fn at(n: i64) -> Timestamp {
    Timestamp(1_700_000_000_000 + n)
}

fn step(id: &str) -> StepId {
    StepId::new(id).expect("a valid id")
}

pub(crate) fn key(id: &str, visit: u32) -> AttemptKey {
    AttemptKey { epoch: 1, step: step(id), item: None, visit, attempt: 1, within: Within::default(), undo: false }
}

pub(crate) fn definition(name: &str) -> Definition {
    let graph: Graph = serde_json::from_value(json!({
        "semantics": 1, "name": name, "max_visits": 100,
        "steps": [{"id": "a", "action": {"set": {"x": {"literal": 0.1}}}, "grace_ms": 10_000}],
    }))
    .expect("a valid graph");
    let yaml = format!("name: {name}\n");
    Definition { text_digest: format!("text of {name}"), yaml, digest: graph.digest(), graph: Arc::new(graph) }
}

pub(crate) fn row(status: RunStatus) -> RunRow {
    RunRow { status, epoch: 1, name: None, finished_at: None, error: None, waiting_steps: Vec::new() }
}

pub(crate) fn begun(seq: Seq, id: &str) -> Recorded {
    Recorded { seq, at: at(seq as i64), event: Event::AttemptStarted { key: key(id, 1) } }
}

/// Begins a run of pipeline `p` with this number.
pub(crate) fn create(id: RunId, number: u64, definition: DefinitionId) -> Append {
    let created = RunCreated {
        run: id,
        project: "default".to_owned(),
        pipeline: "p".to_owned(),
        number,
        digest: "sha256:0".to_owned(),
        semantics: 1,
        inputs: Map::new(),
        trigger: Trigger { kind: "api".to_owned(), actor: Some("ada".to_owned()) },
        labels: BTreeMap::new(),
        parent: None,
        url: None,
    };
    let event = Event::RunCreated(Box::new(created.clone()));
    Append {
        run: id,
        expected: 0,
        events: vec![Recorded { seq: 1, at: at(number as i64), event }],
        created: Some(NewRun { created, definition }),
        row: Some(row(RunStatus::Running)),
        timers_set: Vec::new(),
        timers_cleared: Vec::new(),
        attempts_started: Vec::new(),
        attempts_finished: Vec::new(),
        slots_asked: Vec::new(),
        slots_granted: Vec::new(),
        slots_released: Vec::new(),
        request: None,
        acts: Vec::new(),
        snapshot: None,
    }
}

/// Goes on with a run: events behind `expected`.
pub(crate) fn go_on(id: RunId, expected: Seq, events: usize) -> Append {
    Append {
        expected,
        events: (expected + 1..).take(events).map(|seq| begun(seq, "a")).collect(),
        created: None,
        ..create(id, 0, DefinitionId(0))
    }
}

fn asked(append: Append, key: &str, digest: &str) -> Append {
    let (scope, key, digest) = ("trigger default/p".to_owned(), key.to_owned(), digest.to_owned());
    Append { request: Some(RequestKey { scope, key, digest }), ..append }
}

pub(crate) async fn stored(journal: &impl Journal) -> DefinitionId {
    journal.put_definition(&definition("p")).await.expect("stores a definition")
}

pub(crate) async fn commit(journal: &impl Journal, batch: Vec<Append>) -> Vec<Result<(), JournalError>> {
    journal.commit(batch).await.expect("the store is available")
}

/// Commits, and expects every append to be taken.
pub(crate) async fn write(journal: &impl Journal, batch: Vec<Append>) {
    for result in commit(journal, batch).await {
        result.expect("nothing stands in the way");
    }
}

async fn seqs(journal: &impl Journal, id: RunId) -> Vec<Seq> {
    journal.events(id, 0, 1000).await.expect("reads").iter().map(|event| event.seq).collect()
}

fn is_conflict(result: &Result<(), JournalError>, id: RunId, seq: Seq) -> bool {
    matches!(result, Err(JournalError::Conflict { run, expected }) if *run == id && *expected == seq)
}

// The rules.

async fn a_history_is_read_back_as_written(journal: &impl Journal) {
    // As deep as a worker can read it from an answer; inside an event it stands deeper still.
    let deep = (0..120).fold(json!(0.1), |inner, _| json!([inner]));
    let result = RawResult {
        exit_code: Some(-1),
        stdout: Some("ä\u{0}\u{7f}\u{1f600} \"quoted\"\r\n".to_owned()),
        outputs: BTreeMap::from([
            ("float".to_owned(), json!(1.000_000_000_000_000_2)),
            ("large".to_owned(), json!(u64::MAX)),
            ("small".to_owned(), json!(i64::MIN)),
            ("whole".to_owned(), json!(1.0)),
            ("deep".to_owned(), deep),
        ]),
        response: Some(HttpResponse { status: 200, json: Some(Json::Null), ..HttpResponse::default() }),
        artifacts: BTreeMap::from([(
            "report".to_owned(),
            ArtifactRef {
                digest: "sha256:1".to_owned(),
                size: 7,
                file_name: "r.txt".to_owned(),
                ..ArtifactRef::default()
            },
        )]),
        ..RawResult::default()
    };
    let cause = Failure { exit_code: Some(22), tail: Some(String::new()), ..Failure::new(FailureKind::Exit, "m") };
    let error = Failure { cause: Some(Box::new(cause)), ..Failure::new(FailureKind::LoopExhausted, "used up") };
    let item = AttemptKey { item: Some(4), ..key("b", 3) };
    let events = [
        Event::AttemptStarted { key: item.clone() },
        Event::AttemptFinished { key: item, outcome: Outcome::Succeeded { result: result.clone() } },
        Event::AttemptFinished { key: key("a", 1), outcome: Outcome::Failed { error, result } },
        Event::AttemptFinished { key: key("a", 1), outcome: Outcome::Cancelled { result: RawResult::default() } },
        Event::TimerFired { timer: Timer::LoopDelay { epoch: 1, to: step("a"), firing: 2, within: Within::default() } },
        Event::TimerFired { timer: Timer::Approval { key: key("a", 1) } },
        Event::ApprovalDecided(Box::new(ApprovalDecided {
            step: step("a").into(),
            visit: 2,
            by: "ada".to_owned(),
            member_of: vec!["group:ops".to_owned()],
            decision: Decision::Rejected,
            comment: Some(String::new()),
            fields: Map::from_iter([("n".to_owned(), json!(0.1 + 0.2))]),
            digest: None,
        })),
        Event::CancelRequested { by: "ada".to_owned(), reason: None },
    ];
    let id = run(1);
    let mut append = create(id, 1, stored(journal).await);
    append.events.extend(events.into_iter().zip(2..).map(|(event, seq)| Recorded { seq, at: at(5), event }));
    let written = append.events.clone();
    write(journal, vec![append]).await;
    assert_eq!(journal.events(id, 0, 1000).await.expect("reads"), written);
}

async fn events_are_read_in_pages(journal: &impl Journal) {
    let (id, other) = (run(1), run(2));
    let definition = stored(journal).await;
    write(journal, vec![create(id, 1, definition), create(other, 2, definition), go_on(id, 1, 40)]).await;
    assert_eq!(seqs(journal, id).await, Vec::from_iter(1..=41));
    let page = journal.events(id, 17, 3).await.expect("reads");
    assert_eq!(page.iter().map(|event| event.seq).collect::<Vec<_>>(), [18, 19, 20]);
    assert_eq!(journal.events(id, 41, 3).await.expect("reads"), []);
    assert_eq!(journal.events(id, u64::MAX, 3).await.expect("reads"), []);
    assert_eq!(seqs(journal, other).await, [1]);
}

async fn a_history_has_no_gap_and_no_double(journal: &impl Journal) {
    let id = run(1);
    let definition = stored(journal).await;
    write(journal, vec![create(id, 1, definition), go_on(id, 1, 1)]).await;
    let renumbered = |expected, seqs: &[Seq]| Append {
        events: seqs.iter().map(|seq| begun(*seq, "a")).collect(),
        ..go_on(id, expected, 0)
    };
    let refused = [
        (renumbered(2, &[4]), 2),
        (renumbered(2, &[2]), 2),
        (renumbered(2, &[3, 3]), 2),
        (renumbered(2, &[3, 5]), 2),
        (go_on(id, 1, 1), 1),
        (go_on(id, 3, 1), 3),
        (go_on(id, 0, 1), 0),
        (create(id, 2, definition), 0),
        (Append { expected: 2, ..create(run(2), 2, definition) }, 2),
        (Append { events: Vec::new(), ..create(run(2), 2, definition) }, 0),
        (go_on(run(2), 0, 1), 0),
    ];
    for (append, expected) in refused {
        let (id, shown) = (append.run, format!("{append:?}"));
        let results = commit(journal, vec![append]).await;
        assert!(is_conflict(&results[0], id, expected), "{:?} for {shown}", results[0]);
    }
    assert_eq!(seqs(journal, id).await, [1, 2]);
    assert_eq!(journal.summary(run(2)).await.expect("reads"), None);
}

async fn a_stale_writer_is_taken_out_and_the_others_commit(journal: &impl Journal) {
    let (id, other) = (run(1), run(2));
    let definition = stored(journal).await;
    write(journal, vec![create(id, 1, definition), create(other, 2, definition), go_on(id, 1, 2)]).await;
    let stale = Append {
        timers_set: vec![(Timer::Run { epoch: 1, within: Within::default() }, at(1))],
        attempts_started: vec![key("a", 1)],
        row: Some(row(RunStatus::Failed)),
        ..asked(go_on(id, 1, 2), "stale", "1")
    };
    let results = commit(journal, vec![go_on(other, 1, 1), stale, go_on(id, 3, 1)]).await;
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(is_conflict(&results[1], id, 1), "{results:?}");
    assert_eq!(seqs(journal, id).await, [1, 2, 3, 4]);
    assert_eq!(seqs(journal, other).await, [1, 2]);
    assert_eq!(journal.next_timer().await.expect("reads"), None);
    assert_eq!(journal.open_attempts().await.expect("reads"), []);
    assert_eq!(journal.find_request("trigger default/p", "stale").await.expect("reads"), None);
    let summary = journal.summary(id).await.expect("reads").expect("is there");
    assert_eq!(summary.row.status, RunStatus::Running);
}

async fn appends_of_one_run_in_one_batch_follow_each_other(journal: &impl Journal) {
    let id = run(1);
    let definition = stored(journal).await;
    let batch = vec![create(id, 1, definition), go_on(id, 1, 2), go_on(id, 1, 1), go_on(id, 3, 1)];
    let results = commit(journal, batch).await;
    assert!(results[0].is_ok() && results[1].is_ok() && results[3].is_ok(), "{results:?}");
    assert!(is_conflict(&results[2], id, 1), "{results:?}");
    assert_eq!(seqs(journal, id).await, [1, 2, 3, 4]);
}

async fn a_repeated_request_leaves_no_trace(journal: &impl Journal) {
    let (first, second) = (run(1), run(2));
    let definition = stored(journal).await;
    write(journal, vec![asked(create(first, 1, definition), "k", "digest")]).await;
    for (digest, same) in [("digest", true), ("other", false)] {
        let again = asked(create(second, 2, definition), "k", digest);
        let results = commit(journal, vec![again]).await;
        let repeated =
            matches!(&results[0], Err(JournalError::Repeated { run, same: s }) if *run == first && *s == same);
        assert!(repeated, "{results:?}");
    }
    assert_eq!(journal.summary(second).await.expect("reads"), None);
    assert!(seqs(journal, second).await.is_empty());
    let found = journal.find_request("trigger default/p", "k").await.expect("reads");
    assert_eq!(found, Some((first, "digest".to_owned())));
    assert_eq!(journal.find_request("trigger default/q", "k").await.expect("reads"), None);
}

async fn two_equal_requests_in_one_batch_make_one_run(journal: &impl Journal) {
    let definition = stored(journal).await;
    let ask = |n| asked(create(run(n), n, definition), "k", "digest");
    let results = commit(journal, vec![ask(1), ask(2)]).await;
    assert!(results[0].is_ok(), "{results:?}");
    assert!(matches!(&results[1], Err(JournalError::Repeated { run: id, same: true }) if *id == run(1)), "{results:?}");
    assert_eq!(journal.list(&RunFilter { limit: 10, ..RunFilter::default() }).await.expect("reads").len(), 1);
}

async fn a_number_is_never_given_to_two_runs(journal: &impl Journal) {
    let definition = stored(journal).await;
    let results = commit(journal, vec![create(run(1), 1, definition), create(run(2), 1, definition)]).await;
    assert!(results[0].is_ok(), "{results:?}");
    assert!(is_conflict(&results[1], run(2), 0), "{results:?}");
    assert!(seqs(journal, run(2)).await.is_empty());
}

async fn numbers_count_without_gap(journal: &impl Journal) {
    let definition = stored(journal).await;
    let next = async || journal.next_number("default", "p").await.expect("counts");
    assert_eq!((next().await, next().await), (1, 2));
    write(journal, vec![asked(create(run(1), 1, definition), "k", "d"), create(run(2), 2, definition)]).await;
    assert_eq!(next().await, 3);
    let _ = commit(journal, vec![asked(create(run(3), 3, definition), "k", "d")]).await;
    assert_eq!((next().await, next().await), (3, 4), "the number of a refused run is free again");
    assert_eq!(journal.next_number("default", "q").await.expect("counts"), 1);
    assert_eq!(journal.next_number("other", "p").await.expect("counts"), 1);
}

async fn an_unknown_definition_is_refused(journal: &impl Journal) {
    let definition = stored(journal).await;
    let batch = vec![create(run(1), 1, DefinitionId(definition.0 + 1)), create(run(2), 2, definition)];
    let results = commit(journal, batch).await;
    assert!(matches!(&results[0], Err(JournalError::Damaged(_))), "{results:?}");
    assert!(results[1].is_ok(), "{results:?}");
}

async fn equal_definitions_are_stored_once(journal: &impl Journal) {
    let (p, q) = (definition("p"), definition("q"));
    // A text means another graph when a step type that it uses has changed.
    let p_anew = Definition { text_digest: p.text_digest.clone(), yaml: p.yaml.clone(), ..definition("r") };
    let ids = [
        journal.put_definition(&p).await.expect("stores"),
        journal.put_definition(&q).await.expect("stores"),
        journal.put_definition(&p).await.expect("stores"),
        journal.put_definition(&p_anew).await.expect("stores"),
    ];
    assert_eq!(ids[0], ids[2]);
    assert!(ids[0] != ids[1] && ids[0] != ids[3], "{ids:?}");
    write(journal, vec![create(run(1), 1, ids[1]), create(run(2), 2, ids[0]), create(run(3), 3, ids[3])]).await;
    for (run, stored) in [(run(1), &q), (run(2), &p), (run(3), &p_anew)] {
        let read = journal.definition_of(run).await.expect("reads").expect("is there");
        assert_eq!((&read.yaml, &read.digest, &read.text_digest), (&stored.yaml, &stored.digest, &stored.text_digest));
        assert_eq!(read.graph.digest(), stored.digest);
    }
}

async fn lists_go_from_new_to_old_and_filter(journal: &impl Journal) {
    let definition = stored(journal).await;
    let status = |n| [RunStatus::Running, RunStatus::Waiting, RunStatus::Succeeded][n as usize % 3];
    let create = |n| {
        let mut append = create(run(n), n, definition);
        append.row = Some(row(status(n)));
        if n == 5
            && let Some(new) = &mut append.created
        {
            new.created.pipeline = "q".to_owned();
        }
        append
    };
    write(journal, (1..=9).map(create).collect()).await;
    let check = async |filter: RunFilter, expected: &[u64]| {
        let found = journal.list(&filter).await.expect("reads");
        let numbers = found.iter().map(|found| found.number).collect::<Vec<_>>();
        assert_eq!(numbers, expected, "{filter:?}");
    };
    let pipeline = |name: &str| Some(("default".to_owned(), name.to_owned()));
    let all = || RunFilter { limit: 100, ..RunFilter::default() };
    check(all(), &[9, 8, 7, 6, 5, 4, 3, 2, 1]).await;
    check(RunFilter { limit: 2, ..all() }, &[9, 8]).await;
    check(RunFilter { before: Some(run(8)), limit: 2, ..all() }, &[7, 6]).await;
    check(RunFilter { pipeline: pipeline("q"), ..all() }, &[5]).await;
    check(RunFilter { pipeline: pipeline("p"), before: Some(run(6)), ..all() }, &[4, 3, 2, 1]).await;
    check(RunFilter { status: vec![RunStatus::Waiting], ..all() }, &[7, 4, 1]).await;
    let both = vec![RunStatus::Waiting, RunStatus::Succeeded];
    check(RunFilter { status: both, before: Some(run(8)), limit: 3, ..all() }, &[7, 5, 4]).await;
    check(RunFilter { pipeline: pipeline("nothing"), ..all() }, &[]).await;
}

async fn a_run_that_begins_between_two_pages_changes_neither(journal: &impl Journal) {
    let definition = stored(journal).await;
    write(journal, (1..=4).map(|n| create(run(n), n, definition)).collect()).await;
    let page = async |before| {
        let filter = RunFilter { before, limit: 2, ..RunFilter::default() };
        journal.list(&filter).await.expect("reads").iter().map(|found| found.run).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, [run(4), run(3)]);
    write(journal, vec![create(run(5), 5, definition)]).await;
    assert_eq!(page(Some(run(3))).await, [run(2), run(1)]);
}

async fn the_row_is_that_of_the_last_append(journal: &impl Journal) {
    let id = run(1);
    write(journal, vec![create(id, 1, stored(journal).await)]).await;
    let failure = Failure { exit_code: Some(1), ..Failure::new(FailureKind::Exit, "it failed") };
    let last = RunRow {
        status: RunStatus::Failed,
        epoch: 2,
        name: Some("release 7".to_owned()),
        finished_at: Some(at(9)),
        error: Some(RunError { step: Some(step("a")), failure }),
        waiting_steps: vec!["x".to_owned(), "y".to_owned()],
    };
    write(journal, vec![Append { row: Some(last.clone()), ..go_on(id, 1, 1) }]).await;
    let summary = journal.summary(id).await.expect("reads").expect("is there");
    assert_eq!(summary.row, last);
    assert_eq!((summary.project.as_str(), summary.pipeline.as_str(), summary.number), ("default", "p", 1));
    assert_eq!(summary.created_at, at(1), "the moment of the first event");
    assert_eq!(summary.trigger, Trigger { kind: "api".to_owned(), actor: Some("ada".to_owned()) });
    // Nothing but the row changes: no event, no number used up.
    write(journal, vec![Append { row: Some(row(RunStatus::Queued)), ..go_on(id, 2, 0) }, go_on(id, 2, 1)]).await;
    assert_eq!(seqs(journal, id).await, [1, 2, 3]);
    // Events, and the row stays.
    write(journal, vec![Append { row: Some(last.clone()), ..go_on(id, 3, 1) }]).await;
    write(journal, vec![Append { row: None, ..go_on(id, 4, 1) }, Append { row: None, ..go_on(id, 5, 1) }]).await;
    assert_eq!(journal.summary(id).await.expect("reads").expect("is there").row, last);
    assert_eq!(seqs(journal, id).await, [1, 2, 3, 4, 5, 6]);
}

async fn places_are_kept_from_the_wish_to_the_release(journal: &impl Journal) {
    let definition = stored(journal).await;
    let (id, other) = (run(1), run(2));
    let (whole, step) = (Slot::Run { epoch: 1 }, Slot::Step { key: AttemptKey { attempt: 0, ..key("a", 1) } });
    let ask = |limit| Ask {
        group: GroupId { project: "default".to_owned(), kind: GroupKind::Lock, name: "g".to_owned() },
        limit,
        when_full: WhenFull::Queue,
        within: vec![Holder { run: run(9), slot: Slot::Run { epoch: 2 } }],
    };
    let asked = |number, run, slot: &Slot, limit, granted| AskedSlot {
        number,
        holder: Holder { run, slot: slot.clone() },
        ask: ask(limit),
        granted,
    };
    write(
        journal,
        vec![
            Append {
                slots_asked: vec![(7, whole.clone(), ask(1)), (9, step.clone(), ask(2))],
                ..create(id, 1, definition)
            },
            Append { slots_asked: vec![(8, whole.clone(), ask(3))], ..create(other, 2, definition) },
        ],
    )
    .await;
    // One that is refused asks for nothing, gives nothing and releases nothing.
    let stale = Append {
        slots_asked: vec![(10, step.clone(), ask(1))],
        slots_granted: vec![whole.clone()],
        slots_released: vec![whole.clone()],
        ..go_on(other, 5, 1)
    };
    let granting = Append { slots_granted: vec![whole.clone()], ..go_on(id, 1, 1) };
    let results = commit(journal, vec![granting, stale]).await;
    assert!(results[0].is_ok() && is_conflict(&results[1], other, 5), "{results:?}");
    let expected = [asked(7, id, &whole, 1, true), asked(8, other, &whole, 3, false), asked(9, id, &step, 2, false)];
    assert_eq!(journal.slots().await.expect("reads"), expected);
    let releasing = Append {
        slots_asked: vec![(11, Slot::Run { epoch: 2 }, ask(1))],
        slots_released: vec![whole.clone(), Slot::Run { epoch: 2 }],
        ..go_on(id, 2, 1)
    };
    write(journal, vec![releasing, Append { slots_granted: vec![whole.clone()], ..go_on(other, 1, 1) }]).await;
    let expected = [asked(8, other, &whole, 3, true), asked(9, id, &step, 2, false)];
    assert_eq!(journal.slots().await.expect("reads"), expected);
}

async fn open_attempts_are_those_begun_and_not_settled(journal: &impl Journal) {
    let (id, other) = (run(1), run(2));
    let definition = stored(journal).await;
    let item = AttemptKey { item: Some(0), ..key("a", 1) };
    write(
        journal,
        vec![
            Append { attempts_started: vec![key("a", 1), item.clone()], ..create(id, 1, definition) },
            Append { attempts_started: vec![key("a", 1)], ..create(other, 2, definition) },
        ],
    )
    .await;
    let next = vec![key("a", 2)];
    write(journal, vec![Append { attempts_finished: vec![key("a", 1)], attempts_started: next, ..go_on(id, 1, 2) }])
        .await;
    // A second hand-over of the same attempt is the same attempt.
    write(journal, vec![Append { attempts_started: vec![key("a", 2)], ..go_on(id, 3, 1) }]).await;
    let open = journal.open_attempts().await.expect("reads");
    let mut open = open.into_iter().map(|open| open.id).collect::<Vec<_>>();
    open.sort();
    let mut expected = vec![
        AttemptId { run: id, key: item },
        AttemptId { run: id, key: key("a", 2) },
        AttemptId { run: other, key: key("a", 1) },
    ];
    expected.sort();
    assert_eq!(open, expected);
}

async fn due_timers_come_earliest_first(journal: &impl Journal) {
    let (id, other) = (run(1), run(2));
    let definition = stored(journal).await;
    let sleep = |visit| Timer::Sleep { key: key("a", visit) };
    let whole = Timer::Run { epoch: 1, within: Within::default() };
    let timers_set = vec![(sleep(1), at(30)), (sleep(2), at(10)), (whole.clone(), at(50))];
    write(
        journal,
        vec![
            Append { timers_set, ..create(id, 1, definition) },
            Append { timers_set: vec![(sleep(1), at(20))], ..create(other, 2, definition) },
        ],
    )
    .await;
    let due = async |now, limit| journal.due_timers(at(now), limit).await.expect("reads");
    assert_eq!(journal.next_timer().await.expect("reads"), Some(at(10)));
    assert_eq!(due(9, 10).await, []);
    assert_eq!(due(30, 10).await, [(id, sleep(2)), (other, sleep(1)), (id, sleep(1))]);
    assert_eq!(due(99, 2).await, [(id, sleep(2)), (other, sleep(1))]);
    let cleared = vec![sleep(2), sleep(7)];
    write(journal, vec![Append { timers_cleared: cleared, timers_set: vec![(sleep(1), at(40))], ..go_on(id, 1, 1) }])
        .await;
    assert_eq!(journal.next_timer().await.expect("reads"), Some(at(20)));
    assert_eq!(due(99, 10).await, [(other, sleep(1)), (id, sleep(1)), (id, whole)]);
}

fn with_state(append: Append, state: &[u8]) -> Append {
    Append { snapshot: Some(Snapshot { state: state.to_vec(), apart: 1 }), ..append }
}

async fn kept(journal: &impl Journal, id: RunId, upto: Option<Seq>) -> Option<(Seq, Vec<u8>)> {
    journal.snapshot(id, upto).await.expect("reads").map(|(seq, snapshot)| (seq, snapshot.state))
}

async fn states_are_kept_with_their_events(journal: &impl Journal) {
    let definition = stored(journal).await;
    write(journal, vec![create(run(1), 1, definition), create(run(2), 2, definition)]).await;
    write(journal, vec![with_state(go_on(run(1), 1, 3), &[0, 255, 7]), go_on(run(2), 1, 2)]).await;
    // In a batch in which another append is refused, too.
    let batch = vec![with_state(go_on(run(1), 4, 2), b"six"), with_state(go_on(run(2), 1, 1), b"stale")];
    let results = commit(journal, batch).await;
    assert!(results[0].is_ok() && matches!(results[1], Err(JournalError::Conflict { .. })), "{results:?}");

    assert_eq!(kept(journal, run(1), None).await, Some((6, b"six".to_vec())));
    assert_eq!(kept(journal, run(1), Some(6)).await, Some((6, b"six".to_vec())));
    assert_eq!(kept(journal, run(1), Some(5)).await, Some((4, vec![0, 255, 7])));
    assert_eq!(kept(journal, run(1), Some(3)).await, None);
    assert_eq!(kept(journal, run(2), None).await, None, "a refused append leaves no trace");
}

async fn old_states_are_kept_evenly_and_few(journal: &impl Journal) {
    const LAST: Seq = 400;
    let definition = stored(journal).await;
    write(journal, vec![create(run(1), 1, definition)]).await;
    let refused = go_on(run(1), 0, 1);
    for seq in 2..=LAST {
        let state = vec![seq as u8; 8];
        let append = Append { snapshot: Some(Snapshot::new(seq, state)), ..go_on(run(1), seq - 1, 1) };
        // One way of writing and the other.
        let batch = if seq % 2 == 0 { vec![append] } else { vec![append, refused.clone()] };
        assert!(commit(journal, batch).await[0].is_ok());
    }
    let mut found = Vec::new();
    let mut upto = LAST;
    while let Some((seq, state)) = kept(journal, run(1), Some(upto)).await {
        assert_eq!(state, vec![seq as u8; 8]);
        found.push(seq);
        upto = seq - 1;
    }
    assert_eq!(found[0], LAST, "the newest is there");
    assert!(found.len() as Seq <= Snapshot::MOST + 1, "{} are kept", found.len());
    let widest = found.windows(2).map(|pair| pair[0] - pair[1]).max();
    assert!(widest <= Some(2 * LAST / Snapshot::MOST + 2), "{found:?}");
    assert_eq!(found.last(), Some(&2), "the first of the first stretch stays");
}

async fn what_is_not_there_is_none(journal: &impl Journal) {
    assert_eq!(journal.summary(run(1)).await.expect("reads"), None);
    assert!(journal.definition_of(run(1)).await.expect("reads").is_none());
    assert_eq!(journal.events(run(1), 0, 10).await.expect("reads"), []);
    assert_eq!(journal.list(&RunFilter { limit: 10, ..RunFilter::default() }).await.expect("reads"), []);
    assert_eq!(journal.next_timer().await.expect("reads"), None);
    assert_eq!(journal.open_attempts().await.expect("reads"), []);
    assert_eq!(commit(journal, Vec::new()).await.len(), 0);
}

struct Written {
    id: RunId,
    events: Vec<Recorded>,
    timer: Timer,
}

async fn everything_that_must_last(journal: &impl Journal) -> Written {
    let id = run(1);
    let timer = Timer::Run { epoch: 1, within: Within::default() };
    assert_eq!(journal.next_number("default", "p").await.expect("counts"), 1);
    let append = Append {
        timers_set: vec![(timer.clone(), at(5))],
        attempts_started: vec![key("a", 1)],
        ..asked(create(id, 1, stored(journal).await), "k", "digest")
    };
    write(journal, vec![append, with_state(go_on(id, 1, 3), b"four")]).await;
    Written { id, events: journal.events(id, 0, 100).await.expect("reads"), timer }
}

async fn everything_lasts(journal: &impl Journal, written: Written) {
    let Written { id, events, timer } = written;
    assert_eq!(kept(journal, id, None).await, Some((4, b"four".to_vec())));
    assert_eq!(journal.events(id, 0, 100).await.expect("reads"), events);
    assert_eq!(journal.due_timers(at(5), 9).await.expect("reads"), [(id, timer)]);
    assert_eq!(journal.open_attempts().await.expect("reads").len(), 1);
    assert_eq!(journal.next_number("default", "p").await.expect("counts"), 2);
    assert!(journal.find_request("trigger default/p", "k").await.expect("reads").is_some());
    assert_eq!(journal.put_definition(&definition("p")).await.expect("stores"), stored(journal).await);
    assert!(journal.definition_of(id).await.expect("reads").is_some());
    let results = commit(journal, vec![go_on(id, 1, 1), go_on(id, 4, 1)]).await;
    assert!(is_conflict(&results[0], id, 1) && results[1].is_ok(), "{results:?}");
}
