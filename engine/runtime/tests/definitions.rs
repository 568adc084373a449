//! What a run is made from stays what it was, whatever its text would compile to later.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::event::{ApprovalDecided, Decision, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptId, RunId, StepId};
use loopline_ports::clock::SystemClock;
use loopline_ports::driver::{Driver as _, TriggerRequest};
use loopline_ports::journal::{Definition, Journal};
use loopline_ports::worker::{Attached, Reports, Worker};
use loopline_runtime::{Engine, EngineConfig};
use loopline_store::MemoryStore;
use serde_json::{Map, Value as Json, json};
use tokio::sync::mpsc;

/// Nothing here works: the steps wait and compute. An engine goes on as long as somebody could report.
struct Idle {
    _reports: Reports,
}

#[async_trait]
impl Worker for Idle {
    async fn start(&self, _: AttemptSpec) {}

    async fn attach(&self, _: AttemptId) -> Attached {
        Attached::NeverStarted
    }

    async fn cancel(&self, _: AttemptId) {}

    async fn forget(&self, _: &AttemptId) {}
}

async fn engine(journal: &Arc<dyn Journal>) -> Arc<Engine> {
    let (reports, told) = mpsc::channel(1);
    let worker = Arc::new(Idle { _reports: reports });
    let engine = Engine::start(EngineConfig::default(), Arc::clone(journal), worker, told, Arc::new(SystemClock));
    engine.await.expect("the journal answers")
}

/// One text, whose step type gives `value`: an approval, and behind it the step of the type.
fn definition(value: &str) -> Arc<Definition> {
    let graph = json!({
        "semantics": 1, "name": "p", "max_visits": 100,
        "steps": [
            {"id": "ask", "grace_ms": 1, "action": {"approval": {"message": "m", "quorum": 1, "allow_self": true}}},
            {"id": "then", "grace_ms": 1, "needs": [{"step": 0, "on": "succeeded"}], "action": {"set": {"x": {"literal": value}}}},
        ],
    });
    let graph: Graph = serde_json::from_value(graph).expect("a graph");
    // Nobody could make a graph of this text: the type is not there.
    let yaml = "version: 1\nname: p\nsteps: {then: {use: gone}}\n".to_owned();
    Arc::new(Definition { text_digest: "sha256:0".into(), yaml, digest: graph.digest(), graph: Arc::new(graph) })
}

async fn begin(engine: &Engine, definition: Arc<Definition>) -> RunId {
    let request = TriggerRequest {
        project: "default".into(),
        definition,
        inputs: Map::new(),
        labels: BTreeMap::new(),
        trigger: Trigger { kind: "api".into(), actor: None },
        idempotency_key: None,
        asked_by: "ada".into(),
    };
    engine.trigger(request).await.expect("is taken").run
}

async fn approve(engine: &Engine, run: RunId) {
    let decided = ApprovalDecided {
        step: StepId::new("ask").expect("an id").into(),
        visit: 1,
        by: "bob".into(),
        member_of: Vec::new(),
        decision: Decision::Approved,
        comment: None,
        fields: Map::new(),
        digest: None,
    };
    engine.decide(run, decided, "bob".into()).await.expect("is taken");
}

async fn given(engine: &Engine, run: RunId) -> Json {
    let view = serde_json::to_value(engine.view(run, None).await.expect("is there")).expect("JSON");
    view["steps"]["then"]["outputs"]["x"].clone()
}

#[tokio::test]
async fn runs_of_one_text_keep_the_graphs_they_began_with() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryStore::new());
    let before = engine(&journal).await;
    let one = begin(&before, definition("one")).await;
    let two = begin(&before, definition("two")).await;
    approve(&before, one).await;
    approve(&before, two).await;
    assert_eq!((given(&before, one).await, given(&before, two).await), (json!("one"), json!("two")));
    let waiting = begin(&before, definition("three")).await;
    before.stop().await;

    let after = engine(&journal).await;
    approve(&after, waiting).await;
    for (run, expect) in [(one, "one"), (two, "two"), (waiting, "three")] {
        assert_eq!(given(&after, run).await, json!(expect));
    }
}
