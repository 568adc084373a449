//! What follows from the edges of a graph: who stands behind whom, which region a loop re-opens, which loop encloses which.
//!
//! The words are those of the language reference: the *region* of a loop edge is its `to` and everything that forward
//! edges lead to from there; a loop *encloses* another when its firing refills the other's budget.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Join};
use crate::id::StepIx;

/// A loop edge, as a position in [`Shape::entries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryIx(pub u32);

impl EntryIx {
    /// As an index into a slice with one entry a loop edge.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// A loop edge: the step it leaves, its place in that step's `goto`, and where it goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The step whose end fires it.
    pub from: StepIx,
    /// Its place in `goto`.
    pub index: u32,
    /// Where it goes back to.
    pub to: StepIx,
}

/// A set of steps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct StepSet {
    words: Vec<u64>,
}

impl StepSet {
    /// No step, with room for `len` of them.
    pub fn with_len(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// Puts a step in.
    pub fn insert(&mut self, step: StepIx) {
        let at = step.get();
        if at / 64 >= self.words.len() {
            self.words.resize(at / 64 + 1, 0);
        }
        self.words[at / 64] |= 1 << (at % 64);
    }

    /// Is the step in?
    pub fn contains(&self, step: StepIx) -> bool {
        self.words.get(step.get() / 64).is_some_and(|word| word & (1 << (step.get() % 64)) != 0)
    }

    /// Puts all of `other` in.
    pub fn union_with(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// All of `other` is in.
    pub fn is_superset(&self, other: &Self) -> bool {
        other.words.iter().enumerate().all(|(at, word)| word & !self.words.get(at).copied().unwrap_or(0) == 0)
    }

    /// In the order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = StepIx> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| StepIx((at * 64 + bit) as u32))
        })
    }
}

/// Derived once per graph, see [`Graph::shape`].
#[derive(Debug)]
pub struct Shape {
    successors: Vec<Vec<StepIx>>,
    rank: Vec<u32>,
    entries: Vec<Entry>,
    first_entry: Vec<u32>,
    /// Regions, and what a firing refills; only graphs with loops pay for them.
    loops: OnceLock<Loops>,
    previous: Vec<StepIx>,
    visits: StepSet,
    behind_choice: StepSet,
}

#[derive(Debug)]
struct Loops {
    /// One a loop edge; edges back to the same step share one.
    region: Vec<Arc<StepSet>>,
    /// Per loop edge: the loop edges it encloses.
    encloses: Vec<Vec<EntryIx>>,
}

impl Shape {
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut successors: Vec<Vec<StepIx>> = vec![Vec::new(); graph.steps.len()];
        let mut entries = Vec::new();
        let mut first_entry = Vec::with_capacity(graph.steps.len());
        for ix in graph.indices() {
            let step = graph.step(ix);
            for need in &step.needs {
                let behind = &mut successors[need.step.get()];
                if behind.last() != Some(&ix) {
                    behind.push(ix);
                }
            }
            first_entry.push(entries.len() as u32);
            for (index, goto) in step.goto.iter().enumerate() {
                entries.push(Entry { from: ix, index: index as u32, to: goto.to });
            }
        }
        let mut shape = Self {
            rank: rank(graph, &successors),
            successors,
            entries,
            first_entry,
            loops: OnceLock::new(),
            previous: previous_names(graph),
            visits: visits_read(graph),
            behind_choice: StepSet::default(),
        };
        let choices = graph.indices().filter(|ix| graph.step(*ix).join != Join::All);
        shape.behind_choice = shape.behind(choices);
        shape
    }

    /// The step may go on while steps that lead to it do: its join, or one before it, does not wait for all.
    pub fn is_behind_choice(&self, step: StepIx) -> bool {
        self.behind_choice.contains(step)
    }

    /// The steps that have a forward edge from this one.
    pub fn successors(&self, step: StepIx) -> &[StepIx] {
        &self.successors[step.get()]
    }

    /// Position in one topological order of the forward edges: whatever leads to a step has a lower rank.
    pub fn rank(&self, step: StepIx) -> u32 {
        self.rank[step.get()]
    }

    /// All loop edges, by step and place.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The loop edge at this place of this step's `goto`.
    pub fn entry(&self, step: StepIx, index: usize) -> EntryIx {
        EntryIx(self.first_entry[step.get()] + index as u32)
    }

    /// What a firing of this loop edge re-opens.
    pub fn region(&self, entry: EntryIx) -> &Arc<StepSet> {
        &self.loops().region[entry.get()]
    }

    /// The loop edges whose budgets a firing of this one refills.
    pub fn encloses(&self, entry: EntryIx) -> &[EntryIx] {
        &self.loops().encloses[entry.get()]
    }

    /// These steps and everything that forward edges lead to from there.
    pub fn behind(&self, steps: impl IntoIterator<Item = StepIx>) -> StepSet {
        let mut behind = StepSet::with_len(self.successors.len());
        let mut next: Vec<StepIx> = steps.into_iter().collect();
        while let Some(step) = next.pop() {
            if !behind.contains(step) {
                behind.insert(step);
                next.extend(&self.successors[step.get()]);
            }
        }
        behind
    }

    /// Steps that some expression reads as `previous.x`, in the order of their ids.
    pub fn previous_names(&self) -> &[StepIx] {
        &self.previous
    }

    /// Some expression reads which visits the step had, here or in `finally`.
    pub fn reads_visits(&self, step: StepIx) -> bool {
        self.visits.contains(step)
    }

    fn loops(&self) -> &Loops {
        self.loops.get_or_init(|| {
            // The closure of "leads to" as bit sets, from the last step of the order to the first: one union an edge.
            let count = self.successors.len();
            let mut order: Vec<StepIx> = (0..count as u32).map(StepIx).collect();
            order.sort_unstable_by_key(|step| std::cmp::Reverse(self.rank(*step)));
            let mut reach: Vec<StepSet> = vec![StepSet::default(); count];
            for step in order {
                let mut set = StepSet::with_len(count);
                set.insert(step);
                for &next in &self.successors[step.get()] {
                    set.union_with(&reach[next.get()]);
                }
                reach[step.get()] = set;
            }
            let leads = |a: StepIx, b: StepIx| a != b && reach[a.get()].contains(b);
            let mut shared: std::collections::BTreeMap<StepIx, Arc<StepSet>> = std::collections::BTreeMap::new();
            let region = self
                .entries
                .iter()
                .map(|entry| shared.entry(entry.to).or_insert_with(|| Arc::new(reach[entry.to.get()].clone())).clone())
                .collect();
            let encloses = self
                .entries
                .iter()
                .map(|outer| {
                    (0..self.entries.len() as u32)
                        .map(EntryIx)
                        .filter(|ix| {
                            let inner = &self.entries[ix.get()];
                            leads(outer.to, inner.to) || (outer.to == inner.to && leads(inner.from, outer.from))
                        })
                        .collect()
                })
                .collect();
            Loops { region, encloses }
        })
    }
}

fn rank(graph: &Graph, successors: &[Vec<StepIx>]) -> Vec<u32> {
    let mut edges: DiGraph<(), (), u32> = DiGraph::with_capacity(graph.steps.len(), successors.len());
    for _ in &graph.steps {
        edges.add_node(());
    }
    for (from, behind) in successors.iter().enumerate() {
        for to in behind {
            edges.add_edge(NodeIndex::new(from), NodeIndex::new(to.get()), ());
        }
    }
    let order = toposort(&edges, None).expect("the compiler refuses a cycle of forward edges");
    // By how many edges lead there at the most, then by id: the order that people expect to read.
    let mut level = vec![0u32; graph.steps.len()];
    for node in &order {
        let next = level[node.index()] + 1;
        for behind in &successors[node.index()] {
            level[behind.get()] = level[behind.get()].max(next);
        }
    }
    let mut steps: Vec<StepIx> = graph.indices().collect();
    steps.sort_by_key(|step| (level[step.get()], *step));
    let mut rank = vec![0; graph.steps.len()];
    for (at, step) in steps.into_iter().enumerate() {
        rank[step.get()] = at as u32;
    }
    rank
}

fn previous_names(graph: &Graph) -> Vec<StepIx> {
    let mut names = BTreeSet::new();
    crate::machine::for_each_reference(graph, &mut |reference| {
        if let [root, step, ..] = reference.path.as_slice()
            && root == "previous"
            && let Some(ix) = graph.find(step)
        {
            names.insert(ix);
        }
    });
    names.into_iter().collect()
}

fn visits_read(graph: &Graph) -> StepSet {
    let mut read = StepSet::default();
    for reads in [Some(graph), graph.finally.as_deref()].into_iter().flatten() {
        crate::machine::for_each_reference(reads, &mut |reference| {
            let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
            match path.as_slice() {
                ["steps" | "previous"] => graph.indices().for_each(|ix| read.insert(ix)),
                // Whether there is such a step does not depend on its visits.
                ["steps" | "previous", _] if reference.presence => {}
                ["steps" | "previous", step] | ["steps" | "previous", step, "visits", ..] => {
                    graph.find(step).into_iter().for_each(|ix| read.insert(ix));
                }
                _ => {}
            }
        });
    }
    read
}
