//! What goes into a layout, and what comes out. Lengths are pixels.

/// What is to be drawn.
#[derive(Debug, Clone, Default)]
pub(in crate::drawing) struct Diagram {
    /// The least size of each box.
    pub(in crate::drawing) boxes: Vec<Size>,
    /// Forward edges; they form no cycle.
    pub(in crate::drawing) edges: Vec<Edge>,
    /// Loop edges; forward edges lead from their `to` to their `from`, or both are the same.
    pub(in crate::drawing) loops: Vec<Loop>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::drawing) struct Size {
    pub(in crate::drawing) width: i64,
    pub(in crate::drawing) height: i64,
}

/// A forward edge. Those of one sort arrive at their box together, under one label.
#[derive(Debug, Clone, Copy)]
pub(in crate::drawing) struct Edge {
    pub(in crate::drawing) from: usize,
    pub(in crate::drawing) to: usize,
    pub(in crate::drawing) sort: u8,
    /// How wide its label is; 0: it has none.
    pub(in crate::drawing) label: i64,
}

/// A loop edge.
#[derive(Debug, Clone, Copy)]
pub(in crate::drawing) struct Loop {
    pub(in crate::drawing) from: usize,
    pub(in crate::drawing) to: usize,
    /// How wide its label is.
    pub(in crate::drawing) label: i64,
}

/// Where everything stands. Nothing has negative coordinates.
#[derive(Debug, Clone, Default)]
pub(in crate::drawing) struct Drawing {
    pub(in crate::drawing) width: i64,
    pub(in crate::drawing) height: i64,
    /// In the order of the diagram.
    pub(in crate::drawing) boxes: Vec<Rect>,
    /// Labels of forward edges: the box they lead to, their sort, and the place.
    pub(in crate::drawing) labels: Vec<(usize, u8, Rect)>,
    /// Labels of loops, in the order of the diagram.
    pub(in crate::drawing) loop_labels: Vec<Rect>,
    /// Forward lines: each goes by right angles from point to point.
    pub(in crate::drawing) lines: Vec<Vec<Point>>,
    /// The box that each of them comes from.
    pub(in crate::drawing) lines_from: Vec<usize>,
    /// The lines of loops.
    pub(in crate::drawing) loop_lines: Vec<Vec<Point>>,
    /// The box that each of them leads to.
    pub(in crate::drawing) loop_lines_to: Vec<usize>,
    /// Where arrows touch a box from above.
    pub(in crate::drawing) arrows: Vec<Point>,
    /// The box of each of them, and the sort of the edges that arrive there.
    pub(in crate::drawing) arrows_at: Vec<(usize, u8)>,
    /// Where arrows of loops touch a box from the right.
    pub(in crate::drawing) loop_arrows: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::drawing) struct Point {
    pub(in crate::drawing) x: i64,
    pub(in crate::drawing) y: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::drawing) struct Rect {
    pub(in crate::drawing) x: i64,
    pub(in crate::drawing) y: i64,
    pub(in crate::drawing) width: i64,
    pub(in crate::drawing) height: i64,
}

impl Rect {
    pub(in crate::drawing) fn right(&self) -> i64 {
        self.x + self.width
    }

    pub(in crate::drawing) fn bottom(&self) -> i64 {
        self.y + self.height
    }
}
