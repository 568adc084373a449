//! The order of each layer: neighbours near each other, few crossings.
//!
//! Layers are sorted by the middle of each group's neighbours, down and up again, a bounded number of times; the best order
//! that was seen is kept. Small drawings also get their groups swapped pair by pair.

use super::layers::Layers;

/// What sorting may cost, in vertices and lines that are looked at.
const MOST_WORK: usize = 4_000_000;
/// Drawings with more lines than this are not swapped pair by pair.
const FEW_LINES: usize = 3_000;
/// Turns without a better order, after which sorting ends.
const PATIENCE: usize = 6;

/// Vertices of each layer, from left to right.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) layers: Vec<Vec<usize>>,
    /// The position of each vertex in its layer.
    pub(super) position: Vec<usize>,
}

pub(super) fn of(layers: &Layers) -> Order {
    let lines: usize = layers.below.iter().map(Vec::len).sum();
    let turns = (MOST_WORK / (layers.vertices.len() + lines).max(1)).clamp(2, 40);
    let mut rows = Rows::begin(layers);
    let mut best = (rows.crossings(), rows.groups.clone());
    let mut in_vain = 0;
    for turn in 0..turns {
        if best.0 == 0 || in_vain > PATIENCE {
            break;
        }
        rows.sort(turn % 2 == 0, turn % 4 >= 2);
        if lines <= FEW_LINES {
            rows.swap_neighbours();
        }
        let crossings = rows.crossings();
        in_vain += 1;
        if crossings < best.0 {
            best = (crossings, rows.groups.clone());
            in_vain = 0;
        }
    }
    rows.groups = best.1;
    rows.number_all();
    rows.finish()
}

struct Rows<'a> {
    layers: &'a Layers,
    /// Groups of each layer.
    groups: Vec<Vec<usize>>,
    position: Vec<usize>,
}

impl<'a> Rows<'a> {
    /// Depth first along the lines, so that what belongs together begins side by side.
    fn begin(layers: &'a Layers) -> Self {
        let mut groups = vec![Vec::new(); layers.count];
        let mut seen = vec![false; layers.groups.len()];
        let is_first = |group: &Vec<usize>| group.iter().all(|at| layers.above[*at].is_empty());
        let firsts = (0..layers.groups.len()).rev().filter(|at| is_first(&layers.groups[*at]));
        // Every group is reached from a first one; the others stand beneath only to be safe.
        let mut open: Vec<usize> = (0..layers.groups.len()).rev().chain(firsts).collect();
        while let Some(group) = open.pop() {
            if std::mem::replace(&mut seen[group], true) {
                continue;
            }
            let members = &layers.groups[group];
            groups[layers.vertices[members[0]].layer].push(group);
            let below = members.iter().flat_map(|at| &layers.below[*at]).map(|next| layers.vertices[*next].group);
            let mut next: Vec<usize> = below.filter(|next| !seen[*next]).collect();
            next.reverse();
            open.append(&mut next);
        }
        let mut rows = Self { layers, groups, position: vec![0; layers.vertices.len()] };
        rows.number_all();
        rows
    }

    fn number_all(&mut self) {
        for layer in 0..self.groups.len() {
            self.number(layer);
        }
    }

    fn number(&mut self, layer: usize) {
        let members = self.groups[layer].iter().flat_map(|group| &self.layers.groups[*group]);
        for (at, vertex) in members.enumerate() {
            self.position[*vertex] = at;
        }
    }

    fn sort(&mut self, down: bool, last_first: bool) {
        let count = self.groups.len();
        for turn in 1..count {
            let layer = if down { turn } else { count - 1 - turn };
            let neighbours = if down { &self.layers.above } else { &self.layers.below };
            let mut keyed: Vec<(i64, usize)> =
                self.groups[layer].iter().map(|group| (self.middle(*group, neighbours), *group)).collect();
            if last_first {
                keyed.reverse();
            }
            keyed.sort_by_key(|(middle, _)| *middle);
            self.groups[layer] = keyed.into_iter().map(|(_, group)| group).collect();
            self.number(layer);
        }
    }

    /// The mean position of a group's neighbours, in thousandths; its own where it has none.
    fn middle(&self, group: usize, neighbours: &[Vec<usize>]) -> i64 {
        let members = &self.layers.groups[group];
        let (mut sum, mut count) = (0, 0);
        for next in members.iter().flat_map(|at| &neighbours[*at]) {
            sum += self.position[*next] as i64;
            count += 1;
        }
        if count == 0 { self.position[members[0]] as i64 * 1000 } else { sum * 1000 / count }
    }

    fn crossings(&self) -> u64 {
        (1..self.groups.len()).map(|layer| self.crossings_above(layer)).sum()
    }

    /// Inversions, counted with a tree of sums.
    fn crossings_above(&self, layer: usize) -> u64 {
        let vertices = |layer: usize| self.groups[layer].iter().flat_map(|group| &self.layers.groups[*group]);
        let width = vertices(layer).count();
        let mut sums = vec![0_u64; width + 1];
        let (mut total, mut crossings) = (0, 0);
        let mut ends = Vec::new();
        for upper in vertices(layer - 1) {
            ends.clear();
            ends.extend(self.layers.below[*upper].iter().map(|lower| self.position[*lower]));
            for &end in &ends {
                crossings += total - sum(&sums, end + 1);
            }
            for &end in &ends {
                add(&mut sums, end);
                total += 1;
            }
        }
        crossings
    }

    /// Swaps neighbours wherever that takes crossings away.
    fn swap_neighbours(&mut self) {
        for _ in 0..4 {
            let mut better = false;
            for layer in 0..self.groups.len() {
                for at in 1..self.groups[layer].len() {
                    let (left, right) = (self.groups[layer][at - 1], self.groups[layer][at]);
                    if self.crossings_of(right, left) < self.crossings_of(left, right) {
                        self.groups[layer].swap(at - 1, at);
                        better = true;
                    }
                }
                self.number(layer);
            }
            if !better {
                break;
            }
        }
    }

    /// Crossings among the lines of two groups of one layer, if they stood in this order.
    fn crossings_of(&self, left: usize, right: usize) -> usize {
        let crossings = |neighbours: &[Vec<usize>]| {
            let ends = |group: usize| {
                let mut ends: Vec<usize> = self.layers.groups[group]
                    .iter()
                    .flat_map(|at| &neighbours[*at])
                    .map(|next| self.position[*next])
                    .collect();
                ends.sort_unstable();
                ends
            };
            let (left, right) = (ends(left), ends(right));
            left.iter().map(|end| right.partition_point(|other| other < end)).sum::<usize>()
        };
        crossings(&self.layers.above) + crossings(&self.layers.below)
    }

    fn finish(self) -> Order {
        let members =
            |groups: &Vec<usize>| groups.iter().flat_map(|group| self.layers.groups[*group].clone()).collect();
        Order { layers: self.groups.iter().map(members).collect(), position: self.position }
    }
}

fn add(sums: &mut [u64], at: usize) {
    let mut at = at + 1;
    while at < sums.len() {
        sums[at] += 1;
        at += at & at.wrapping_neg();
    }
}

/// How many were added before `end`.
fn sum(sums: &[u64], end: usize) -> u64 {
    let (mut at, mut sum) = (end, 0);
    while at > 0 {
        sum += sums[at];
        at &= at - 1;
    }
    sum
}
