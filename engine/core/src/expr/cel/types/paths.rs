//! The types of paths: fields, elements, and whether something is there.

use super::super::eval::shortened;
use super::super::functions::did_you_mean;
use super::super::references::path_of;
use super::super::syntax::{Kind, Node};
use super::check::Check;
use super::{Field, Kinds, Type};

impl<'a> Check<'a> {
    pub(super) fn field(&mut self, node: &Node, operand: &Node, ty: &Type, field: &str) -> Type {
        if ty.is_never() {
            return Type::never();
        }
        if !ty.kinds().meets(Kinds::MAP) {
            let what = self.quoted(operand, "the value before the dot");
            let message = format!("{what} is {} and has no `{field}`", ty.kinds().described());
            return self.fails(node, node, message, None);
        }
        match ty.field(field) {
            Some(field) => field.ty,
            None => self.no_such_key(node, operand, ty, field),
        }
    }

    fn no_such_key(&mut self, node: &Node, operand: &Node, ty: &Type, key: &str) -> Type {
        let message = format!("no such key `{}` in {}", shortened(key), self.quoted(operand, "the map"));
        let help = self.keys_near(ty, key);
        self.fails(node, node, message, help)
    }

    pub(super) fn index(&mut self, node: &'a Node, operand: &'a Node, index: &'a Node) -> Type {
        let (ty, key) = (self.node(operand), self.node(index));
        if ty.is_never() || key.is_never() {
            return Type::never();
        }
        if !ty.kinds().meets(Kinds::LIST | Kinds::MAP) {
            let what = self.quoted(operand, "the value before the bracket");
            let message = format!("{what} is {} and has no elements", ty.kinds().described());
            return self.fails(node, node, message, None);
        }
        let of_list = ty.kinds().meets(Kinds::LIST) && key.kinds().meets(Kinds::NUMBER);
        let of_map = ty.kinds().meets(Kinds::MAP) && key.kinds().meets(keys_of(&ty).as_compared());
        let mut found = Type::never();
        if of_list {
            found = ty.elements();
        }
        match (&index.kind, of_map) {
            (_, false) => {}
            (Kind::Text(key), true) => match ty.field(key) {
                Some(field) => found = self.either(found, field.ty),
                None => return self.no_such_key(node, operand, &ty, key),
            },
            (_, true) => found = self.either(found, ty.values()),
        }
        if of_list || of_map {
            return found;
        }
        let because = match (ty.kinds().meets(Kinds::LIST), keys_of(&ty)) {
            (true, _) => "and the elements of a list have numbers",
            (false, Kinds::TEXT) if key.kinds().meets(Kinds::KEY) => "and the keys of this map are strings",
            _ => "which cannot be a key of this map",
        };
        self.wrong(node, index, &format!("{}, {because}", key.kinds().described()))
    }

    /// The type of a path where every part of it may be missing; and whether it may be.
    fn if_there(&mut self, node: &'a Node, whole: &Node) -> (Type, bool) {
        let (ty, missing) = match &node.kind {
            Kind::Name(name) => match self.name(name) {
                Some(ty) => (ty, false),
                None => (Type::unknown(), true),
            },
            Kind::Select(operand, field) => {
                let (ty, missing) = self.if_there(operand, whole);
                self.entry_if_there((node, operand), (&ty, missing), field, whole)
            }
            Kind::Index(operand, index) => {
                let (ty, missing) = self.if_there(operand, whole);
                match &index.kind {
                    Kind::Text(field) if !ty.kinds().meets(Kinds::LIST) => {
                        self.entry_if_there((node, operand), (&ty, missing), field, whole)
                    }
                    _ => {
                        self.node(index);
                        (ty.inside(), true)
                    }
                }
            }
            _ => (self.node(node), false),
        };
        (self.narrowed(node, ty), missing)
    }

    /// `node` is `operand.field`, and `operand` is of type `ty`.
    fn entry_if_there(
        &mut self,
        (node, operand): (&Node, &Node),
        (ty, missing): (&Type, bool),
        field: &str,
        whole: &Node,
    ) -> (Type, bool) {
        if !missing && self.lacks(ty, Kinds::MAP | Kinds::NULL) {
            let what = self.quoted(operand, "the value before the dot");
            let message = format!("{what} is {} and has no `{}`", ty.kinds().described(), shortened(field));
            return (self.fails(whole, node, message, None), true);
        }
        match ty.field(field) {
            Some(Field { ty: found, sure }) => (found, missing || !sure || ty.may_be_null()),
            None => (Type::never(), true),
        }
    }

    pub(super) fn has(&mut self, node: &'a Node, operand: &'a Node, field: &str) -> Type {
        let (ty, missing) = self.if_there(operand, node);
        if !missing && self.lacks(&ty, Kinds::MAP | Kinds::NULL) {
            return self.wrong(node, operand, &format!("{}, not a map", ty.kinds().described()));
        }
        if ty.kinds().meets(Kinds::MAP) && ty.field(field).is_none() {
            let message = format!("there is never a key `{}` in {}", shortened(field), self.quoted(operand, "the map"));
            let help = self.keys_near(&ty, field);
            self.constant(node, node, false, message, help);
        }
        Type::bool()
    }

    pub(super) fn null_test(&mut self, node: &'a Node, operand: &'a Node, negated: bool) -> Type {
        let before = self.told();
        let (ty, missing) = self.if_there(operand, node);
        let what = self.quoted(operand, "the value");
        if self.told() > before {
            return Type::bool();
        }
        if !missing && self.lacks(&ty, Kinds::NULL) {
            let message = format!("{what} is {}, never null: this is always {negated}", ty.kinds().described());
            self.constant(node, node, negated, message, None);
        } else if missing && ty.is_never() && path_of(operand).is_some_and(|path| !self.is_narrowed(&path)) {
            let message = format!("there is never a value at {what}: this is always {}", !negated);
            self.constant(node, node, !negated, message, None);
        }
        Type::bool()
    }

    pub(super) fn keys_near(&self, ty: &Type, key: &str) -> Option<String> {
        if self.tells() { keys_near(ty, key) } else { None }
    }
}

/// What the keys of a map can be.
pub(super) fn keys_of(ty: &Type) -> Kinds {
    ty.entries.as_ref().map_or(Kinds::KEY, |entries| entries.keys)
}

fn keys_near(ty: &Type, key: &str) -> Option<String> {
    let near = (key.len() <= 64).then(|| did_you_mean(key, ty.keys().filter(|known| known.len() <= 64).take(64)));
    near.flatten().or_else(|| {
        let some: Vec<&str> = ty.keys().take(8).collect();
        (!some.is_empty()).then(|| format!("it has {}", listed(&some, "`", "and")))
    })
}

/// Some of the words, as people list them.
pub(super) fn listed(words: &[&str], quote: &str, last: &str) -> String {
    let words: Vec<String> = words.iter().take(8).map(|word| format!("{quote}{}{quote}", shortened(word))).collect();
    match words.as_slice() {
        [some @ .., end] if !some.is_empty() => format!("{} {last} {end}", some.join(", ")),
        words => words.concat(),
    }
}
