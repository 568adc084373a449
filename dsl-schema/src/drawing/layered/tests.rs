use proptest::prelude::*;

use super::*;

/// `boxes` boxes, edges from lower to higher numbers, loops back along them.
fn diagram(boxes: usize, edges: &[(usize, usize)], loops: &[(usize, usize)]) -> Diagram {
    Diagram {
        boxes: vec![Size { width: 200, height: 56 }; boxes],
        edges: edges.iter().map(|&(from, to)| Edge { from, to, sort: 0, label: 0 }).collect(),
        loops: loops.iter().map(|&(from, to)| Loop { from, to, label: 90 }).collect(),
    }
}

pub(in crate::drawing) fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// The part of the plane that a line takes from point to point.
fn parts(line: &[Point]) -> impl Iterator<Item = Rect> {
    line.windows(2).map(|pair| Rect {
        x: pair[0].x.min(pair[1].x),
        y: pair[0].y.min(pair[1].y),
        width: (pair[0].x - pair[1].x).abs(),
        height: (pair[0].y - pair[1].y).abs(),
    })
}

/// Whether a part of a line runs through the inside of a box; touching it is fine.
fn crosses(part: &Rect, rect: &Rect) -> bool {
    part.x < rect.right()
        && rect.x < part.right().max(part.x + 1)
        && part.y < rect.bottom()
        && rect.y < part.bottom().max(part.y + 1)
        && !(part.width == 0 && (part.x == rect.x || part.x == rect.right()))
        && !(part.height == 0 && (part.y == rect.y || part.y == rect.bottom()))
}

/// Everything that a drawing promises; says what is broken.
pub(in crate::drawing) fn broken_promise(drawing: &Drawing) -> Option<String> {
    let boxes = &drawing.boxes;
    for (at, one) in boxes.iter().enumerate() {
        if let Some(other) = boxes[..at].iter().position(|other| overlap(one, other)) {
            return Some(format!("boxes {other} and {at} overlap"));
        }
    }
    let labels: Vec<&Rect> = drawing.labels.iter().map(|(_, _, rect)| rect).chain(&drawing.loop_labels).collect();
    for (at, label) in labels.iter().enumerate() {
        if let Some(other) = boxes.iter().position(|other| overlap(label, other)) {
            return Some(format!("label {at} lies on box {other}"));
        }
        if labels[..at].iter().any(|other| overlap(label, other)) {
            return Some(format!("label {at} lies on a label"));
        }
    }
    for (what, line) in
        drawing.lines.iter().map(|line| ("line", line)).chain(drawing.loop_lines.iter().map(|line| ("loop", line)))
    {
        if line.windows(2).any(|pair| pair[0].x != pair[1].x && pair[0].y != pair[1].y) {
            return Some(format!("a {what} runs aslant: {line:?}"));
        }
        for part in parts(line) {
            if let Some(at) = boxes.iter().position(|rect| crosses(&part, rect)) {
                return Some(format!("a {what} crosses box {at}: {line:?}, {:?}", boxes[at]));
            }
        }
    }
    let everything = boxes.iter().chain(labels);
    let inside =
        |rect: &Rect| rect.x >= 0 && rect.y >= 0 && rect.right() <= drawing.width && rect.bottom() <= drawing.height;
    everything.into_iter().find(|rect| !inside(rect)).map(|rect| format!("{rect:?} lies outside"))
}

#[test]
fn a_chain_runs_straight_down() {
    let drawing = lay_out(&diagram(3, &[(0, 1), (1, 2)], &[]));
    assert!(drawing.boxes.windows(2).all(|pair| pair[0].x == pair[1].x && pair[0].bottom() < pair[1].y));
    assert!(drawing.lines.iter().all(|line| line.len() == 2), "{:?}", drawing.lines);
}

#[test]
fn what_forks_stands_in_the_middle_of_its_branches() {
    let drawing = lay_out(&diagram(4, &[(0, 1), (0, 2), (1, 3), (2, 3)], &[]));
    let middle = |at: usize| drawing.boxes[at].x + drawing.boxes[at].width / 2;
    assert_eq!(middle(0) * 2, middle(1) + middle(2));
    assert_eq!(middle(0), middle(3));
}

#[test]
fn a_long_edge_passes_beside_the_boxes_between() {
    let drawing = lay_out(&diagram(4, &[(0, 1), (1, 2), (2, 3), (0, 3)], &[]));
    assert_eq!(broken_promise(&drawing), None);
    assert!(
        drawing.boxes.windows(2).all(|pair| pair[0].x == pair[1].x),
        "the chain stays straight: {:?}",
        drawing.boxes
    );
}

#[test]
fn a_loop_runs_right_of_what_it_re_opens() {
    let drawing = lay_out(&diagram(3, &[(0, 1), (1, 2)], &[(2, 0), (1, 1)]));
    assert_eq!(broken_promise(&drawing), None);
    let right = drawing.boxes.iter().map(Rect::right).max();
    assert!(drawing.loop_lines.iter().flatten().all(|point| Some(point.x) >= right));
    assert_eq!(drawing.loop_arrows.len(), 2);
}

#[test]
fn nothing_and_one_box_are_drawn() {
    assert_eq!(lay_out(&Diagram::default()).boxes, []);
    let one = lay_out(&diagram(1, &[], &[]));
    assert_eq!((one.width, one.height), (200, 56));
}

/// Ten thousand boxes in the shapes that cost most.
#[test]
fn large_drawings_are_bounded() {
    let boxes = 10_000;
    let chain: Vec<_> = (1..boxes).map(|to| (to - 1, to)).collect();
    let far: Vec<_> = (2..boxes).map(|to| (to / 2, to)).filter(|(from, to)| from + 1 < *to).collect();
    let both: Vec<_> = chain.iter().chain(&far).copied().collect();
    let star: Vec<_> = (1..boxes).map(|to| (0, to)).collect();
    let mesh: Vec<_> =
        (0..5_000).flat_map(|from| (0..8).map(move |by| (from, 5_000 + (from * 7 + by * 613) % 5_000))).collect();
    let back: Vec<_> = (1..boxes).map(|from| (from, from / 3)).collect();
    for (edges, loops) in [(chain, back), (both, Vec::new()), (star, Vec::new()), (mesh, Vec::new())] {
        let drawing = lay_out(&diagram(boxes, &edges, &loops));
        assert_eq!(drawing.boxes.len(), boxes);
        let points: usize = drawing.lines.iter().chain(&drawing.loop_lines).map(Vec::len).sum();
        assert!(points < 1_000_000, "{points}");
    }
}

fn any_diagram() -> impl Strategy<Value = Diagram> {
    let edge = (0..24_usize, 0..24_usize, 0..3_u8);
    let sizes = prop::collection::vec((90..140_i64, 40..70_i64), 24);
    let loops = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 40..120_i64), 0..6);
    (1..24_usize, sizes, prop::collection::vec(edge, 0..50), loops).prop_map(|(count, sizes, edges, loops)| {
        let mut pairs = std::collections::BTreeMap::new();
        for (from, to, sort) in edges {
            let (from, to) = (from.min(to), from.max(to));
            if from < to && to < count {
                pairs.insert((from, to), sort);
            }
        }
        let edges: Vec<Edge> =
            pairs.iter().map(|(&(from, to), &sort)| Edge { from, to, sort, label: i64::from(sort) * 30 }).collect();
        let loops = loops
            .into_iter()
            .map(|(at, own, label)| match edges.get(at.index(edges.len().max(1))) {
                Some(edge) if !own => Loop { from: edge.to, to: edge.from, label },
                _ => Loop { from: at.index(count), to: at.index(count), label },
            })
            .collect();
        let boxes = sizes[..count].iter().map(|&(width, height)| Size { width: width * 2, height }).collect();
        Diagram { boxes, edges, loops }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_overlaps_and_no_line_crosses_a_box(diagram in any_diagram()) {
        let drawing = lay_out(&diagram);
        prop_assert_eq!(broken_promise(&drawing), None);
        for edge in &diagram.edges {
            prop_assert!(drawing.boxes[edge.from].bottom() < drawing.boxes[edge.to].y);
        }
    }

    #[test]
    fn the_same_diagram_gives_the_same_drawing(diagram in any_diagram()) {
        prop_assert_eq!(format!("{:?}", lay_out(&diagram)), format!("{:?}", lay_out(&diagram)));
    }
}
