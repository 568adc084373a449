//! Lemmas 1 to 3: the shape of loops, and what follows from budgets.

use loopline_core::graph::Graph;
use loopline_core::shape::EntryIx;

/// How often loop edges fire and steps are visited at the most, by lemma 3 (a) and (b).
pub struct Bounds {
    /// By loop edge, in the order of the graph.
    pub firings: Vec<u64>,
    /// By step, in the order of the graph.
    pub visits: Vec<u64>,
}

impl Bounds {
    pub fn of(graph: &Graph) -> Self {
        let firings: Vec<u64> = entries(graph).map(|entry| firings(graph, entry)).collect();
        let visits = graph.indices().map(|step| {
            let around = entries(graph).filter(|entry| graph.shape().region(*entry).contains(step));
            1 + around.map(|entry| firings[entry.get()]).sum::<u64>()
        });
        Self { visits: visits.collect(), firings }
    }
}

fn entries(graph: &Graph) -> impl Iterator<Item = EntryIx> + use<> {
    (0..graph.shape().entries().len() as u32).map(EntryIx)
}

/// From the outermost inwards; it ends because enclosing is a strict partial order.
fn firings(graph: &Graph, entry: EntryIx) -> u64 {
    let edge = graph.shape().entries()[entry.get()];
    let max = graph.step(edge.from).goto[edge.index as usize].max.expect("no loop is unlimited here");
    let outer = entries(graph).filter(|outer| graph.shape().encloses(*outer).contains(&entry));
    u64::from(max) * (1 + outer.map(|outer| firings(graph, outer)).sum::<u64>())
}

/// Lemma 2.
pub fn enclosing_is_a_strict_partial_order(graph: &Graph) {
    let encloses = |a: EntryIx, b: EntryIx| graph.shape().encloses(a).contains(&b);
    for a in entries(graph) {
        assert!(!encloses(a, a));
        for b in entries(graph).filter(|b| encloses(a, *b)) {
            assert!(entries(graph).filter(|c| encloses(b, *c)).all(|c| encloses(a, c)), "{a:?} {b:?}");
        }
    }
}

/// Lemma 1.
pub fn regions_are_closed(graph: &Graph) {
    for entry in entries(graph) {
        let region = graph.shape().region(entry);
        assert!(region.contains(graph.shape().entries()[entry.get()].from));
        for step in region.iter() {
            assert!(graph.shape().successors(step).iter().all(|behind| region.contains(*behind)));
        }
    }
}
