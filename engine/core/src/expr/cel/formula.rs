//! Conditions as formulas over unknowns: what an analysis of several conditions reasons about.
//!
//! It knows no values and decides nothing: which of its atoms can hold together, and what follows, is the analysis's to find.

use std::collections::BTreeSet;
use std::fmt;

use super::references::Path;

/// A condition in normal form: `Not` stands at atoms only, `And` and `Or` hold two parts or more, which are sorted, distinct,
/// neither constants nor of the same operator as what holds them, and none of them the opposite of another one.
///
/// Use [`Formula::and`], [`Formula::or`] and [`Formula::negated`] to build one; they keep that form.
///
/// A formula says what a condition gives *where it gives anything*: where evaluation ends in `true` or `false`, so does the
/// formula, with every atom that can be evaluated at its value. Errors are beyond it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Formula {
    /// Always.
    True,
    /// Never.
    False,
    /// When the atom holds.
    Atom(Atom),
    /// When it does not.
    Not(Box<Formula>),
    /// When all parts do.
    And(Vec<Formula>),
    /// When at least one part does.
    Or(Vec<Formula>),
}

/// One question about the values that a condition reads: does `subject` equal `equals`?
///
/// Equal questions are equal atoms, however they were written. Two atoms about one subject with different values exclude each
/// other ([`Atom::excludes`]); both may be false.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// What is asked about, in one spelling: `inputs.size`, `size(inputs.tags)`, `inputs.a < inputs.b`.
    pub subject: String,
    /// The subject as a path from a root name, where it is one: `["steps", "build", "status"]`.
    pub path: Option<Path>,
    /// The value it is compared with; `true` for what is a condition by itself.
    pub equals: Literal,
}

/// A value in the text of a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Literal {
    /// Null, or nothing at all: `x == null` does not tell them apart.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a fraction, however it is written: `1`, `1u`, `1.0`.
    Whole(i128),
    /// Text.
    Text(String),
}

impl Atom {
    /// Whether the two cannot both hold: they ask whether one subject equals two values.
    pub fn excludes(&self, other: &Self) -> bool {
        self.subject == other.subject && self.equals != other.equals
    }
}

impl Formula {
    /// When `self` does not hold.
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Atom(_) => Self::Not(Box::new(self)),
            Self::Not(inner) => *inner,
            Self::And(parts) => Self::or(parts.into_iter().map(Self::negated)),
            Self::Or(parts) => Self::and(parts.into_iter().map(Self::negated)),
        }
    }

    /// When all of `parts` hold.
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        match joined(parts, &Self::False, &Self::True, |part| match part {
            Self::And(inner) => Ok(inner),
            other => Err(other),
        }) {
            Ok(parts) => Self::And(parts),
            Err(single) => single,
        }
    }

    /// When at least one of `parts` holds.
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        match joined(parts, &Self::True, &Self::False, |part| match part {
            Self::Or(inner) => Ok(inner),
            other => Err(other),
        }) {
            Ok(parts) => Self::Or(parts),
            Err(single) => single,
        }
    }

    /// The atoms in it, each once, in order.
    pub fn atoms(&self) -> BTreeSet<&Atom> {
        let mut found = BTreeSet::new();
        self.collect(&mut found);
        found
    }

    /// Its value, with the atoms' values as `known` tells them; none where those that are known do not decide.
    pub fn value(&self, known: &impl Fn(&Atom) -> Option<bool>) -> Option<bool> {
        match self {
            Self::True => Some(true),
            Self::False => Some(false),
            Self::Atom(atom) => known(atom),
            Self::Not(inner) => inner.value(known).map(|value| !value),
            Self::And(parts) => decided(parts, false, known),
            Self::Or(parts) => decided(parts, true, known),
        }
    }

    /// How many operators and atoms it has.
    pub fn size(&self) -> usize {
        1 + match self {
            Self::True | Self::False | Self::Atom(_) => 0,
            Self::Not(inner) => inner.size(),
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::size).sum(),
        }
    }

    fn collect<'a>(&'a self, found: &mut BTreeSet<&'a Atom>) {
        match self {
            Self::True | Self::False => {}
            Self::Atom(atom) => {
                found.insert(atom);
            }
            Self::Not(inner) => inner.collect(found),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect(found)),
        }
    }
}

/// The parts of a chain; or what it comes to, where that is no chain.
fn joined(
    parts: impl IntoIterator<Item = Formula>,
    deciding: &Formula,
    neutral: &Formula,
    unfold: impl Fn(Formula) -> Result<Vec<Formula>, Formula>,
) -> Result<Vec<Formula>, Formula> {
    let mut kept: BTreeSet<Formula> = BTreeSet::new();
    for part in parts {
        match unfold(part) {
            Ok(inner) => kept.extend(inner),
            Err(part) if part == *deciding => return Err(part),
            Err(part) if part == *neutral => {}
            Err(part) => {
                kept.insert(part);
            }
        }
    }
    let opposite = |part: &Formula| matches!(part, Formula::Not(inner) if kept.contains(inner.as_ref()));
    if kept.iter().any(opposite) {
        return Err(deciding.clone());
    }
    let mut kept: Vec<Formula> = kept.into_iter().collect();
    match kept.len() {
        0 => Err(neutral.clone()),
        1 => Err(kept.swap_remove(0)),
        _ => Ok(kept),
    }
}

fn decided(parts: &[Formula], deciding: bool, known: &impl Fn(&Atom) -> Option<bool>) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match part.value(known) {
            Some(value) if value == deciding => return Some(deciding),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!deciding)
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(&super::spelling::quoted(text)),
        }
    }
}

/// As an expression.
impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.equals {
            Literal::Bool(true) => f.write_str(&self.subject),
            _ => write!(f, "{} == {}", self.subject, self.equals),
        }
    }
}

/// As an expression.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = |f: &mut fmt::Formatter<'_>, parts: &[Self], sign: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {sign} ")?;
                }
                match part {
                    Self::Or(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::True => f.write_str("true"),
            Self::False => f.write_str("false"),
            Self::Atom(atom) => write!(f, "{atom}"),
            Self::Not(inner) => write!(f, "!({inner})"),
            Self::And(parts) => chain(f, parts, "&&"),
            Self::Or(parts) => chain(f, parts, "||"),
        }
    }
}
