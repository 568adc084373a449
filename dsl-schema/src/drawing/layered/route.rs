//! Lines: through the tracks between rows, and around everything where they are too long for that.

use std::collections::BTreeMap;

use super::diagram::{Diagram, Drawing, Point, Rect};
use super::entries::Entries;
use super::layers::{Layers, Slot};
use super::order::Order;
use super::rows::{BESIDE, LABEL_HEIGHT, OWN_LOOP, Rows};
use super::tracks::{self, Strand};

/// The least space between two rows.
const LEAST_CHANNEL: i64 = 40;
/// From a row to the first track below it, between two tracks, and from the last to the next row.
const BELOW_ROW: i64 = 18;
const TRACK: i64 = 12;
const ABOVE_ROW: i64 = 20;
/// From a label down to its box, which leaves room for the arrow.
const BELOW_LABEL: i64 = 11;
/// Between lines that go around the drawing.
const LANE: i64 = 12;
/// What a line needs before a corner, so that it can be rounded.
pub(in crate::drawing) const CORNER: i64 = 8;

pub(super) fn route(
    diagram: &Diagram,
    rows: &[Rows],
    layers: &Layers,
    order: &Order,
    x: &[i64],
    entries: &Entries,
) -> Drawing {
    let lanes = lanes(layers, x);
    let channels = channels(layers, order, x, entries, &lanes);
    let heights = Heights::of(rows, layers, entries, &channels);
    let mut router = Router {
        diagram,
        rows,
        layers,
        x,
        entries,
        lanes: &lanes,
        channels: &channels,
        heights,
        drawing: Drawing::default(),
    };
    router.boxes();
    router.labels();
    router.loops();
    for root in 0..layers.vertices.len() {
        if layers.vertices[root].root == root && !layers.vertices[root].is_end() {
            router.net(root);
        }
    }
    router.at_origin()
}

impl super::layers::Vertex {
    /// Lines only end here.
    fn is_end(&self) -> bool {
        matches!(self.slot, Slot::Gate { .. } | Slot::Bend)
    }
}

/// The x of each line that goes around, by where it begins: left of everything, as near as those beside it allow.
fn lanes(layers: &Layers, x: &[i64]) -> BTreeMap<usize, i64> {
    let left = x.iter().zip(&layers.vertices).map(|(x, vertex)| x - vertex.before).min().unwrap_or(0);
    let mut spans: Vec<(usize, usize, usize)> = layers
        .around
        .iter()
        .map(|(root, ends)| {
            let last = ends.iter().map(|end| layers.vertices[*end].layer).max().unwrap_or(0);
            (layers.vertices[*root].layer, last, *root)
        })
        .collect();
    spans.sort_unstable();
    let mut free_from: Vec<usize> = Vec::new();
    let mut lanes = BTreeMap::new();
    for (first, last, root) in spans {
        let lane = free_from.iter().position(|from| *from <= first).unwrap_or(free_from.len());
        if lane == free_from.len() {
            free_from.push(0);
        }
        free_from[lane] = last;
        lanes.insert(root, left - 24 - LANE * lane as i64);
    }
    lanes
}

/// The space between two rows: its lines by where they come from, with their tracks.
#[derive(Debug, Default)]
struct Channel {
    /// By the vertex above it, or by the beginning of a line that comes from around.
    track: BTreeMap<usize, usize>,
    count: usize,
}

fn channels(
    layers: &Layers,
    order: &Order,
    x: &[i64],
    entries: &Entries,
    lanes: &BTreeMap<usize, i64>,
) -> Vec<Channel> {
    let channel = |pair: &[Vec<usize>]| {
        let (keys, strands): (Vec<Vec<usize>>, Vec<Strand>) =
            strands(layers, &pair[0], &pair[1], x, entries, lanes).into_iter().unzip();
        let (tracks, count) = tracks::assign(&strands);
        let shared = keys.into_iter().zip(tracks).filter_map(|(keys, track)| Some((keys, track?)));
        Channel {
            track: shared.flat_map(|(keys, track)| keys.into_iter().map(move |key| (key, track))).collect(),
            count,
        }
    };
    order.layers.windows(2).map(channel).collect()
}

/// What runs between two rows, with the vertices above or the beginnings around that it comes from.
fn strands(
    layers: &Layers,
    above: &[usize],
    below: &[usize],
    x: &[i64],
    entries: &Entries,
    lanes: &BTreeMap<usize, i64>,
) -> Vec<(Vec<usize>, Strand)> {
    let mut strands: BTreeMap<usize, Strand> = BTreeMap::new();
    for &upper in above {
        let root = layers.vertices[upper].root;
        let mut lowers: Vec<i64> =
            layers.below[upper].iter().map(|lower| pin(layers, x, entries, root, *lower)).collect();
        lowers.extend(lanes.get(&upper));
        if !lowers.is_empty() {
            strands.insert(upper, Strand { uppers: vec![x[upper]], lowers });
        }
    }
    for &lower in below {
        for root in layers.around_to.get(&lower).into_iter().flatten() {
            let strand = strands.entry(*root).or_default();
            strand.uppers = vec![lanes[root]];
            strand.lowers.push(pin(layers, x, entries, *root, lower));
        }
    }
    let mut all: Vec<(Vec<usize>, Strand)> = Vec::new();
    // Lines that lead to one entry and nowhere else meet on their way.
    let mut meeting: BTreeMap<i64, (Vec<usize>, Strand)> = BTreeMap::new();
    for (key, mut strand) in strands {
        strand.lowers.sort_unstable();
        match strand.lowers.as_slice() {
            [one] if layers.below[key].first().is_some_and(|lower| !layers.vertices[*lower].is_thin()) => {
                let (keys, shared) = meeting.entry(*one).or_default();
                keys.push(key);
                shared.lowers = vec![*one];
                shared.uppers.append(&mut strand.uppers);
            }
            _ => all.push((vec![key], strand)),
        }
    }
    meeting.values_mut().for_each(|(_, strand)| strand.uppers.sort_unstable());
    all.extend(meeting.into_values());
    all
}

/// Where the line from `root` arrives at a vertex.
fn pin(layers: &Layers, x: &[i64], entries: &Entries, root: usize, lower: usize) -> i64 {
    if layers.vertices[lower].is_thin() { x[lower] } else { entries.x(root, lower) }
}

/// Where rows and tracks lie.
struct Heights {
    /// Top and height of each row.
    rows: Vec<(i64, i64)>,
}

impl Heights {
    fn of(rows: &[Rows], layers: &Layers, entries: &Entries, channels: &[Channel]) -> Self {
        let mut heights = vec![0; layers.count];
        let mut labelled = vec![false; layers.count];
        for ((rows, entries), vertex) in rows.iter().zip(&entries.of_box).zip(&layers.vertices) {
            heights[vertex.layer] = heights[vertex.layer].max(rows.height);
            labelled[vertex.layer] |= entries.iter().any(|entry| entry.label > 0);
        }
        let mut top = 0;
        let mut placed = Vec::with_capacity(layers.count);
        for (layer, height) in heights.into_iter().enumerate() {
            placed.push((top, height));
            let count = channels.get(layer).map_or(0, |channel| channel.count) as i64;
            let label = if labelled.get(layer + 1) == Some(&true) { LABEL_HEIGHT + 6 } else { 0 };
            let tracks = BELOW_ROW + (count - 1).max(0) * TRACK + ABOVE_ROW;
            top += height + tracks.max(LEAST_CHANNEL) + label;
        }
        Self { rows: placed }
    }

    fn middle(&self, layer: usize) -> i64 {
        let (top, height) = self.rows[layer];
        top + height / 2
    }

    fn track(&self, layer: usize, track: usize) -> i64 {
        let (top, height) = self.rows[layer];
        top + height + BELOW_ROW + track as i64 * TRACK
    }
}

struct Router<'a> {
    diagram: &'a Diagram,
    rows: &'a [Rows],
    layers: &'a Layers,
    x: &'a [i64],
    entries: &'a Entries,
    lanes: &'a BTreeMap<usize, i64>,
    channels: &'a [Channel],
    heights: Heights,
    drawing: Drawing,
}

impl Router<'_> {
    fn boxes(&mut self) {
        for (at, rows) in self.rows.iter().enumerate() {
            let middle = self.heights.middle(self.layers.vertices[at].layer);
            let (width, height) = (rows.width, rows.height);
            self.drawing.boxes.push(Rect { x: self.x[at] - width / 2, y: middle - height / 2, width, height });
        }
    }

    fn labels(&mut self) {
        for (at, entries) in self.entries.of_box.iter().enumerate() {
            let top = self.drawing.boxes[at].y;
            for entry in entries {
                self.drawing.arrows.push(Point { x: entry.x, y: top });
                self.drawing.arrows_at.push((at, entry.sort));
                if entry.label > 0 {
                    let y = top - BELOW_LABEL - LABEL_HEIGHT;
                    let rect = Rect { x: entry.x - entry.label / 2, y, width: entry.label, height: LABEL_HEIGHT };
                    self.drawing.labels.push((at, entry.sort, rect));
                }
            }
        }
    }

    /// Labels of loops, loops from a box to itself, and arrows where the others arrive.
    fn loops(&mut self) {
        self.drawing.loop_labels = vec![Rect::default(); self.diagram.loops.len()];
        for (at, rows) in self.rows.iter().enumerate() {
            let right = self.drawing.boxes[at].right();
            for &(of, below) in &rows.loops {
                let y = self.heights.middle(self.layers.vertices[at].layer) + below;
                let width = self.diagram.loops[of].label;
                self.drawing.loop_labels[of] =
                    Rect { x: right + BESIDE, y: y - LABEL_HEIGHT / 2, width, height: LABEL_HEIGHT };
                if self.diagram.loops[of].to == at {
                    let turn = right + BESIDE + 16;
                    let point = |x, y| Point { x, y };
                    self.drawing.loop_lines.push(vec![
                        point(right, y + OWN_LOOP),
                        point(turn, y + OWN_LOOP),
                        point(turn, y - OWN_LOOP),
                        point(right, y - OWN_LOOP),
                    ]);
                    self.drawing.loop_lines_to.push(at);
                    self.drawing.loop_arrows.push(point(right, y - OWN_LOOP));
                }
            }
            if rows.arrival.is_some() {
                self.drawing.loop_arrows.push(Point { x: right, y: self.arrival(at) });
            }
        }
    }

    fn arrival(&self, at: usize) -> i64 {
        self.heights.middle(self.layers.vertices[at].layer) + self.rows[at].arrival.unwrap_or(0)
    }

    /// All lines that begin at one vertex. The first runs on as far as it can, the others leave it.
    fn net(&mut self, root: usize) {
        let mut line = self.beginning(root);
        let mut branches = Vec::new();
        let mut at = root;
        loop {
            let next = self.next(at);
            self.branch(at, next, &mut branches);
            let Some(next) = next else { break };
            self.cross(at, self.pin(root, next), &mut line);
            if self.layers.below[next].is_empty() || !self.layers.vertices[next].is_thin() {
                line.extend(self.end(root, next));
                break;
            }
            if let [first, last] = self.end(root, next).as_slice() {
                branches.push(vec![Point { x: first.x, y: first.y - CORNER }, *first, *last]);
            }
            at = next;
        }
        if let (Some(lane), Some(ends)) = (self.lanes.get(&root), self.layers.around.get(&root)) {
            self.around(root, *lane, ends, &mut line, &mut branches);
        }
        branches.push(line);
        let branches = branches.into_iter().map(without_straight_points).filter(|line| line.len() > 1);
        if let Slot::Arrival { at } = self.layers.vertices[root].slot {
            self.drawing.loop_lines.extend(branches);
            self.drawing.loop_lines_to.resize(self.drawing.loop_lines.len(), at);
        } else {
            self.drawing.lines.extend(branches);
            self.drawing.lines_from.resize(self.drawing.lines.len(), root);
        }
    }

    fn beginning(&self, root: usize) -> Vec<Point> {
        let x = self.x[root];
        match self.layers.vertices[root].slot {
            Slot::Arrival { at } => {
                let y = self.arrival(at);
                vec![Point { x: self.drawing.boxes[at].right(), y }, Point { x, y }]
            }
            _ => vec![Point { x, y: self.drawing.boxes[root].bottom() }],
        }
    }

    /// Where the first line goes on: through the next row, else straight down, else to where it can. Lines that go around
    /// take their first line with them.
    fn next(&self, at: usize) -> Option<usize> {
        let root = self.layers.vertices[at].root;
        let below = &self.layers.below[at];
        if self.lanes.contains_key(&at) {
            return None;
        }
        let vertex = |next: usize| &self.layers.vertices[next];
        let passed = below.iter().find(|next| vertex(**next).is_thin() && !self.layers.below[**next].is_empty());
        let straight = below.iter().find(|next| self.pin(root, **next) == self.x[at]);
        passed.or(straight).or(below.first()).copied()
    }

    fn pin(&self, root: usize, lower: usize) -> i64 {
        pin(self.layers, self.x, self.entries, root, lower)
    }

    /// The height of the track of what comes from `key`, where it turns.
    fn track(&self, layer: usize, key: usize) -> Option<i64> {
        self.channels.get(layer)?.track.get(&key).map(|track| self.heights.track(layer, *track))
    }

    /// Takes a line over to another x in the channel below a vertex.
    fn cross(&self, at: usize, to: i64, line: &mut Vec<Point>) {
        if let Some(y) = self.track(self.layers.vertices[at].layer, at) {
            line.push(Point { x: self.x[at], y });
            line.push(Point { x: to, y });
        }
    }

    /// How a line ends, from the channel above on.
    fn end(&self, root: usize, at: usize) -> Vec<Point> {
        let x = self.pin(root, at);
        match self.layers.vertices[at].slot {
            Slot::Bend => Vec::new(),
            Slot::Gate { from, of } => {
                let below = self.rows[from].loops.iter().find(|(other, _)| *other == of).map_or(0, |(_, below)| *below);
                let y = self.heights.middle(self.layers.vertices[from].layer) + below;
                vec![Point { x, y }, Point { x: self.drawing.boxes[from].right(), y }]
            }
            _ => vec![Point { x, y: self.drawing.boxes[at].y }],
        }
    }

    /// Lines from a vertex to all below it but `first`, which has a line already.
    fn branch(&self, at: usize, first: Option<usize>, branches: &mut Vec<Vec<Point>>) {
        let root = self.layers.vertices[at].root;
        let others: Vec<usize> = self.layers.below[at].iter().copied().filter(|next| Some(*next) != first).collect();
        let Some(y) = self.track(self.layers.vertices[at].layer, at) else { return };
        let first = first.map(|first| self.pin(root, first)).or(self.lanes.get(&at).copied());
        self.leave(root, Point { x: self.x[at], y }, first, &others, branches);
    }

    /// Lines that leave one which comes down to `from` and turns towards `first` there. They begin on it, just before their
    /// own corner, so that no part is drawn twice.
    fn leave(&self, root: usize, from: Point, first: Option<i64>, others: &[usize], branches: &mut Vec<Vec<Point>>) {
        let Point { x: trunk, y } = from;
        let first = first.unwrap_or(trunk);
        let (mut left, mut right) = (trunk.min(first), trunk.max(first));
        for &next in others {
            let x = self.pin(root, next);
            let start = match x.cmp(&trunk) {
                std::cmp::Ordering::Greater if right > trunk => Point { x: right.min(x) - CORNER, y },
                std::cmp::Ordering::Less if left < trunk => Point { x: left.max(x) + CORNER, y },
                _ => Point { x: trunk, y: y - CORNER },
            };
            let mut line = vec![start, Point { x: if start.y == y { start.x } else { trunk }, y }, Point { x, y }];
            line.extend(self.end(root, next));
            branches.push(line);
            (left, right) = (left.min(x), right.max(x));
        }
    }

    fn around(&self, root: usize, lane: i64, ends: &[usize], line: &mut Vec<Point>, branches: &mut Vec<Vec<Point>>) {
        self.cross(root, lane, line);
        let mut by_layer: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &end in ends {
            by_layer.entry(self.layers.vertices[end].layer).or_default().push(end);
        }
        let last = by_layer.pop_last();
        for (layer, ends) in by_layer {
            let Some(y) = self.track(layer - 1, root) else { continue };
            self.leave(root, Point { x: lane, y }, None, &ends, branches);
        }
        if let Some((layer, ends)) = last
            && let Some(y) = self.track(layer - 1, root)
            && let Some((first, others)) = ends.split_first()
        {
            let to = self.pin(root, *first);
            line.extend([Point { x: lane, y }, Point { x: to, y }]);
            line.extend(self.end(root, *first));
            self.leave(root, Point { x: lane, y }, Some(to), others, branches);
        }
    }

    /// The same, with its upper left corner at 0, 0.
    fn at_origin(self) -> Drawing {
        let mut drawing = self.drawing;
        let Some(bounds) = bounds(&drawing) else { return drawing };
        let shift = |point: &mut Point| {
            point.x -= bounds.x;
            point.y -= bounds.y;
        };
        let rects = drawing.boxes.iter_mut().chain(&mut drawing.loop_labels);
        for rect in rects.chain(drawing.labels.iter_mut().map(|(_, _, rect)| rect)) {
            rect.x -= bounds.x;
            rect.y -= bounds.y;
        }
        drawing.lines.iter_mut().chain(&mut drawing.loop_lines).flatten().for_each(shift);
        drawing.arrows.iter_mut().chain(&mut drawing.loop_arrows).for_each(shift);
        (drawing.width, drawing.height) = (bounds.width, bounds.height);
        drawing
    }
}

/// What everything lies in.
fn bounds(drawing: &Drawing) -> Option<Rect> {
    let rects = drawing.boxes.iter().chain(&drawing.loop_labels).chain(drawing.labels.iter().map(|(_, _, rect)| rect));
    let corners = rects.flat_map(|rect| [(rect.x, rect.y), (rect.right(), rect.bottom())]);
    let points = drawing.lines.iter().chain(&drawing.loop_lines).flatten().map(|point| (point.x, point.y));
    let all: Vec<(i64, i64)> = corners.chain(points).collect();
    let (left, right) = (all.iter().map(|at| at.0).min()?, all.iter().map(|at| at.0).max()?);
    let (top, bottom) = (all.iter().map(|at| at.1).min()?, all.iter().map(|at| at.1).max()?);
    Some(Rect { x: left, y: top, width: right - left, height: bottom - top })
}

/// The corners of a line alone.
fn without_straight_points(line: Vec<Point>) -> Vec<Point> {
    let mut corners: Vec<Point> = Vec::with_capacity(line.len());
    for point in line {
        if corners.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = corners.as_slice()
            && ((before.x == last.x && last.x == point.x) || (before.y == last.y && last.y == point.y))
        {
            corners.pop();
        }
        corners.push(point);
    }
    corners
}
