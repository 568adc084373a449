//! What the check of types says.

use std::ops::Range;

use super::Type;
use crate::expr::ExprError;

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// What the expression gives, where it gives anything.
    pub ty: Type,
    /// What is wrong with it, in the order of the places.
    pub problems: Vec<TypeProblem>,
}

/// Something that holds for all values that the names can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeProblem {
    /// What holds.
    pub kind: TypeProblemKind,
    /// What to tell about it. It has a place.
    pub error: ExprError,
    /// The part of the expression that it is about.
    pub part: Range<usize>,
    /// The part gives a value, but not one that is true or false where it stands.
    pub(super) as_condition: bool,
}

impl TypeProblem {
    /// Every evaluation of `part` is an error.
    pub(in crate::expr) fn fails(part: Range<usize>, error: ExprError) -> Self {
        Self { kind: TypeProblemKind::Fails, error, part, as_condition: false }
    }
}

/// What holds of a part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeProblemKind {
    /// Every evaluation of it is an error.
    Fails,
    /// Every evaluation of it that gives a value gives this one.
    Constant(bool),
    /// Likewise: it compares text that is one of a few words with another word.
    UnknownWord {
        /// What it gives.
        gives: bool,
        /// The word that was most likely meant.
        near: Option<String>,
    },
}
