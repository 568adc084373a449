//! What a worker is told of files that come from elsewhere: artifacts of steps before, and caches.

use super::apply::Fold;
use super::attempt::plain;
use super::state::{RunState, St, Unit};
use crate::command::{CacheWork, FetchWork, KeyPart};
use crate::expr::Place;
use crate::graph::{CacheKey, CacheKeyPart, Graph, Part, Step};
use crate::id::StepIx;
use crate::outcome::{Failure, FailureKind};

impl Fold<'_> {
    /// The artifacts that a step fetches, as the steps that made them stand now. Of a step with items, those of all items.
    pub(super) fn fetch_work(&self, step: &Step) -> Result<Vec<FetchWork>, Failure> {
        let mut work = Vec::new();
        for fetch in &step.fetch {
            let inside = self.graph.find(fetch.step.as_str()).map(|ix| (self.graph, &*self.state, ix));
            let around = || {
                self.outer.and_then(|outer| Some((outer.graph, outer.state, outer.graph.find(fetch.step.as_str())?)))
            };
            let found = inside.or_else(around);
            let Some((graph, state, ix)) = found else {
                return Err(missing(&fetch.step, &fetch.artifact, "there is no such step"));
            };
            state.fetch(graph, ix, &fetch.artifact, &mut work)?;
        }
        Ok(work)
    }

    /// The caches of a step with their keys filled in.
    pub(super) fn cache_work(&self, unit: Unit, step: &Step) -> Result<Vec<CacheWork>, Failure> {
        let key = |key: &CacheKey, what: &str| {
            let part = |part: &CacheKeyPart| {
                Ok(match part {
                    CacheKeyPart::Text(template) => {
                        let text = self.render_part(unit, Part::Cache, template, Place::Plain, what)?;
                        KeyPart::Text(plain(text, what)?)
                    }
                    CacheKeyPart::HashFiles(patterns) => KeyPart::HashFiles(patterns.clone()),
                })
            };
            key.0.iter().map(part).collect::<Result<Vec<_>, Failure>>()
        };
        let cache = |cache: &crate::graph::Cache| {
            let restore_keys = cache.restore_keys.iter().map(|each| key(each, "cache.restore_keys"));
            Ok(CacheWork {
                key: key(&cache.key, "cache.key")?,
                paths: cache.paths.clone(),
                restore_keys: restore_keys.collect::<Result<_, Failure>>()?,
            })
        };
        step.cache.iter().map(cache).collect()
    }
}

impl RunState {
    fn fetch(&self, graph: &Graph, ix: StepIx, name: &str, work: &mut Vec<FetchWork>) -> Result<(), Failure> {
        let id = &graph.step(ix).id;
        let step = &self.steps[ix.get()];
        let before = work.len();
        match &step.many {
            Some(many) => {
                let kept = (0..).zip(&many.items).filter_map(|(at, item)| Some((at, item.artifacts.get(name)?)));
                work.extend(kept.map(|(at, artifact)| FetchWork {
                    name: format!("{id}[{at}].{name}"),
                    artifact: artifact.clone(),
                }));
                // A list without items has been done, and there is nothing of it.
                if many.items.is_empty() && step.st == St::Succeeded {
                    return Ok(());
                }
            }
            None => work.extend(
                step.artifacts
                    .get(name)
                    .map(|artifact| FetchWork { name: format!("{id}.{name}"), artifact: artifact.clone() }),
            ),
        }
        if work.len() > before {
            return Ok(());
        }
        Err(missing(
            id,
            name,
            match step.st {
                St::Pending | St::Running => "the step has not ended",
                St::Skipped => "the step was skipped",
                St::Cancelled => "the step was cancelled",
                St::Failed => "the step failed, and keeps its artifacts when it succeeds",
                St::Succeeded => "the step kept none of that name",
            },
        ))
    }
}

fn missing(step: &crate::id::StepId, artifact: &str, why: &str) -> Failure {
    Failure::new(FailureKind::Contract, format!("there is no artifact `{step}.{artifact}` to fetch: {why}"))
}
