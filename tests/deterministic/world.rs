//! What all parts of a simulated world share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loopline_core::id::RunId;
use loopline_core::time::Timestamp;
use loopline_ports::clock::Clock;
use loopline_runtime::Engine;
use loopline_store::MemoryStore;
use tokio::time::Instant;

use super::dice::Dice;
use super::machine::Machine;
use super::pipelines::Pipelines;

/// 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_767_225_600_000);

pub struct World {
    pub seed: u64,
    pub dice: Dice,
    /// What is on disk, whoever reads it.
    pub disk: MemoryStore,
    pub machine: Machine,
    pub pipelines: Arc<Pipelines>,
    began: Instant,
    well: AtomicBool,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    engine: Option<Arc<Engine>>,
    trace: Vec<String>,
    told: Told,
}

/// What people were told has happened: it must be in the histories, once.
#[derive(Debug, Default, Clone)]
pub struct Told {
    /// By the key they sent along.
    pub triggered: BTreeMap<String, RunId>,
    /// Every key that was ever sent along.
    pub asked: BTreeSet<String>,
    pub signals: BTreeSet<(RunId, String)>,
    /// Run, step, visit, who.
    pub decisions: BTreeSet<(RunId, String, u32, String)>,
}

impl World {
    pub fn of(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            seed,
            dice: Dice::of(seed),
            disk: MemoryStore::new(),
            machine: Machine::default(),
            pipelines: Pipelines::shared(),
            began: Instant::now(),
            well: AtomicBool::new(false),
            shared: Mutex::default(),
        })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing fails from here on.
    pub fn heal(&self) {
        self.note("everything is well from here on");
        self.well.store(true, Ordering::Relaxed);
    }

    pub fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed)
    }

    /// Something goes wrong, once in `n` times while things go wrong at all.
    pub fn fails(&self, n: u64) -> bool {
        !self.is_well() && self.dice.one_in(n)
    }

    /// A while of at most so many milliseconds.
    pub async fn some_time(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.dice.below(ms + 1))).await;
    }

    pub fn note(&self, what: impl Display) {
        let at = self.began.elapsed().as_millis();
        self.shared().trace.push(format!("{at:>8} {what}"));
    }

    pub fn trace(&self) -> Vec<String> {
        self.shared().trace.clone()
    }

    /// A rule is broken. The end of the trace says how it came about.
    pub fn broken(&self, what: impl Display) -> ! {
        let trace = self.trace();
        let tail = trace[trace.len().saturating_sub(60)..].join("\n");
        panic!("seed {}: {what}\n{tail}", self.seed);
    }

    pub fn engine(&self) -> Option<Arc<Engine>> {
        self.shared().engine.clone()
    }

    /// Once all is well, the engine that lives then lives on.
    pub async fn an_engine(&self) {
        while self.engine().is_none() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    pub fn set_engine(&self, engine: Option<Arc<Engine>>) {
        self.shared().engine = engine;
    }

    pub fn tell(&self, what: impl FnOnce(&mut Told)) {
        what(&mut self.shared().told);
    }

    pub fn told(&self) -> Told {
        self.shared().told.clone()
    }
}

/// The clock of a world: that of its runtime, which stands still while somebody has something to do.
pub struct WorldClock(pub Arc<World>);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        BEGINNING.plus_ms(u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// The life of one engine. A killed process does nothing any more, wherever it stood.
#[derive(Clone, Default)]
pub struct Life(Arc<AtomicBool>);

impl Life {
    pub fn end(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Goes on only while there is life.
    pub async fn goes_on(&self) {
        if self.is_over() {
            std::future::pending().await
        }
    }
}
