//! Which names a template reads.

use super::functions::Helper;
use super::syntax::{Block, BlockKind, Expression, ExpressionKind, Node};
use crate::expr::Reference;
use crate::expr::cel::{Path, covered};

/// The names that `nodes` read, in the order of their places.
pub(in crate::expr) fn references(nodes: &[Node]) -> Vec<Reference> {
    let mut collector = Collector { found: Vec::new(), certain: Vec::new() };
    collector.nodes(nodes);
    collector.found.sort_by_key(|reference| (reference.span.start, reference.span.end));
    collector.found
}

struct Collector {
    found: Vec<Reference>,
    /// What the blocks around the current place have made certain.
    certain: Vec<Path>,
}

impl Collector {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Hole(hole) => self.expression(&hole.value, false),
                Node::Block(block) => self.block(block),
            }
        }
    }

    fn block(&mut self, block: &Block) {
        let tested = block.kind != BlockKind::Each;
        let before = self.found.len();
        self.expression(&block.subject, tested);
        if let (true, ExpressionKind::Path(_)) = (tested, &block.subject.kind) {
            self.found[before..].iter_mut().for_each(|reference| reference.presence = true);
        }
        let certain = certain_if_true(&block.subject);
        let (body, otherwise) = match block.kind {
            BlockKind::If => (certain, Vec::new()),
            BlockKind::Unless => (Vec::new(), certain),
            BlockKind::Each => (Vec::new(), Vec::new()),
        };
        self.under(body, &block.body);
        self.under(otherwise, &block.otherwise);
    }

    fn under(&mut self, certain: Vec<Path>, nodes: &[Node]) {
        let before = self.certain.len();
        self.certain.extend(certain);
        self.nodes(nodes);
        self.certain.truncate(before);
    }

    /// `tested`: whether the template copes with the absence of the value.
    fn expression(&mut self, expression: &Expression, tested: bool) {
        match &expression.kind {
            ExpressionKind::Literal(_) | ExpressionKind::This(_) | ExpressionKind::Local(_) => {}
            ExpressionKind::Path(path) => {
                let guarded = tested || covered(path, &self.certain);
                let span = expression.span.clone();
                self.found.push(Reference { path: path.clone(), span, guarded, presence: false });
            }
            ExpressionKind::Call(helper, arguments) => {
                for (index, argument) in arguments.iter().enumerate() {
                    self.expression(argument, tested || *helper == Helper::Default && index == 0);
                }
            }
            ExpressionKind::Cel(cel, offset) => {
                // An expression has its own guards; a `default` around it does not catch its errors.
                for reference in cel.references().unwrap_or_default() {
                    let span = match offset {
                        Some(offset) => offset + reference.span.start..offset + reference.span.end,
                        None => expression.span.clone(),
                    };
                    let guarded = reference.guarded || covered(&reference.path, &self.certain);
                    self.found.push(Reference { span, guarded, ..reference });
                }
            }
        }
    }
}

fn certain_if_true(subject: &Expression) -> Vec<Path> {
    match &subject.kind {
        ExpressionKind::Path(path) => vec![path.clone()],
        ExpressionKind::Cel(cel, _) => cel.certain_if_true(),
        // The other helpers need their value: without it they are not true.
        ExpressionKind::Call(helper, arguments) if *helper != Helper::Default => {
            arguments.first().map(certain_if_true).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
