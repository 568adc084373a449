//! Where everything stands: a graph, the graphs inside of its steps, and theirs, each laid out and put into its box.
//!
//! ```text
//! ┌ header ────────┐   A pipeline in place is a box with its own graph inside. Sizes come from the inside out, so that
//! │  ┌────┐ ┌────┐ │   the layout of a level knows nothing of the levels within.
//! │  └────┘ └────┘ │
//! └┬──────────────┬┘   Sheets beneath a box: it runs many times.
//!  └──────────────┘
//! ```

use loopline_core::graph::{Condition, Graph, Need};

use super::card::{Card, MARK, MARK_PADDING, PROSE, TITLE, mark_width};
use crate::drawing::labels;
use crate::drawing::layered::{self, Diagram, Drawing, Edge, Loop, Point, Rect, Size};

/// Between a frame and the graph inside of it.
const PADDING: i64 = 20;
/// From what is said of a frame to the graph inside of it.
const BELOW_CARD: i64 = 6;
/// Between the steps and those of `finally`.
const BEFORE_FINALLY: i64 = 32;
/// How high the headline of `finally` is.
pub(super) const HEADLINE: i64 = 44;
/// Before the text of a loop's label, for its icon.
pub(super) const ROUND: i64 = 14;

/// A graph, laid out.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) graph: &'a Graph,
    pub(super) cards: Vec<Card>,
    /// What is inside of each step.
    pub(super) inside: Vec<Option<Scene<'a>>>,
    pub(super) drawing: Drawing,
}

/// The steps, and those of `finally` beneath them.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) steps: Scene<'a>,
    pub(super) steps_at: Point,
    pub(super) finally: Option<Finally<'a>>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// A frame with the steps of `finally`.
#[derive(Debug)]
pub(super) struct Finally<'a> {
    pub(super) frame: Rect,
    pub(super) steps: Scene<'a>,
    pub(super) steps_at: Point,
}

impl<'a> Page<'a> {
    pub(super) fn of(graph: &'a Graph) -> Self {
        let steps = Scene::of(graph);
        let (own_width, own_height) = (steps.drawing.width, steps.drawing.height);
        let Some(finally) = &graph.finally else {
            return Self { steps, steps_at: Point::default(), finally: None, width: own_width, height: own_height };
        };
        let last = Scene::of(finally);
        let headline = headline().1 + PROSE.width(labels::AT_THE_END) + PADDING;
        let width = own_width.max(last.drawing.width + 2 * PADDING).max(headline);
        let frame =
            Rect { x: 0, y: own_height + BEFORE_FINALLY, width, height: HEADLINE + last.drawing.height + PADDING };
        let middle = |inner: i64| (width - inner) / 2;
        Self {
            steps_at: Point { x: middle(own_width), y: 0 },
            finally: Some(Finally {
                frame,
                steps_at: Point { x: middle(last.drawing.width), y: frame.y + HEADLINE },
                steps: last,
            }),
            steps,
            width,
            height: frame.bottom(),
        }
    }
}

impl<'a> Scene<'a> {
    fn of(graph: &'a Graph) -> Self {
        let cards: Vec<Card> = graph.steps.iter().map(Card::of).collect();
        let inside: Vec<Option<Scene<'a>>> =
            graph.steps.iter().map(|step| labels::inside(step).map(Scene::of)).collect();
        // All boxes are equally wide, so that a row of them is a row; frames are as wide as they must be.
        let width = cards.iter().map(Card::width).max().unwrap_or(0);
        let boxes = cards.iter().zip(&inside).map(|(card, inside)| size(card, width, inside.as_ref())).collect();
        let drawing = layered::lay_out(&diagram(graph, boxes));
        Self { graph, cards, inside, drawing }
    }

    /// Where the box of a step is without the sheets behind it.
    pub(super) fn front(&self, step: usize) -> Rect {
        let rect = self.drawing.boxes[step];
        Rect { height: rect.height - self.cards[step].stack(), ..rect }
    }

    /// Where the card of a step stands: its box, or the upper part of its frame.
    pub(super) fn card(&self, step: usize) -> Rect {
        let front = self.front(step);
        if self.inside[step].is_some() { Rect { height: self.cards[step].height(), ..front } } else { front }
    }

    /// Where the graph inside of a step begins.
    pub(super) fn inner(&self, step: usize, inside: &Scene<'_>) -> Point {
        let card = self.card(step);
        Point { x: card.x + (card.width - inside.drawing.width) / 2, y: card.bottom() + BELOW_CARD }
    }
}

/// How far from the left side of the frame of `finally` its name begins, and what is said about it.
pub(super) fn headline() -> (i64, i64) {
    (PADDING, PADDING + TITLE.width(labels::FINALLY) + 8)
}

/// A box, or a frame around what is inside of the step.
fn size(card: &Card, width: i64, inside: Option<&Scene<'_>>) -> Size {
    let height = card.height() + card.stack();
    match inside {
        None => Size { width, height },
        Some(inside) => Size {
            width: width.max(inside.drawing.width + 2 * PADDING) / 2 * 2,
            height: height + BELOW_CARD + inside.drawing.height + PADDING,
        },
    }
}

fn diagram(graph: &Graph, boxes: Vec<Size>) -> Diagram {
    let mut diagram = Diagram { boxes, ..Diagram::default() };
    for (to, step) in graph.steps.iter().enumerate() {
        for need in &step.needs {
            let sort = Condition::ALL.iter().position(|each| *each == shown(graph, need)).unwrap_or_default() as u8;
            let label = labels::need(graph, need).map_or(0, mark_width);
            diagram.edges.push(Edge { from: need.step.get(), to, sort, label });
        }
        for goto in &step.goto {
            let label = MARK.width(&labels::loop_pill(goto)) + ROUND + 2 * (MARK_PADDING + 2);
            diagram.loops.push(Loop { from: to, to: goto.to.get(), label });
        }
    }
    diagram
}

/// The condition that an edge is drawn with: the usual one is drawn like `ok`.
pub(super) fn shown(graph: &Graph, need: &Need) -> Condition {
    if labels::need(graph, need).is_none() { Condition::Ok } else { need.on }
}
