//! How far to the right everything stands: the method of Brandes and Köpf.
//!
//! Four times, from each corner of the drawing, vertices are aligned with their middle neighbour where that is free, and what
//! is aligned is moved together as one block. The result is the middle of the four: lines run straight, and a box stands
//! in the middle of what it belongs to. Blocks are placed along a topological order, so nothing recurses.

use super::layers::{Layers, separation};
use super::order::Order;

/// The x of each vertex; neighbours keep their [`separation`]. May be negative.
pub(super) fn of(layers: &Layers, order: &Order) -> Vec<i64> {
    let crossed = crossed_lines(layers, order);
    let mut four: Vec<Vec<i64>> = Vec::with_capacity(4);
    for (up, right) in [(false, false), (false, true), (true, false), (true, true)] {
        let view = View::of(layers, order, up, right);
        let blocks = view.align(&crossed);
        four.push(view.compact(&blocks));
    }
    balance(layers, &mut four)
}

/// Lines between two layers that cross a line which should be straight, as `(upper, lower)`, sorted.
fn crossed_lines(layers: &Layers, order: &Order) -> Vec<(usize, usize)> {
    let mut crossed = Vec::new();
    let thin = |at: usize| layers.vertices[at].is_thin();
    for row in order.layers.iter().skip(1) {
        let (mut scanned, mut from) = (0, 0);
        for (at, &lower) in row.iter().enumerate() {
            let straight = layers.above[lower].iter().copied().find(|upper| thin(*upper) && thin(lower));
            let to = match straight {
                Some(upper) if order.position[upper] < from => {
                    crossed.push((upper, lower));
                    continue;
                }
                Some(upper) => order.position[upper],
                None if at + 1 == row.len() => usize::MAX,
                None => continue,
            };
            for &between in &row[scanned..=at] {
                for &upper in &layers.above[between] {
                    let position = order.position[upper];
                    if (position < from || position > to) && !(thin(upper) && thin(between)) {
                        crossed.push((upper, between));
                    }
                }
            }
            scanned = at + 1;
            from = to;
        }
    }
    crossed.sort_unstable();
    crossed
}

/// The drawing as it is seen from one of its corners.
struct View<'a> {
    layers: &'a Layers,
    rows: Vec<Vec<usize>>,
    position: Vec<usize>,
    /// The layer that is aligned with lies above or below.
    neighbours: &'a [Vec<usize>],
    up: bool,
    right: bool,
}

impl<'a> View<'a> {
    fn of(layers: &'a Layers, order: &Order, up: bool, right: bool) -> Self {
        let mut rows = order.layers.clone();
        let mut position = order.position.clone();
        if up {
            rows.reverse();
        }
        if right {
            for row in &mut rows {
                row.reverse();
                for (at, vertex) in row.iter().enumerate() {
                    position[*vertex] = at;
                }
            }
        }
        let neighbours = if up { &layers.below } else { &layers.above };
        Self { layers, rows, position, neighbours, up, right }
    }

    /// The first vertex of the block that each belongs to.
    fn align(&self, crossed: &[(usize, usize)]) -> Vec<usize> {
        let mut block: Vec<usize> = (0..self.layers.vertices.len()).collect();
        for row in &self.rows {
            let mut beyond = 0;
            for &at in row {
                let neighbours = self.preferred(at);
                let count = neighbours.len();
                for &next in neighbours.iter().take(count / 2 + 1).skip(count.saturating_sub(1) / 2) {
                    let line = if self.up { (at, next) } else { (next, at) };
                    if self.position[next] >= beyond && crossed.binary_search(&line).is_err() {
                        block[at] = block[next];
                        beyond = self.position[next] + 1;
                        break;
                    }
                }
            }
        }
        block
    }

    /// What a vertex would stand in line with, from left to right: for a box other boxes, so that lines pass beside it.
    fn preferred(&self, at: usize) -> Vec<usize> {
        let mut neighbours = self.neighbours[at].clone();
        let is_box = |at: &usize| !self.layers.vertices[*at].is_thin();
        if is_box(&at) && neighbours.iter().any(is_box) {
            neighbours.retain(is_box);
        }
        neighbours.sort_unstable_by_key(|next| self.position[*next]);
        neighbours
    }

    /// Blocks as far to this side as their separations allow, then back to the others as near as they can.
    fn compact(&self, block: &[usize]) -> Vec<i64> {
        let constraints = Constraints::of(self, block);
        let mut x = vec![0; block.len()];
        for &at in &constraints.sorted {
            for &(next, apart) in &constraints.after[at] {
                x[next] = x[next].max(x[at] + apart);
            }
        }
        for &at in constraints.sorted.iter().rev() {
            if let Some(nearest) = constraints.after[at].iter().map(|(next, apart)| x[*next] - apart).min() {
                x[at] = x[at].max(nearest);
            }
        }
        let sign = if self.right { -1 } else { 1 };
        block.iter().map(|first| sign * x[*first]).collect()
    }

    fn apart(&self, left: usize, right: usize) -> i64 {
        let (left, right) = (&self.layers.vertices[left], &self.layers.vertices[right]);
        if self.right { separation(right, left) } else { separation(left, right) }
    }
}

/// Which block stands how far right of which.
struct Constraints {
    after: Vec<Vec<(usize, i64)>>,
    /// Blocks, each behind all that stand left of it.
    sorted: Vec<usize>,
}

impl Constraints {
    fn of(view: &View<'_>, block: &[usize]) -> Self {
        let mut after: Vec<Vec<(usize, i64)>> = vec![Vec::new(); block.len()];
        let mut waits_for = vec![0_usize; block.len()];
        for row in &view.rows {
            for pair in row.windows(2) {
                after[block[pair[0]]].push((block[pair[1]], view.apart(pair[0], pair[1])));
                waits_for[block[pair[1]]] += 1;
            }
        }
        let firsts = (0..block.len()).filter(|at| block[*at] == *at && waits_for[*at] == 0);
        let mut open: Vec<usize> = firsts.collect();
        let mut sorted = Vec::new();
        while let Some(at) = open.pop() {
            sorted.push(at);
            for &(next, _) in &after[at] {
                waits_for[next] -= 1;
                if waits_for[next] == 0 {
                    open.push(next);
                }
            }
        }
        Self { after, sorted }
    }
}

/// The four side by side at the side of the narrowest, and of each vertex the mean of the two in the middle.
fn balance(layers: &Layers, four: &mut [Vec<i64>]) -> Vec<i64> {
    let bounds = |xs: &[i64]| {
        let left = xs.iter().zip(&layers.vertices).map(|(x, vertex)| x - vertex.before).min().unwrap_or(0);
        let right = xs.iter().zip(&layers.vertices).map(|(x, vertex)| x + vertex.after).max().unwrap_or(0);
        (left, right)
    };
    let all: Vec<(i64, i64)> = four.iter().map(|xs| bounds(xs)).collect();
    let Some(&(left, right)) = all.iter().min_by_key(|(left, right)| right - left) else { return Vec::new() };
    for (at, xs) in four.iter_mut().enumerate() {
        // Those that were made from the right are laid at the right side.
        let by = if at % 2 == 0 { left - all[at].0 } else { right - all[at].1 };
        xs.iter_mut().for_each(|x| *x += by);
    }
    let middle = |at: usize| {
        let mut xs = [four[0][at], four[1][at], four[2][at], four[3][at]];
        xs.sort_unstable();
        (xs[1] + xs[2]).div_euclid(2)
    };
    (0..layers.vertices.len()).map(middle).collect()
}
