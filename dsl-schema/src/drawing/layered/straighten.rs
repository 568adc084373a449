//! Takes small steps out: boxes that stand almost in line are moved into line, and what passes several rows runs straight
//! wherever its neighbours leave room. Every separation stays.

use std::collections::BTreeSet;

use super::entries::Entries;
use super::layers::{Layers, Slot, separation};
use super::order::Order;

/// Drawings with more vertices than this keep their steps: nobody sees them.
const FEW: usize = 1_000;
const TURNS: usize = 6;
/// Of the places where a block could stand in line, so many are looked at, the nearest first.
const MOST_STEPS: usize = 32;
const LINE_TURNS: usize = 3;
/// What a line that is not straight costs besides its length.
const TURN: i64 = 150;
/// How far a line is moved to meet its entry.
const NEAR_ENTRY: i64 = 40;

/// Moves boxes into line with boxes that they are joined to, all that stand in line together.
pub(super) fn boxes(layers: &Layers, order: &Order, x: &mut [i64]) {
    if layers.vertices.len() > FEW {
        return;
    }
    for _ in 0..TURNS {
        let mut moved = false;
        let mut seen = vec![false; layers.vertices.len()];
        for at in 0..layers.vertices.len() {
            if layers.vertices[at].is_thin() || seen[at] {
                continue;
            }
            let block = block(layers, x, at);
            block.iter().for_each(|at| seen[*at] = true);
            moved |= into_line(layers, order, x, &block);
        }
        if !moved {
            return;
        }
    }
}

fn into_line(layers: &Layers, order: &Order, x: &mut [i64], block: &[usize]) -> bool {
    let mut steps: Vec<i64> = block.iter().flat_map(|at| joined(layers, *at).map(|other| x[other] - x[*at])).collect();
    steps.sort_unstable_by_key(|step| (step.abs(), *step));
    steps.dedup();
    steps.truncate(MOST_STEPS);
    let has_room = |step: &i64| {
        block.iter().all(|at| {
            let room = room(layers, order, x, *at);
            (room.0..=room.1).contains(&(x[*at] + step))
        })
    };
    let best = steps.into_iter().filter(has_room).map(|step| (cost(layers, x, block, step), step)).min();
    match best {
        Some((cost_there, step)) if cost_there < cost(layers, x, block, 0) => {
            block.iter().for_each(|at| x[*at] += step);
            true
        }
        _ => false,
    }
}

/// Boxes that a box is joined to by a single line between two rows.
fn joined(layers: &Layers, at: usize) -> impl Iterator<Item = usize> {
    let both = layers.above[at].iter().chain(&layers.below[at]).copied();
    both.filter(|other| !layers.vertices[*other].is_thin())
}

/// How far from straight the lines out of a block were, if it stood `step` further right. A fork costs least from its middle.
fn cost(layers: &Layers, x: &[i64], block: &[usize], step: i64) -> i64 {
    let aslant = |at: usize, other: usize| {
        let apart = x[other] - x[at] - step;
        if apart == 0 { 0 } else { TURN * TURN + apart * apart }
    };
    let outwards = |at: usize| joined(layers, at).filter(|other| block.binary_search(other).is_err());
    block.iter().flat_map(|at| outwards(*at).map(|other| aslant(*at, other))).sum()
}

/// The boxes that stand in line with one, joined one to the next; sorted.
fn block(layers: &Layers, x: &[i64], at: usize) -> Vec<usize> {
    let mut block = BTreeSet::from([at]);
    let mut open = vec![at];
    while let Some(member) = open.pop() {
        open.extend(joined(layers, member).filter(|other| x[*other] == x[at] && block.insert(*other)));
    }
    block.into_iter().collect()
}

/// Moves bends, gates and arrivals as near to their boxes as they can be; boxes stay. What lies between a line and its box
/// may move too, so it takes more than one turn.
pub(super) fn lines(layers: &Layers, order: &Order, x: &mut [i64]) {
    for root in (0..LINE_TURNS).flat_map(|_| 0..layers.vertices.len()) {
        let line = main_line(layers, root);
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            let (taken, room) = run(layers, order, x, rest);
            let (now, later) = rest.split_at(taken);
            let place = place(layers, x, root, now, room);
            now.iter().for_each(|at| x[*at] = place);
            rest = later;
        }
    }
}

/// Moves lines that almost meet their entry straight above it.
pub(super) fn towards_entries(layers: &Layers, order: &Order, entries: &Entries, x: &mut [i64]) {
    for root in 0..layers.vertices.len() {
        let line = main_line(layers, root);
        let Some(&last) = line.last() else { continue };
        let [end] = layers.below[last].as_slice() else { continue };
        let to = entries.x(root, *end);
        if layers.vertices[*end].is_thin() || to == x[last] || (to - x[last]).abs() > NEAR_ENTRY {
            continue;
        }
        let in_line = line.iter().rev().take_while(|at| x[**at] == x[last]);
        let run: Vec<usize> = in_line.copied().collect();
        if run.iter().all(|at| (room(layers, order, x, *at).0..=room(layers, order, x, *at).1).contains(&to)) {
            run.iter().for_each(|at| x[*at] = to);
        }
    }
}

/// The places of a line in layer after layer, boxes left out.
fn main_line(layers: &Layers, root: usize) -> Vec<usize> {
    let mut line = Vec::new();
    let begins = matches!(layers.vertices[root].slot, Slot::Box | Slot::Arrival { .. });
    if !begins || layers.below[root].is_empty() {
        return line;
    }
    if layers.vertices[root].is_thin() {
        line.push(root);
    }
    let mut at = root;
    loop {
        let thin = || layers.below[at].iter().filter(|next| layers.vertices[**next].is_thin());
        match thin().find(|next| !layers.below[**next].is_empty()).or_else(|| thin().next()) {
            Some(&next) => {
                line.push(next);
                at = next;
            }
            None => return line,
        }
    }
}

/// How many of the first can stand at one x, and between which bounds.
fn run(layers: &Layers, order: &Order, x: &[i64], line: &[usize]) -> (usize, (i64, i64)) {
    let mut room = (i64::MIN / 2, i64::MAX / 2);
    for (taken, &at) in line.iter().enumerate() {
        let own = self::room(layers, order, x, at);
        let both = (room.0.max(own.0), room.1.min(own.1));
        if both.0 > both.1 && taken > 0 {
            return (taken, room);
        }
        room = both;
    }
    (line.len(), room)
}

/// The bounds that its neighbours leave to a vertex.
fn room(layers: &Layers, order: &Order, x: &[i64], at: usize) -> (i64, i64) {
    let row = &order.layers[layers.vertices[at].layer];
    let position = order.position[at];
    let left = position.checked_sub(1).map(|left| row[left]);
    let right = row.get(position + 1).copied();
    let apart = |left: usize, right: usize| separation(&layers.vertices[left], &layers.vertices[right]);
    (
        left.map_or(i64::MIN / 2, |left| x[left] + apart(left, at)),
        right.map_or(i64::MAX / 2, |right| x[right] - apart(at, right)),
    )
}

/// Straight below the box it comes from or straight above the one it leads to, or as near to the first as there is room.
/// A loop stands right of its boxes.
fn place(layers: &Layers, x: &[i64], root: usize, line: &[usize], room: (i64, i64)) -> i64 {
    if layers.vertices[root].is_thin() {
        return room.0;
    }
    let end =
        line.last().into_iter().flat_map(|last| &layers.below[*last]).find(|end| !layers.vertices[**end].is_thin());
    let fits = |x: &i64| (room.0..=room.1).contains(x);
    let straight = [Some(x[root]), end.map(|end| x[*end])].into_iter().flatten().find(fits);
    straight.unwrap_or_else(|| x[root].clamp(room.0, room.1))
}
