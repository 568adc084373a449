//! Core and the reference, event for event. After each of them both must show the same, or both must have refused it.

use std::fmt::Write as _;

use loopline_core::event::{Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{RunId, StepPath};
use loopline_core::machine::{RunState, apply};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunView, WaitingFor};

use super::attempts::back_off;
use super::events::Oracle;
use super::lemmas::Lemmas;
use super::picture::{Picture, Wishes, difference, of_core, of_reference};
use super::state::State;

pub const BEGIN: Timestamp = Timestamp(1_790_000_000_000);

pub struct Duet<'a> {
    pub graph: &'a Graph,
    pub reference: State<'a>,
    pub core: RunState,
    /// Of the pinned graph.
    digest: String,
    pub view: Option<RunView>,
    pub wishes: Wishes,
    pub lemmas: Lemmas,
    /// What was tried, refused or not.
    pub tried: Vec<(Recorded, bool)>,
}

/// How every run begins.
pub fn created(graph: &Graph, digest: &str) -> RunCreated {
    RunCreated {
        run: RunId::from_parts(BEGIN.0 as u64, 7),
        project: "default".into(),
        pipeline: graph.name.clone(),
        number: 1,
        digest: digest.to_owned(),
        semantics: graph.semantics,
        inputs: serde_json::Map::new(),
        trigger: Trigger { kind: "manual".into(), actor: Some("ada".into()) },
        labels: std::collections::BTreeMap::new(),
        parent: None,
        url: None,
    }
}

impl Oracle for Option<RunView> {
    fn digest(&self, step: &StepPath) -> String {
        self.as_ref().and_then(|view| digest(view, step)).unwrap_or_default()
    }
}

fn digest(view: &RunView, path: &StepPath) -> Option<String> {
    let mut steps = &view.steps;
    for (step, item) in &path.within {
        let around = steps.get(step)?;
        let child = match item {
            None => around.child.as_ref()?,
            Some(item) => around.items.as_ref()?.get(*item as usize)?.child.as_ref()?,
        };
        steps = &child.steps;
    }
    match steps.get(&path.step)?.waiting_for.as_ref()? {
        WaitingFor::Approval(wait) => Some(wait.digest.clone()),
        _ => None,
    }
}

impl<'a> Duet<'a> {
    pub fn begin(graph: &'a Graph, digest: &str) -> Result<Self, String> {
        let mut duet = Self {
            graph,
            reference: State::new(graph),
            core: RunState::default(),
            digest: digest.to_owned(),
            view: None,
            wishes: Wishes::default(),
            lemmas: Lemmas::default(),
            tried: Vec::new(),
        };
        duet.play(BEGIN, Event::RunCreated(Box::new(created(graph, digest))))?;
        Ok(duet)
    }

    pub fn digest(&self, step: &StepPath) -> Option<String> {
        digest(self.view.as_ref()?, step)
    }

    /// Both fold the event; `Err` tells the first difference.
    pub fn play(&mut self, at: Timestamp, event: Event) -> Result<bool, String> {
        let recorded = Recorded { seq: self.core.last_seq() + 1, at, event };
        let by_reference = self.reference.apply(&recorded, &self.view);
        let by_core = apply(self.graph, &mut self.core, &recorded);
        self.tried.push((recorded.clone(), by_core.is_ok()));
        match (&by_reference, &by_core) {
            (Ok(()), Ok(applied)) => self.wishes.follow(&recorded.event, &applied.commands),
            // What is refused changes nothing: that is looked at now and then.
            (Err(_), Err(_)) if !self.tried.len().is_multiple_of(8) => return Ok(false),
            (Err(_), Err(_)) => {}
            (Ok(()), Err(refused)) => return Err(format!("core refuses, the reference does not: {refused}")),
            (Err(why), Ok(_)) => return Err(format!("the reference refuses, core does not: {why}")),
        }
        let view = self.core.view(self.graph).ok_or("core shows nothing")?;
        self.take_over_jitter()?;
        let core = of_core(&view, &self.wishes);
        let reference = of_reference(&self.reference);
        if let Some(difference) = difference(&reference, &core) {
            return Err(difference);
        }
        let State { fired, world, regions, .. } = &self.reference;
        self.lemmas.hold((self.graph, regions), &view, &self.wishes, fired, world.reruns)?;
        self.view = Some(view);
        // Whatever was drawn is forgotten now and then, and read back.
        if self.core.last_seq() % 16 == 8 {
            self.core = crate::snapshots::again(self.graph, &self.digest, &self.core)?;
        }
        Ok(by_core.is_ok())
    }

    /// The moment of a back-off is core's own, within a tenth.
    fn take_over_jitter(&mut self) -> Result<(), String> {
        let (wishes, mut set, mut wrong) = (&self.wishes.timers, Vec::new(), None);
        self.reference.each_back_off(&mut |key, until, retry| {
            let timer = loopline_core::command::Timer::Retry { key: key.clone() };
            let Some(at) = wishes.get(&timer).filter(|at| **at != *until) else { return };
            let base = back_off(retry, key.attempt - 1);
            let waits = base + at.ms_since(*until);
            if *at < *until || waits > (base + base / 10).min(retry.max_ms) {
                wrong = Some(format!("{timer} is set to {at}, which is not within a tenth of {until}"));
            }
            *until = *at;
            set.push((timer, *at));
        });
        self.reference.world.timers.extend(set);
        wrong.map_or(Ok(()), Err)
    }

    /// Everything there is to know about a difference.
    pub fn report(&self, yaml: &str, difference: &str) -> String {
        let mut text = format!("{difference}\n\n{yaml}\n");
        for (recorded, taken) in &self.tried {
            let event = serde_json::to_string(&recorded.event).expect("an event is JSON");
            let word = if *taken { "" } else { "refused " };
            let _ = writeln!(text, "{:>3} +{} ms {word}{event}", recorded.seq, recorded.at.ms_since(BEGIN));
        }
        let json = |picture: &Picture<'_>| serde_json::to_string(picture).expect("a picture is JSON");
        let _ = writeln!(text, "\nreference: {}", json(&of_reference(&self.reference)));
        if let Some(view) = self.core.view(self.graph) {
            let _ = writeln!(text, "\ncore: {}", json(&of_core(&view, &self.wishes)));
        }
        text
    }
}
