//! Layered drawing: boxes in rows, forward edges down from row to row, loops back up beside the boxes.
//!
//! ```text
//! Diagram ─► layers (rows, and a bend in every row that an edge passes)
//!         ─► order  (of each row, with few crossings)
//!         ─► place  (how far to the right everything stands)
//!         ─► route  (the space between rows gets tracks; lines, labels and arrows come out)
//!         ─► ways   (asked afterwards: the whole line of one edge)
//! ```
//!
//! A line that passes a row has a place of its own there, like a box, and between rows there are no boxes. So no line can
//! cross a box and nothing can lie on anything else: it follows from the construction, whatever the graph.
//! All lengths are whole pixels, y grows downwards, and the same diagram always gives the same drawing. The work is bounded:
//! edges that are too long to be taken through all the rows that they pass go around the drawing.
//!
//! It knows nothing of pipelines, text or colours.
//!
//! Why our own: the crates for this order by hash maps, bound nothing, and give positions without lines, or lines that
//! cross boxes; and none of them knows edges that are no part of the order, which loops are.

mod diagram;
mod entries;
mod layers;
mod order;
mod place;
mod ranks;
mod route;
mod rows;
mod straighten;
mod tracks;
mod ways;

use entries::Entries;

pub(super) use diagram::{Diagram, Drawing, Edge, Loop, Point, Rect, Size};

/// Lays a diagram out.
pub(super) fn lay_out(diagram: &Diagram) -> Drawing {
    let ranks = ranks::of(diagram);
    let rows = rows::of(diagram, &ranks);
    let layers = layers::of(diagram, &ranks, &rows);
    let order = order::of(&layers);
    let mut places = place::of(&layers, &order);
    straighten::boxes(&layers, &order, &mut places);
    straighten::lines(&layers, &order, &mut places);
    let entries = Entries::of(diagram, &rows, &layers, &places);
    straighten::towards_entries(&layers, &order, &entries, &mut places);
    route::route(diagram, &rows, &layers, &order, &places, &entries)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::{broken_promise, overlap};
