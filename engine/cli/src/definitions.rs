//! Where child runs find their pipelines: on a server among those it has, in the foreground among the files around.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use loopline_ports::definitions::Definitions;
use loopline_ports::journal::Definition;
use loopline_server::source::PipelineSource;

use crate::wiring::{PROJECT, definition};

/// The pipelines of a server.
pub struct OfServer(pub Arc<dyn PipelineSource>);

#[async_trait]
impl Definitions for OfServer {
    async fn find(&self, project: &str, pipeline: &str) -> Option<Arc<Definition>> {
        self.0.get(project, pipeline).await?.runnable
    }
}

/// A file and what stands around it.
pub struct Around(pub PathBuf);

#[async_trait]
impl Definitions for Around {
    async fn find(&self, project: &str, pipeline: &str) -> Option<Arc<Definition>> {
        if project != PROJECT {
            return None;
        }
        let (file, name) = (self.0.clone(), pipeline.to_owned());
        let found = tokio::task::spawn_blocking(move || loopline_triggers::library::find_around(&file, &name));
        // A panic in there has been reported where it happened.
        let (yaml, graph) = found.await.ok()??;
        Some(Arc::new(definition(&yaml, graph)))
    }
}
