//! What stands at the right side of a box, row by row: a loop that leaves it, a loop back to itself, the loops that arrive.

use std::collections::BTreeMap;

use super::diagram::Diagram;
use super::entries;

/// Height of a label, of loops and of forward edges alike.
pub(super) const LABEL_HEIGHT: i64 = 20;
/// From a box to the label of a loop, and from there to its lane.
pub(super) const BESIDE: i64 = 12;
/// Half the height of a loop from a box to itself.
pub(super) const OWN_LOOP: i64 = 14;

const LEAVES: i64 = 26;
const OWN: i64 = 40;
const ARRIVES: i64 = 18;
const PADDING: i64 = 8;

/// The right side of one box.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    /// How wide and high the box must be.
    pub(super) width: i64,
    pub(super) height: i64,
    /// Loops out of the box and how far below its middle each stands.
    pub(super) loops: Vec<(usize, i64)>,
    /// How far below its middle loops arrive, if any do.
    pub(super) arrival: Option<i64>,
    /// How far labels reach beyond its right side.
    pub(super) reach: i64,
}

pub(super) fn of(diagram: &Diagram, ranks: &[usize]) -> Vec<Rows> {
    let mut rows: Vec<Rows> =
        diagram.boxes.iter().map(|size| Rows { width: size.width, height: size.height, ..Rows::default() }).collect();
    for (at, each) in diagram.loops.iter().enumerate() {
        let from = &mut rows[each.from];
        from.loops.push((at, if each.from == each.to { OWN } else { LEAVES }));
        from.reach = from.reach.max(BESIDE + each.label);
        if each.from != each.to {
            rows[each.to].arrival = Some(ARRIVES);
        }
    }
    for (at, width) in entry_widths(diagram).into_iter().enumerate() {
        rows[at].width = rows[at].width.max(width);
    }
    for rows in &mut rows {
        // What goes back the farthest runs outermost, so that loops do not cross each other.
        rows.loops.sort_by_key(|(of, _)| (std::cmp::Reverse(ranks[diagram.loops[*of].to]), *of));
        stack(rows);
    }
    rows
}

/// What the labels above each box need side by side.
fn entry_widths(diagram: &Diagram) -> Vec<i64> {
    let mut labels: Vec<BTreeMap<u8, i64>> = vec![BTreeMap::new(); diagram.boxes.len()];
    for edge in &diagram.edges {
        labels[edge.to].insert(edge.sort, edge.label);
    }
    labels.iter().map(|labels| entries::width(&labels.values().copied().collect::<Vec<_>>())).collect()
}

/// From heights of rows to their middles, counted from the middle of the box.
fn stack(rows: &mut Rows) {
    let total = rows.loops.iter().map(|(_, height)| height).sum::<i64>() + rows.arrival.unwrap_or(0);
    rows.height = rows.height.max(total + PADDING);
    let mut top = -total / 2;
    let mut next = |height: i64| {
        top += height;
        top - height / 2
    };
    for (_, height) in &mut rows.loops {
        *height = next(*height);
    }
    rows.arrival = rows.arrival.map(&mut next);
}
