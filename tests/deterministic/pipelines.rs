//! What runs in a simulated world: small pipelines that together have every way in which a run can wait, turn and end.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use loopline_ports::definitions::Definitions;
use loopline_ports::journal::Definition;

const TEXTS: [&str; 7] = [
    include_str!("pipelines/alone.yaml"),
    include_str!("pipelines/approval.yaml"),
    include_str!("pipelines/children.yaml"),
    include_str!("pipelines/items.yaml"),
    include_str!("pipelines/locks.yaml"),
    include_str!("pipelines/loops.yaml"),
    include_str!("pipelines/undo.yaml"),
];

pub struct Pipelines(Vec<Arc<Definition>>);

impl Pipelines {
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Pipelines>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Self(TEXTS.map(definition).into()))))
    }

    pub fn all(&self) -> &[Arc<Definition>] {
        &self.0
    }
}

fn definition(text: &str) -> Arc<Definition> {
    let compiled = loopline_dsl::compile(text);
    let graph = compiled.graph.unwrap_or_else(|| {
        panic!("{}", loopline_dsl::render_pretty("pipeline", text, &compiled.diagnostics, false));
    });
    let text_digest = format!("text of {}", graph.name);
    Arc::new(Definition { text_digest, yaml: text.to_owned(), digest: graph.digest(), graph: Arc::new(graph) })
}

#[async_trait]
impl Definitions for Pipelines {
    async fn find(&self, _project: &str, pipeline: &str) -> Option<Arc<Definition>> {
        self.0.iter().find(|definition| definition.graph.name == pipeline).cloned()
    }
}
