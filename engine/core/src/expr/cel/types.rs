//! What values can be, as far as it is declared: the types that expressions are checked with.
//!
//! A [`Type`] is a set of values that is known from outside: the kinds that they can be, and for text, lists and maps what is
//! known of them besides. It may always be larger than what really comes, never smaller. So what does not fit for any value of
//! the types is wrong for sure, and what fits for some is left to the evaluation.
//!
//! ```text
//! schema ── of_schema ──► Type ──┐
//! value ─── of_json ────► Type ──┼─ names ──► check: the types of all parts, and what is wrong with them
//!                                               ├─ paths, calls, comparisons
//!                                               └─ narrowing: what guards make sure
//! ```

mod calls;
mod check;
mod comparisons;
mod kinds;
mod narrowing;
mod paths;
mod problem;
mod schema;
mod spelling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

pub(super) use check::{check, type_of};
pub(in crate::expr) use kinds::Kinds;
pub use problem::{TypeProblem, TypeProblemKind, Typed};

/// Words that a text is known to be one of; what has more is any text.
const MAX_WORDS: usize = 64;
/// What is computed out of types may have as many parts; beyond, only the kind of a value is kept.
const MAX_SIZE: u32 = 512;
/// How large a map may be of which all values are looked at, because the key is not known beforehand.
const MAX_LOOKED_THROUGH: u32 = 64;

/// What a value can be.
#[derive(Clone)]
pub struct Type {
    kinds: Kinds,
    /// Where it is text: the words that it is one of. None: any.
    words: Option<Arc<BTreeSet<String>>>,
    /// Where it is a list: what its elements are. None: anything.
    element: Option<Arc<Type>>,
    /// Where it is a map: what is in it. None: anything.
    entries: Option<Arc<Entries>>,
    /// How many types this one is made of, at most.
    size: u32,
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        (self.kinds, &self.words, &self.element, &self.entries)
            == (other.kinds, &other.words, &other.element, &other.entries)
    }
}

impl Eq for Type {}

/// What is in a map.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entries {
    fields: BTreeMap<String, Field>,
    /// What stands under every other key. None: there is no other key.
    rest: Option<Type>,
    /// What its keys can be. From JSON they are text.
    keys: Kinds,
}

/// What stands under one key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What the value can be.
    pub ty: Type,
    /// Whether the key is there in every such map.
    pub sure: bool,
}

impl Field {
    /// A key that is always there.
    pub fn sure(ty: Type) -> Self {
        Self { ty, sure: true }
    }

    /// A key that may be missing.
    pub fn perhaps(ty: Type) -> Self {
        Self { ty, sure: false }
    }
}

/// Whether a map may have keys beside those that are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherKeys {
    /// Any value may stand under any other key.
    Any,
    /// There are no others.
    None,
}

impl Type {
    /// Any JSON value.
    pub fn any() -> Self {
        Self::of_kinds(Kinds::JSON)
    }

    /// `null`.
    pub fn null() -> Self {
        Self::of_kinds(Kinds::NULL)
    }

    /// `true` or `false`.
    pub fn bool() -> Self {
        Self::of_kinds(Kinds::BOOL)
    }

    /// Any number. JSON writes `1` and `1.0` for the same one, so whole ones are not a type of their own.
    pub fn number() -> Self {
        Self::of_kinds(Kinds::NUMBER)
    }

    /// Any text.
    pub fn text() -> Self {
        Self::of_kinds(Kinds::TEXT)
    }

    /// Text that is one of `words`.
    pub fn words<I: Into<String>>(words: impl IntoIterator<Item = I>) -> Self {
        let words: BTreeSet<String> = words.into_iter().map(Into::into).collect();
        if words.is_empty() || words.len() > MAX_WORDS {
            return Self::text();
        }
        Self { words: Some(Arc::new(words)), ..Self::text() }
    }

    /// A list of such elements.
    pub fn list(element: Self) -> Self {
        let size = element.size.saturating_add(1);
        Self { element: Some(Arc::new(element)), size, ..Self::of_kinds(Kinds::LIST) }
    }

    /// A map with any keys and such values.
    pub fn map(values: Self) -> Self {
        Self::entries(Entries { fields: BTreeMap::new(), rest: Some(values), keys: Kinds::TEXT })
    }

    /// A map with these keys.
    pub fn object<I: Into<String>>(fields: impl IntoIterator<Item = (I, Field)>, others: OtherKeys) -> Self {
        let fields = fields.into_iter().map(|(name, field)| (name.into(), field)).collect();
        let rest = match others {
            OtherKeys::Any => Some(Self::any()),
            OtherKeys::None => None,
        };
        Self::entries(Entries { fields, rest, keys: Kinds::TEXT })
    }

    /// What this value is, and nothing else.
    pub fn of_json(value: &Json) -> Self {
        Self::of_json_with(value, &|text| Self::words([text]))
    }

    /// Likewise, where `text` tells what comes of the texts in it.
    pub fn of_json_with(value: &Json, text: &impl Fn(&str) -> Self) -> Self {
        match value {
            Json::Null => Self::null(),
            Json::Bool(_) => Self::bool(),
            Json::Number(_) => Self::number(),
            Json::String(value) => text(value),
            Json::Array(items) => {
                let items = items.iter().map(|item| Self::of_json_with(item, text));
                Self::list(items.fold(Self::never(), Self::or_coarsely)).bounded()
            }
            Json::Object(map) => {
                let fields =
                    map.iter().map(|(key, value)| (key.as_str(), Field::sure(Self::of_json_with(value, text))));
                Self::object(fields, OtherKeys::None).bounded()
            }
        }
    }

    /// What a value that fits the JSON Schema can be: by `type`, `enum`, `const`, `properties`, `required`,
    /// `additionalProperties`, `items`, `anyOf` and `oneOf`. What else it asks for is not looked at, and what is too large or
    /// too deep is anything.
    pub fn of_schema(schema: &Json) -> Self {
        schema::of_schema(schema)
    }

    /// A value of this type or of the other one.
    pub fn or(self, other: Self) -> Self {
        if self.is_never() || self == other {
            return other;
        }
        if other.is_never() {
            return self;
        }
        let words = joined(
            &self,
            &other,
            Kinds::TEXT,
            |ty| ty.words.as_ref(),
            |a, b| {
                let both: BTreeSet<String> = a.union(b).cloned().collect();
                (both.len() <= MAX_WORDS).then_some(both)
            },
        );
        let element =
            joined(&self, &other, Kinds::LIST, |ty| ty.element.as_ref(), |a, b| Some(a.clone().or(b.clone())));
        let entries = joined(&self, &other, Kinds::MAP, |ty| ty.entries.as_ref(), |a, b| Some(a.clone().or(b)));
        Self { kinds: self.kinds | other.kinds, words, element, entries, size: 0 }.sized()
    }

    /// The same, or null.
    pub fn or_null(self) -> Self {
        self.or(Self::null())
    }

    /// What it is once it was written as JSON and read again, like the output of a step.
    pub fn as_json(&self) -> Self {
        self.clone().bounded().written()
    }

    fn written(&self) -> Self {
        let mut kinds = self.kinds & Kinds::JSON;
        if kinds.meets(Kinds::NUMBER) {
            kinds = kinds | Kinds::NUMBER;
        }
        let mut words = self.words.clone();
        if self.kinds.meets(Kinds::TIMESTAMP | Kinds::DURATION | Kinds::TYPE) {
            (kinds, words) = (kinds | Kinds::TEXT, None);
        }
        let element = self.element.as_ref().map(|element| Arc::new(element.written()));
        let entries = self.entries.as_ref().map(|entries| Arc::new(entries.written()));
        Self { kinds, words, element, entries, size: self.size }
    }

    /// Whether it is always true or false.
    pub fn is_bool(&self) -> bool {
        self.kinds == Kinds::BOOL
    }

    /// Whether it can be true or false. What is never evaluated can be anything.
    pub fn may_be_bool(&self) -> bool {
        self.is_never() || self.kinds.meets(Kinds::BOOL)
    }

    /// Whether it can be text. What is never evaluated can be anything.
    pub fn may_be_text(&self) -> bool {
        self.is_never() || self.kinds.meets(Kinds::TEXT)
    }

    /// Whether it can be a list. What is never evaluated can be anything.
    pub fn may_be_list(&self) -> bool {
        self.is_never() || self.kinds.meets(Kinds::LIST)
    }

    /// What it is in words, to stand behind "is": `a string`, `a number or null`.
    pub fn described(&self) -> String {
        self.kinds.described()
    }

    /// Whether it is null at times.
    pub fn may_be_null(&self) -> bool {
        self.kinds.meets(Kinds::NULL)
    }

    /// The words that it is one of, where it is text and nothing else.
    pub fn is_one_of(&self) -> Option<&BTreeSet<String>> {
        self.words.as_deref().filter(|_| self.kinds == Kinds::TEXT)
    }

    /// What stands under `key`, where it is a map. None: nothing does.
    pub fn field(&self, key: &str) -> Option<Field> {
        if !self.kinds.meets(Kinds::MAP) {
            return None;
        }
        let Some(entries) = &self.entries else { return Some(Field::perhaps(Self::unknown())) };
        match (entries.fields.get(key), &entries.rest) {
            (Some(field), _) => Some(field.clone()),
            (None, Some(rest)) => Some(Field::perhaps(rest.clone())),
            (None, None) => None,
        }
    }

    /// The keys that are known of it where it is a map, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|entries| entries.fields.keys()).map(String::as_str)
    }

    /// Whether `value` is such a value.
    pub fn admits(&self, value: &Json) -> bool {
        match value {
            Json::Null => self.kinds.meets(Kinds::NULL),
            Json::Bool(_) => self.kinds.meets(Kinds::BOOL),
            Json::Number(number) => self.kinds.meets(match (number.as_i64(), number.as_u64()) {
                // A `uint` that is small enough comes out as an `int`.
                (Some(value), _) if value >= 0 => Kinds::WHOLE,
                (Some(_), _) => Kinds::INT,
                (None, Some(_)) => Kinds::UINT,
                (None, None) => Kinds::DOUBLE,
            }),
            Json::String(text) => {
                // Times, durations and types are text in JSON.
                self.kinds.meets(Kinds::TIMESTAMP | Kinds::DURATION | Kinds::TYPE)
                    || self.kinds.meets(Kinds::TEXT) && self.words.as_ref().is_none_or(|words| words.contains(text))
            }
            Json::Array(items) => {
                let fits = |element: &Arc<Self>| items.iter().all(|item| element.admits(item));
                self.kinds.meets(Kinds::LIST) && self.element.as_ref().is_none_or(fits)
            }
            Json::Object(map) => {
                let sure =
                    |entries: &Entries| entries.fields.iter().all(|(key, field)| !field.sure || map.contains_key(key));
                let fits = |entries: &Entries| {
                    map.iter().all(|(key, value)| match (entries.fields.get(key), &entries.rest) {
                        (Some(field), None) => field.ty.admits(value),
                        (None, Some(rest)) => rest.admits(value),
                        // A number as a key is text in JSON, as the text of its digits is.
                        (Some(field), Some(rest)) => {
                            field.ty.admits(value) || entries.keys != Kinds::TEXT && rest.admits(value)
                        }
                        (None, None) => false,
                    })
                };
                self.kinds.meets(Kinds::MAP)
                    && self.entries.as_ref().is_none_or(|entries| sure(entries) && fits(entries))
            }
        }
    }

    // ---- for the check ----

    /// No value at all: what is never evaluated.
    pub(in crate::expr) fn never() -> Self {
        Self::of_kinds(Kinds::NONE)
    }

    /// Anything that an expression can give.
    pub(in crate::expr) fn unknown() -> Self {
        Self::of_kinds(Kinds::ALL)
    }

    pub(in crate::expr) fn of_kinds(kinds: Kinds) -> Self {
        Self { kinds, words: None, element: None, entries: None, size: 1 }
    }

    pub(in crate::expr) fn is_never(&self) -> bool {
        self.kinds.is_empty()
    }

    pub(in crate::expr) fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// What its elements are, where it is a list.
    pub fn elements(&self) -> Self {
        match &self.element {
            _ if !self.kinds.meets(Kinds::LIST) => Self::never(),
            Some(element) => element.as_ref().clone(),
            None => Self::unknown(),
        }
    }

    /// What stands under any of its keys, where it is a map.
    fn values(&self) -> Self {
        match &self.entries {
            _ if !self.kinds.meets(Kinds::MAP) => Self::never(),
            Some(entries) if self.size <= MAX_LOOKED_THROUGH => {
                let fields = entries.fields.values().map(|field| field.ty.clone());
                fields.chain(entries.rest.clone()).fold(Self::never(), Self::or_coarsely)
            }
            _ => Self::unknown(),
        }
    }

    /// What is in it, where it is a list or a map.
    pub(in crate::expr) fn inside(&self) -> Self {
        self.elements().or_coarsely(self.values())
    }

    /// The part of it that is of these kinds.
    pub(in crate::expr) fn only(&self, kinds: Kinds) -> Self {
        let kinds = self.kinds & kinds;
        Self {
            kinds,
            words: self.words.clone().filter(|_| kinds.meets(Kinds::TEXT)),
            element: self.element.clone().filter(|_| kinds.meets(Kinds::LIST)),
            entries: self.entries.clone().filter(|_| kinds.meets(Kinds::MAP)),
            size: self.size,
        }
    }

    /// What is of this type and of the other one; it may be more than that.
    fn and(&self, other: &Self) -> Self {
        let mut both = self.only(other.kinds);
        both.words = match (&both.words, &other.words) {
            (Some(a), Some(b)) => Some(Arc::new(a.intersection(b).cloned().collect())),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        both.element = both.element.or_else(|| other.element.clone());
        both.entries = both.entries.or_else(|| other.entries.clone());
        both.size = self.size.max(other.size);
        if both.words.as_ref().is_some_and(|words| words.is_empty()) {
            both.kinds = both.kinds.without(Kinds::TEXT);
        }
        both.only(Kinds::ALL)
    }

    /// Like [`Type::or`]; what becomes too large keeps nothing but its kinds. So a sum of many costs no more than their number.
    fn or_coarsely(self, other: Self) -> Self {
        self.or(other).bounded()
    }

    fn bounded(self) -> Self {
        if self.size > MAX_SIZE { self.coarse() } else { self }
    }

    /// Without what is known of lists and maps.
    fn coarse(self) -> Self {
        Self { words: self.words, ..Self::of_kinds(self.kinds) }
    }

    fn entries(entries: Entries) -> Self {
        Self { entries: Some(Arc::new(entries)), size: 0, ..Self::of_kinds(Kinds::MAP) }.sized()
    }

    fn sized(mut self) -> Self {
        let of_element = self.element.as_ref().map_or(0, |element| element.size);
        let of_entries = self.entries.as_ref().map_or(0, |entries| {
            let fields = entries.fields.values().map(|field| field.ty.size);
            fields.chain(entries.rest.iter().map(|rest| rest.size)).fold(0, u32::saturating_add)
        });
        self.size = of_element.saturating_add(of_entries).saturating_add(1);
        self
    }
}

/// What is known of values of one kind, of one type or of the other: `join` where both can be of that kind.
fn joined<'a, T: 'a>(
    one: &'a Type,
    other: &'a Type,
    kind: Kinds,
    known: impl Fn(&'a Type) -> Option<&'a Arc<T>>,
    join: impl Fn(&T, &T) -> Option<T>,
) -> Option<Arc<T>> {
    match (one.kinds.meets(kind), other.kinds.meets(kind)) {
        (true, true) => match (known(one), known(other)) {
            (Some(a), Some(b)) if Arc::ptr_eq(a, b) => Some(Arc::clone(a)),
            (Some(a), Some(b)) => join(a, b).map(Arc::new),
            _ => None,
        },
        (true, false) => known(one).cloned(),
        (false, _) => known(other).cloned(),
    }
}

impl Entries {
    fn written(&self) -> Self {
        let rest = self.rest.as_ref().map(Type::written);
        // The text of a number that was a key may be that of a field.
        let also = rest.as_ref().filter(|_| self.keys != Kinds::TEXT);
        let field = |field: &Field| {
            let ty = field.ty.written();
            Field { ty: also.map_or_else(|| ty.clone(), |also| ty.clone().or(also.clone())), sure: field.sure }
        };
        let fields = self.fields.iter().map(|(name, value)| (name.clone(), field(value))).collect();
        Self { fields, rest, keys: Kinds::TEXT }
    }

    fn or(mut self, other: &Self) -> Self {
        for (key, field) in &other.fields {
            let both = match (self.fields.remove(key), &self.rest) {
                (Some(own), _) => Field { ty: own.ty.or(field.ty.clone()), sure: own.sure && field.sure },
                (None, Some(rest)) => Field::perhaps(rest.clone().or(field.ty.clone())),
                (None, None) => Field::perhaps(field.ty.clone()),
            };
            self.fields.insert(key.clone(), both);
        }
        for (key, field) in &mut self.fields {
            if !other.fields.contains_key(key) {
                field.sure = false;
                if let Some(rest) = &other.rest {
                    field.ty = std::mem::replace(&mut field.ty, Type::never()).or(rest.clone());
                }
            }
        }
        self.rest = match (self.rest, &other.rest) {
            (Some(own), Some(rest)) => Some(own.or(rest.clone())),
            (own, rest) => own.or_else(|| rest.clone()),
        };
        self.keys = self.keys | other.keys;
        self
    }
}

#[cfg(test)]
mod tests;
