//! The whole line of one edge. Edges share lines: what leaves a box together is drawn once, and branches off.

use super::diagram::{Drawing, Point, Rect};

impl Drawing {
    /// From the box that an edge of this sort comes from down to the arrow at the one it leads to.
    pub(in crate::drawing) fn way(&self, from: usize, to: usize, sort: u8) -> Option<Vec<Point>> {
        let arrow = self.arrows_at.iter().position(|at| *at == (to, sort))?;
        let own = self.lines.iter().zip(&self.lines_from).filter(|(_, of)| **of == from).map(|(line, _)| line);
        way_to(&own.collect::<Vec<_>>(), self.arrows[arrow])
    }

    /// From the box that a loop leaves back to the arrow at the one it leads to.
    pub(in crate::drawing) fn loop_way(&self, from: usize, to: usize, label: Rect) -> Option<Vec<Point>> {
        let leaves = Point { x: self.boxes[from].right(), y: label.y + label.height / 2 };
        let own = self.loop_lines.iter().zip(&self.loop_lines_to).filter(|(_, of)| **of == to).map(|(line, _)| line);
        let own: Vec<_> = own.collect();
        if from == to {
            let beside = |line: &&Vec<Point>| is_own(line, leaves);
            return own.into_iter().find(beside).cloned();
        }
        // Lines of loops are drawn from their target on.
        let mut way = way_to(&own, leaves)?;
        way.reverse();
        Some(way)
    }
}

/// A loop from a box to itself lies around its label's height.
fn is_own(line: &[Point], leaves: Point) -> bool {
    let [first, .., last] = line else { return false };
    first.x == leaves.x && last.x == leaves.x && (last.y..=first.y).contains(&leaves.y)
}

/// Along lines of which each but one begins on another.
fn way_to(lines: &[&Vec<Point>], end: Point) -> Option<Vec<Point>> {
    let mut at = lines.iter().position(|line| line.last() == Some(&end))?;
    let mut way: Vec<Point> = lines[at].iter().rev().copied().collect();
    // Each line is gone along once at the most.
    for _ in 1..lines.len() {
        let begins = *way.last()?;
        let Some((trunk, leg)) = lines.iter().enumerate().find_map(|(other, line)| {
            let on = |leg: &[Point]| lies_on(leg[0], leg[1], begins) && leg[1] != begins || leg[0] == begins;
            (other != at).then(|| Some((other, line.windows(2).position(on)?))).flatten()
        }) else {
            break;
        };
        way.extend(lines[trunk][..=leg].iter().rev());
        at = trunk;
    }
    way.reverse();
    way.dedup();
    Some(way)
}

fn lies_on(from: Point, to: Point, at: Point) -> bool {
    let between = |a: i64, b: i64, x: i64| (a.min(b)..=a.max(b)).contains(&x);
    between(from.x, to.x, at.x) && between(from.y, to.y, at.y)
}
