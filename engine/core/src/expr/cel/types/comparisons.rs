//! Comparisons that give the same whatever is compared: of different types, or with a word that the value never is.

use super::super::eval::shortened;
use super::super::functions::nearest;
use super::super::syntax::{Kind, Node, Operator};
use super::check::Check;
use super::paths::{keys_of, listed};
use super::problem::TypeProblemKind;
use super::{Kinds, Type};

impl Check<'_> {
    pub(super) fn equality(&mut self, node: &Node, left: (&Node, &Type), right: (&Node, &Type), gives: bool) -> Type {
        let ((a, a_type), (b, b_type)) = (left, right);
        let shared = a_type.kinds().as_compared() & b_type.kinds().as_compared();
        if shared.is_empty() {
            let (what, other) = (self.quoted(a, "the left side"), self.quoted(b, "the right side"));
            let (is, is_not) = (a_type.kinds().described(), b_type.kinds().described());
            let message = format!("{what} is {is} and {other} is {is_not}: this is always {gives}");
            let help = as_the_other(a, b_type).or_else(|| as_the_other(b, a_type));
            self.constant(node, node, gives, message, help);
        } else if shared == Kinds::TEXT {
            let literal = |node: &Node| matches!(node.kind, Kind::Text(_));
            let (word, of) = if literal(a) { (left, right) } else { (right, left) };
            let what = self.quoted(of.0, "the other side");
            self.compared_words(node, word, (&what, of.1), gives);
        }
        Type::bool()
    }

    /// `what` is one of a few words; is `word` one of them?
    fn compared_words(&mut self, part: &Node, word: (&Node, &Type), what: (&str, &Type), gives: bool) {
        let (Some(words), Some(known)) = (&word.1.words, &what.1.words) else { return };
        if !words.is_disjoint(known) || !self.tells() {
            return;
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let Kind::Text(text) = &word.0.kind else {
            let other = self.quoted(word.0, "the other side");
            let message = format!("{} and {other} are never the same word: this is always {gives}", what.0);
            return self.constant(part, part, gives, message, None);
        };
        let near = nearest_word(text, &known);
        let help = match &near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("it is {}", listed(&known, "\"", "or")),
        };
        let message = format!("{} is never \"{}\"", what.0, shortened(text));
        self.report(TypeProblemKind::UnknownWord { gives, near }, part, word.0, message, Some(help));
    }

    pub(super) fn is_in(&mut self, node: &Node, value: (&Node, &Type), range: (&Node, &Type)) -> Type {
        if !range.1.kinds().meets(Kinds::LIST | Kinds::MAP) {
            return self.no_operator(node, Operator::In, value, range);
        }
        if range.1.kinds() == Kinds::LIST {
            self.is_in_list(node, value, range);
        } else if range.1.kinds() == Kinds::MAP {
            if let Kind::Text(key) = &value.0.kind
                && range.1.field(key).is_none()
            {
                let what = self.quoted(range.0, "the map");
                let message = format!("there is never a key `{}` in {what}", shortened(key));
                let help = self.keys_near(range.1, key);
                self.constant(node, node, false, message, help);
            } else if !value.1.kinds().as_compared().meets(keys_of(range.1).as_compared()) {
                let what = self.quoted(value.0, "the value");
                let message = format!(
                    "{what} is {}, which is no key of this map: this is always false",
                    value.1.kinds().described()
                );
                self.constant(node, node, false, message, None);
            }
        }
        Type::bool()
    }

    fn is_in_list(&mut self, node: &Node, value: (&Node, &Type), list: (&Node, &Type)) {
        let Some(element) = list.1.element.as_deref().filter(|element| !element.is_never()) else { return };
        let shared = value.1.kinds().as_compared() & element.kinds().as_compared();
        if shared.is_empty() {
            let what = self.quoted(value.0, "the value");
            let (is, of) = (value.1.kinds().described(), element.kinds().described());
            let message = format!("{what} is {is} and every element is {of}: this is always false");
            self.constant(node, node, false, message, None);
            return;
        }
        match &list.0.kind {
            // A word of the list that can never be the one in question.
            Kind::List(items) if !matches!(value.0.kind, Kind::Text(_)) => {
                let what = self.quoted(value.0, "the value");
                for item in items {
                    if let Kind::Text(word) = &item.kind {
                        let word = Type::words([word.as_ref()]);
                        self.compared_words(item, (item, &word), (&what, value.1), false);
                    }
                }
            }
            _ if shared == Kinds::TEXT => {
                let what = format!("an element of {}", self.quoted(list.0, "the list"));
                self.compared_words(node, value, (&what, element), false);
            }
            _ => {}
        }
    }
}

/// The word that was most likely meant: spelled alike, or beginning alike, as `success` and `succeeded` do.
fn nearest_word(word: &str, known: &[&str]) -> Option<String> {
    if word.len() > 64 {
        return None;
    }
    let shared = |known: &str| word.bytes().zip(known.bytes()).take_while(|(a, b)| a == b).count();
    let begins_alike = || known.iter().copied().max_by_key(|known| shared(known)).filter(|known| shared(known) >= 4);
    let short = known.iter().copied().filter(|known| known.len() <= 64);
    nearest(word, short).or_else(begins_alike).map(str::to_owned)
}

/// The literal as people meant it, where it is compared with something of type `other`.
fn as_the_other(literal: &Node, other: &Type) -> Option<String> {
    let in_quotes = |value: &dyn std::fmt::Display| format!("write it in quotes: `\"{value}\"`");
    match &literal.kind {
        Kind::Int(value) if other.kinds().meets(Kinds::TEXT) => Some(in_quotes(value)),
        Kind::Bool(value) if other.kinds().meets(Kinds::TEXT) => Some(in_quotes(value)),
        _ => unquoted(literal, other),
    }
}

/// `"3"` beside a number, `"true"` beside a bool.
pub(super) fn unquoted(literal: &Node, other: &Type) -> Option<String> {
    let Kind::Text(text) = &literal.kind else { return None };
    let number = other.kinds().meets(Kinds::NUMBER) && text.parse::<f64>().is_ok_and(f64::is_finite);
    let bool = other.kinds().meets(Kinds::BOOL) && matches!(text.as_ref(), "true" | "false");
    (number || bool).then(|| format!("write `{text}` without quotes"))
}
