//! Rows of boxes, by the longest way that leads to each, and a place in every row for each line that passes it.
//!
//! All forward edges out of a box share their lines as far as they go together, and so do all loops back to a box. A loop
//! is taken from its target down to its sources, like a forward edge: it begins at the *arrival*, a place right of its
//! target, and ends at *gates*, places right of its sources.

use std::collections::BTreeMap;

use super::diagram::Diagram;
use super::rows::{BESIDE, Rows};

/// More bends than this are not made: the longest edges go around the drawing.
const MOST_BENDS: usize = 60_000;

/// Something that has a place in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The box with the same number as the vertex.
    Box,
    /// Where a loop leaves the box left of it.
    Gate { from: usize, of: usize },
    /// Where loops arrive at a box left of it.
    Arrival { at: usize },
    /// Where a line passes.
    Bend,
}

#[derive(Debug, Clone)]
pub(super) struct Vertex {
    pub(super) slot: Slot,
    pub(super) layer: usize,
    /// What keeps others away, left and right of its own x.
    pub(super) before: i64,
    pub(super) after: i64,
    /// The box or arrival where its line begins.
    pub(super) root: usize,
    /// The vertices that stand side by side with it, as a position in [`Layers::groups`].
    pub(super) group: usize,
}

impl Vertex {
    /// A line, not a box.
    pub(super) fn is_thin(&self) -> bool {
        self.slot != Slot::Box
    }
}

#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The boxes first, in the order of the diagram.
    pub(super) vertices: Vec<Vertex>,
    /// Vertices that stand side by side, from left to right.
    pub(super) groups: Vec<Vec<usize>>,
    pub(super) count: usize,
    /// Lines from a vertex to vertices of the next layer, and back.
    pub(super) below: Vec<Vec<usize>>,
    pub(super) above: Vec<Vec<usize>>,
    /// Lines that go around: where they begin, and vertices where they end.
    pub(super) around: BTreeMap<usize, Vec<usize>>,
    /// Where the lines around that end at a vertex begin.
    pub(super) around_to: BTreeMap<usize, Vec<usize>>,
}

/// A line with one beginning and many ends.
struct Net {
    root: usize,
    ends: Vec<usize>,
}

pub(super) fn of(diagram: &Diagram, rank: &[usize], rows: &[Rows]) -> Layers {
    let mut layers = Layers { count: rank.iter().max().map_or(0, |last| last + 1), ..Layers::default() };
    for (at, rows) in rows.iter().enumerate() {
        let half = rows.width / 2;
        layers.add(Slot::Box, rank[at], (half, half + rows.reach), at, None);
    }
    let arrivals = gates_and_arrivals(&mut layers, diagram, rows, rank);
    let nets = nets(&layers, diagram, &arrivals);
    take_through(&mut layers, nets);
    layers
}

impl Layers {
    fn add(&mut self, slot: Slot, layer: usize, extent: (i64, i64), root: usize, beside: Option<usize>) -> usize {
        let at = self.vertices.len();
        let group = match beside {
            Some(other) => self.vertices[other].group,
            None => {
                self.groups.push(Vec::new());
                self.groups.len() - 1
            }
        };
        self.groups[group].push(at);
        self.vertices.push(Vertex { slot, layer, before: extent.0, after: extent.1, root, group });
        self.below.push(Vec::new());
        self.above.push(Vec::new());
        at
    }

    fn join(&mut self, above: usize, below: usize) {
        self.below[above].push(below);
        self.above[below].push(above);
    }
}

const LINE: i64 = 4;

fn gates_and_arrivals(layers: &mut Layers, diagram: &Diagram, rows: &[Rows], rank: &[usize]) -> BTreeMap<usize, usize> {
    for (from, rows) in rows.iter().enumerate() {
        for &(of, _) in rows.loops.iter().filter(|(of, _)| diagram.loops[*of].to != from) {
            let at = layers.vertices.len();
            layers.add(Slot::Gate { from, of }, rank[from], (LINE, LINE), at, Some(from));
        }
    }
    let mut arrivals = BTreeMap::new();
    for (to, rows) in rows.iter().enumerate() {
        if rows.arrival.is_some() {
            let at = layers.vertices.len();
            arrivals.insert(to, layers.add(Slot::Arrival { at: to }, rank[to], (LINE, LINE), at, Some(to)));
        }
    }
    arrivals
}

fn nets(layers: &Layers, diagram: &Diagram, arrivals: &BTreeMap<usize, usize>) -> Vec<Net> {
    let mut ends: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in &diagram.edges {
        ends.entry(edge.from).or_default().push(edge.to);
    }
    for (at, vertex) in layers.vertices.iter().enumerate() {
        if let Slot::Gate { of, .. } = vertex.slot {
            ends.entry(arrivals[&diagram.loops[of].to]).or_default().push(at);
        }
    }
    ends.into_iter().map(|(root, ends)| Net { root, ends }).collect()
}

/// Gives each line a bend in every layer that it passes, the short ones first.
fn take_through(layers: &mut Layers, mut nets: Vec<Net>) {
    let passes = |layers: &Layers, net: &Net| {
        let last = net.ends.iter().map(|end| layers.vertices[*end].layer).max().unwrap_or(0);
        last.saturating_sub(layers.vertices[net.root].layer + 1)
    };
    nets.sort_by_cached_key(|net| (passes(layers, net), net.root));
    let mut bends_left = MOST_BENDS;
    for net in nets {
        let bends = passes(layers, &net);
        if bends <= bends_left {
            bends_left -= bends;
            bend(layers, &net);
        } else {
            go_around(layers, &net);
        }
    }
}

fn bend(layers: &mut Layers, net: &Net) {
    let mut ends = net.ends.clone();
    ends.sort_by_key(|end| layers.vertices[*end].layer);
    let mut last = net.root;
    for end in ends {
        while layers.vertices[last].layer + 1 < layers.vertices[end].layer {
            last = match gate_below(layers, last) {
                // A gate on the way is passed through: the loops join there.
                Some(gate) => gate,
                None => {
                    let next = layers.add(Slot::Bend, layers.vertices[last].layer + 1, (LINE, LINE), net.root, None);
                    layers.join(last, next);
                    next
                }
            };
        }
        if layers.vertices[end].is_thin() {
            layers.vertices[end].root = net.root;
        }
        layers.join(last, end);
    }
}

fn gate_below(layers: &Layers, at: usize) -> Option<usize> {
    let is_gate = |next: &&usize| matches!(layers.vertices[**next].slot, Slot::Gate { .. });
    layers.below[at].iter().find(is_gate).copied()
}

fn go_around(layers: &mut Layers, net: &Net) {
    let next = layers.vertices[net.root].layer + 1;
    for &end in &net.ends {
        if layers.vertices[end].is_thin() {
            layers.vertices[end].root = net.root;
        }
        if layers.vertices[end].layer == next {
            layers.join(net.root, end);
        } else {
            layers.around.entry(net.root).or_default().push(end);
            layers.around_to.entry(end).or_default().push(net.root);
        }
    }
}

/// How far apart two neighbours of a layer stand at the least.
pub(super) fn separation(left: &Vertex, right: &Vertex) -> i64 {
    let gap = match (left.slot, right.slot) {
        (Slot::Box, Slot::Box) => 36,
        (Slot::Box, Slot::Gate { .. } | Slot::Arrival { .. }) => BESIDE,
        (Slot::Box, Slot::Bend) | (_, Slot::Box) => 24,
        _ => 8,
    };
    left.after + gap + right.before
}
