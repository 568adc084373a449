//! Lines with round corners, and their arrows.

use std::fmt::Write as _;

use crate::drawing::layered::{Drawing, Point};

/// How round corners of lines are.
const RADIUS: i64 = 8;
/// Length of an arrow.
const ARROW: i64 = 8;

/// Lines end inside their arrows, not at the tips.
fn shortened(lines: &[Vec<Point>], arrows: &[Point]) -> Vec<Vec<Point>> {
    let mut lines = lines.to_vec();
    let mut tips = arrows.to_vec();
    tips.sort_unstable_by_key(|tip| (tip.x, tip.y));
    let is_tip = |at: Point| tips.binary_search_by_key(&(at.x, at.y), |tip| (tip.x, tip.y)).is_ok();
    for line in &mut lines {
        if let [first, second, ..] = line.as_mut_slice()
            && is_tip(*first)
        {
            towards(first, *second);
        }
        if let [.., before, last] = line.as_mut_slice()
            && is_tip(*last)
        {
            towards(last, *before);
        }
    }
    lines
}

fn towards(end: &mut Point, other: Point) {
    end.x += (other.x - end.x).signum() * (ARROW / 2);
    end.y += (other.y - end.y).signum() * (ARROW / 2);
}

/// Lines, with the arrows that some of them end in.
pub(super) fn lines(class: &str, lines: &[Vec<Point>], arrows: &[Point], out: &mut String) {
    for line in shortened(lines, arrows) {
        let _ = writeln!(out, r#"<path class="{class}" d="{}"/>"#, rounded(&line));
    }
}

/// Which way an arrow points.
#[derive(Clone, Copy)]
pub(super) enum Tip {
    Down,
    Left,
}

/// Whole lines, each with its arrow.
pub(super) fn way(class: &str, ways: &[Vec<Point>], tip: Tip, out: &mut String) {
    let ends: Vec<Point> = ways.iter().filter_map(|way| way.last().copied()).collect();
    lines(class, ways, &ends, out);
    for Point { x, y } in ends {
        let _ = match tip {
            Tip::Down => writeln!(out, r#"<path class="{class}-tip" d="M{x} {y}l-5.5-{ARROW}h11z"/>"#),
            Tip::Left => writeln!(out, r#"<path class="{class}-tip" d="M{x} {y}l{ARROW}-5.5v11z"/>"#),
        };
    }
}

/// A line with its corners rounded, as far as there is room.
fn rounded(line: &[Point]) -> String {
    let mut path = String::new();
    let Some(first) = line.first() else { return path };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for three in line.windows(3) {
        let [before, corner, after] = three else { continue };
        // An end needs no room for a corner of its own.
        let half = |other: &Point| {
            let is_end = Some(other) == line.first() || Some(other) == line.last();
            length(*corner, *other) / if is_end { 1 } else { 2 }
        };
        let radius = RADIUS.min(half(before)).min(half(after));
        let (enter, leave) = (step_towards(*corner, *before, radius), step_towards(*corner, *after, radius));
        let _ = write!(path, "L{} {}Q{} {} {} {}", enter.x, enter.y, corner.x, corner.y, leave.x, leave.y);
    }
    if let Some(last) = line.last().filter(|_| line.len() > 1) {
        let _ = write!(path, "L{} {}", last.x, last.y);
    }
    path
}

fn length(from: Point, to: Point) -> i64 {
    (to.x - from.x).abs() + (to.y - from.y).abs()
}

fn step_towards(from: Point, to: Point, by: i64) -> Point {
    Point { x: from.x + (to.x - from.x).signum() * by, y: from.y + (to.y - from.y).signum() * by }
}

/// The arrows.
pub(super) fn tips(drawing: &Drawing, out: &mut String) {
    for Point { x, y } in &drawing.arrows {
        let _ = writeln!(out, r#"<path class="ll-tip" d="M{x} {y}l-4.5-{ARROW}h9z"/>"#);
    }
    for Point { x, y } in &drawing.loop_arrows {
        let _ = writeln!(out, r#"<path class="ll-loop-tip" d="M{x} {y}l{ARROW}-4.5v9z"/>"#);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_are_rounded_as_far_as_there_is_room() {
        let points = |line: &[(i64, i64)]| line.iter().map(|&(x, y)| Point { x, y }).collect::<Vec<_>>();
        assert_eq!(rounded(&points(&[(0, 0), (0, 20), (30, 20)])), "M0 0L0 12Q0 20 8 20L30 20");
        assert_eq!(rounded(&points(&[(0, 0), (0, 4), (30, 4)])), "M0 0L0 0Q0 4 4 4L30 4");
        assert_eq!(rounded(&points(&[(0, 0), (0, 20), (6, 20), (6, 40)])), "M0 0L0 17Q0 20 3 20L3 20Q6 20 6 23L6 40");
        assert_eq!(rounded(&points(&[(0, 0), (0, 9)])), "M0 0L0 9");
    }
}
