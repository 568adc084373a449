//! Where forward lines touch the upper side of a box: those of one sort together, straight below where they come from.

use std::collections::BTreeMap;

use super::diagram::Diagram;
use super::layers::Layers;
use super::rows::Rows;

/// From the corner of a box to the nearest line.
const CORNER: i64 = 20;
/// Between two entries, labels included.
const APART: i64 = 12;

/// One place where lines arrive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) sort: u8,
    /// How wide the label is.
    pub(super) label: i64,
    pub(super) x: i64,
    /// It lies straight below where its line comes from.
    straight: bool,
}

/// The entries of every box, and which of them each edge takes.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) of_box: Vec<Vec<Entry>>,
    sorts: BTreeMap<(usize, usize), u8>,
}

impl Entries {
    pub(super) fn of(diagram: &Diagram, rows: &[Rows], layers: &Layers, x: &[i64]) -> Self {
        let sorts: BTreeMap<_, _> = diagram.edges.iter().map(|edge| ((edge.from, edge.to), edge.sort)).collect();
        let mut of_box = vec![Vec::new(); diagram.boxes.len()];
        for edge in &diagram.edges {
            let entries: &mut Vec<Entry> = &mut of_box[edge.to];
            if entries.iter().all(|entry| entry.sort != edge.sort) {
                entries.push(Entry { sort: edge.sort, label: edge.label, x: 0, straight: false });
            }
        }
        let mut all = Self { of_box, sorts };
        for (at, rows) in rows.iter().enumerate() {
            let mut entries = std::mem::take(&mut all.of_box[at]);
            for entry in &mut entries {
                (entry.x, entry.straight) = all.wish(layers, x, at, entry.sort, rows.width / 2);
            }
            spread(&mut entries, x[at], rows.width / 2);
            all.of_box[at] = entries;
        }
        all
    }

    /// The x at which the line from `root` arrives at a box.
    pub(super) fn x(&self, root: usize, to: usize) -> i64 {
        let sort = self.sorts.get(&(root, to));
        let entry = self.of_box[to].iter().find(|entry| Some(&entry.sort) == sort);
        entry.map_or(0, |entry| entry.x)
    }

    /// Straight below one that stands above the box; towards the others from its middle.
    fn wish(&self, layers: &Layers, x: &[i64], to: usize, sort: u8, half: i64) -> (i64, bool) {
        let mut from: Vec<i64> = layers.above[to]
            .iter()
            .filter(|above| self.sorts.get(&(layers.vertices[**above].root, to)) == Some(&sort))
            .map(|above| x[*above])
            .collect();
        from.sort_unstable();
        let Some(&middle) = from.get(from.len() / 2) else { return (x[to], false) };
        let straight = |from: &i64| (from - x[to]).abs() <= half - CORNER;
        match from.as_slice() {
            [one] if straight(one) => (*one, true),
            _ if from.contains(&x[to]) => (x[to], true),
            _ => (x[to] + (middle - x[to]).signum(), false),
        }
    }
}

/// Keeps entries apart and on their box. One alone that leads aside takes the middle.
fn spread(entries: &mut [Entry], middle: i64, half: i64) {
    if let [one] = entries {
        if (one.x - middle).abs() <= 1 {
            one.x = middle;
        }
        let room = half - CORNER.max(one.label / 2 + 4);
        one.x = one.x.clamp(middle - room.max(0), middle + room.max(0));
        return;
    }
    entries.sort_by_key(|entry| (entry.x, entry.sort));
    let apart = |left: &Entry, right: &Entry| (left.label + right.label) / 2 + APART;
    // One that is straight stays, the others make room on both sides of it.
    let stays = entries.iter().position(|entry| entry.straight).unwrap_or(entries.len() / 2);
    for at in stays + 1..entries.len() {
        let least = entries[at - 1].x + apart(&entries[at - 1], &entries[at]);
        entries[at].x = entries[at].x.max(least);
    }
    for at in (0..stays).rev() {
        let most = entries[at + 1].x - apart(&entries[at], &entries[at + 1]);
        entries[at].x = entries[at].x.min(most);
    }
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
    let (left, right) = (first.x - first.label / 2, last.x + last.label / 2);
    // Those that were pushed over a corner come back.
    let pushed = (right + left) / 2 - middle;
    let room = (half - 4 - (right - left) / 2).max(0);
    let by = pushed.clamp(-room, room) - pushed;
    entries.iter_mut().for_each(|entry| entry.x += by);
}

/// How wide a box must be for its entries.
pub(super) fn width(labels: &[i64]) -> i64 {
    labels.iter().map(|label| label + APART).sum::<i64>() + APART
}
