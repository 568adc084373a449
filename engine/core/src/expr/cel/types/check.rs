//! The types of the parts of an expression, and what cannot be right about them.
//!
//! This mirrors the evaluation: what is an error there for every value of the types is a problem here, in the same words.

use std::collections::BTreeMap;

use super::super::references::path_of;
use super::super::syntax::{Kind, Loop, LoopKind, Node, Operator};
use super::comparisons::unquoted;
use super::narrowing::{Fact, facts};
use super::paths::keys_of;
use super::problem::{TypeProblem, TypeProblemKind, Typed};
use super::{Entries, Field, Kinds, Type};
use crate::expr::ExprError;

/// Problems that are told of one expression.
const MAX_PROBLEMS: usize = 16;
/// How many types may be put together in one check; beyond, of lists and maps only their kind is kept.
const MAX_WORK: u32 = 2_000;

/// The type of `node` and of what is wrong with it, where its free names are of the types in `names`. A name that is not among
/// them can be anything.
pub(in crate::expr::cel) fn check(node: &Node, source: &str, names: &BTreeMap<String, Type>) -> Typed {
    let mut check = Check { source, names, variables: Vec::new(), facts: Vec::new(), problems: Vec::new(), work: 0 };
    let ty = check.node(node);
    let mut problems = check.problems;
    problems.sort_by_key(|problem| problem.error.span.as_ref().map(|span| (span.start, span.end)));
    Typed { ty, problems }
}

/// The type of `node` alone.
pub(in crate::expr::cel) fn type_of(node: &Node, names: &BTreeMap<String, Type>) -> Type {
    check(node, "", names).ty
}

pub(super) struct Check<'a> {
    source: &'a str,
    names: &'a BTreeMap<String, Type>,
    /// Of the loops around the current place, the innermost last.
    variables: Vec<(&'a str, Type)>,
    /// What the tests around the current place have made sure.
    facts: Vec<Fact>,
    problems: Vec<TypeProblem>,
    work: u32,
}

impl<'a> Check<'a> {
    pub(super) fn node(&mut self, node: &'a Node) -> Type {
        let ty = self.bare(node);
        self.narrowed(node, ty)
    }

    /// `ty`, which is that of `node`, with what is known of the path that `node` may be.
    pub(super) fn narrowed(&self, node: &Node, ty: Type) -> Type {
        if self.facts.is_empty() {
            return ty;
        }
        match path_of(node).and_then(|path| self.fact(&path)) {
            Some(fact) => ty.and(fact),
            None => ty,
        }
    }

    fn fact(&self, path: &[String]) -> Option<&Type> {
        self.facts.iter().rev().find(|(known, _)| known == path).map(|(_, fact)| fact)
    }

    /// Whether a test around the current place speaks of the path or of a part of it.
    pub(super) fn is_narrowed(&self, path: &[String]) -> bool {
        self.facts.iter().any(|(known, _)| path.starts_with(known))
    }

    /// Adds what is new of `facts`. A later fact about a path holds all that the earlier ones did.
    fn learn(&mut self, facts: Vec<Fact>) {
        for (path, fact) in facts {
            let known = self.fact(&path).cloned().unwrap_or_else(Type::unknown);
            let both = known.and(&fact);
            if both != known {
                self.facts.push((path, both));
            }
        }
    }

    /// The type of `node`, whatever is known of the path that it may be.
    fn bare(&mut self, node: &'a Node) -> Type {
        match &node.kind {
            Kind::Null => Type::null(),
            Kind::Bool(_) => Type::bool(),
            Kind::Int(_) => Type::of_kinds(Kinds::INT),
            Kind::Uint(_) => Type::of_kinds(Kinds::UINT),
            Kind::Double(_) => Type::of_kinds(Kinds::DOUBLE),
            Kind::Text(text) => Type::words([text.as_ref()]),
            Kind::Type(_) => Type::of_kinds(Kinds::TYPE),
            Kind::Name(name) => self.name(name).unwrap_or_else(Type::unknown),
            Kind::Select(operand, field) => {
                let ty = self.node(operand);
                self.field(node, operand, &ty, field)
            }
            Kind::Index(operand, index) => self.index(node, operand, index),
            Kind::Has(operand, field, _) => self.has(node, operand, field),
            Kind::NullTest(operand, negated) => self.null_test(node, operand, *negated),
            Kind::Not(operand) => {
                let ty = self.node(operand);
                self.must_be_bool(node, operand, &ty, false);
                Type::bool()
            }
            Kind::Negate(operand) => self.negate(node, operand),
            Kind::Binary(operator, left, right) => self.binary(node, *operator, left, right),
            Kind::And(parts) => self.logical(parts, true),
            Kind::Or(parts) => self.logical(parts, false),
            Kind::Conditional(parts) => {
                let [test, yes, no] = parts.as_ref();
                let ty = self.node(test);
                self.must_be_bool(node, test, &ty, false);
                let yes = self.under(facts(test, true), yes);
                let no = self.under(facts(test, false), no);
                self.either(yes, no)
            }
            Kind::List(items) => {
                let mut element = Type::never();
                for item in items {
                    let item = self.node(item);
                    element = self.either(element, item);
                }
                Type::list(element).bounded()
            }
            Kind::Map(entries) => self.map(node, entries),
            Kind::Call(function, arguments) => self.call(node, *function, arguments),
            Kind::Matches(text, _) => {
                let ty = self.node(text);
                if self.lacks(&ty, Kinds::TEXT) {
                    self.wrong(node, text, &format!("{}, not a string", ty.kinds().described()));
                }
                Type::bool()
            }
            Kind::Loop(it) => self.comprehension(node, it),
        }
    }

    // ---- names ----

    pub(super) fn name(&self, name: &str) -> Option<Type> {
        let bound = self.variables.iter().rev().find(|(variable, _)| *variable == name).map(|(_, ty)| ty);
        bound.or_else(|| self.names.get(name)).cloned()
    }

    // ---- operators ----

    fn logical(&mut self, parts: &'a [Node], outcome: bool) -> Type {
        let before = self.facts.len();
        for part in parts {
            let ty = self.node(part);
            self.must_be_bool(part, part, &ty, true);
            self.learn(facts(part, outcome));
        }
        self.facts.truncate(before);
        Type::bool()
    }

    /// `part` is the one that fails where `condition` is no bool.
    fn must_be_bool(&mut self, part: &Node, condition: &Node, ty: &Type, as_condition: bool) {
        if self.lacks(ty, Kinds::BOOL) && self.tells() {
            let what = self.quoted(condition, "the value");
            let message = format!("{what} is {}, not true or false", ty.kinds().described());
            self.fails(part, condition, message, Some("compare it with something, like `x == \"yes\"`".to_owned()));
            if let Some(problem) = self.problems.last_mut() {
                problem.as_condition = as_condition;
            }
        }
    }

    /// The type of `node` once `facts` are known.
    fn under(&mut self, facts: Vec<Fact>, node: &'a Node) -> Type {
        let before = self.facts.len();
        self.learn(facts);
        let ty = self.node(node);
        self.facts.truncate(before);
        ty
    }

    fn negate(&mut self, node: &Node, operand: &'a Node) -> Type {
        let ty = self.node(operand);
        if self.lacks(&ty, Kinds::NUMBER | Kinds::DURATION) {
            return self.wrong(node, operand, &format!("{}, not a number", ty.kinds().described()));
        }
        let whole = if ty.kinds().meets(Kinds::WHOLE) { Kinds::WHOLE } else { Kinds::NONE };
        Type::of_kinds(whole | ty.kinds() & (Kinds::DOUBLE | Kinds::DURATION))
    }

    fn binary(&mut self, node: &Node, operator: Operator, left: &'a Node, right: &'a Node) -> Type {
        use Operator as O;
        let (a, b) = (self.node(left), self.node(right));
        let gives_bool = !matches!(operator, O::Add | O::Subtract | O::Multiply | O::Divide | O::Modulo);
        if a.is_never() || b.is_never() {
            return if gives_bool { Type::bool() } else { Type::never() };
        }
        match operator {
            O::Equal => self.equality(node, (left, &a), (right, &b), false),
            O::NotEqual => self.equality(node, (left, &a), (right, &b), true),
            O::In => self.is_in(node, (left, &a), (right, &b)),
            O::Less | O::LessOrEqual | O::Greater | O::GreaterOrEqual => {
                let ordered = a.kinds() & Kinds::ORDERED;
                if !ordered.as_compared().meets(b.kinds()) {
                    self.no_operator(node, operator, (left, &a), (right, &b));
                }
                Type::bool()
            }
            _ => match computed(operator, a.kinds(), b.kinds()) {
                kinds if kinds.is_empty() => self.no_operator(node, operator, (left, &a), (right, &b)),
                // Only a list is made of what its operands are made of.
                kinds if kinds.meets(Kinds::LIST) => {
                    let list = self.either(a.only(Kinds::LIST), b.only(Kinds::LIST));
                    list.or(Type::of_kinds(kinds.without(Kinds::LIST)))
                }
                kinds => Type::of_kinds(kinds),
            },
        }
    }

    fn map(&mut self, node: &Node, entries: &'a [(Node, Node)]) -> Type {
        let mut map = Entries { fields: BTreeMap::new(), rest: None, keys: Kinds::NONE };
        for (key, value) in entries {
            let key_type = self.node(key);
            if self.lacks(&key_type, Kinds::KEY) {
                self.wrong(node, key, &format!("{}, which cannot be a key", key_type.kinds().described()));
            }
            // A number with a fraction of zero becomes a whole one.
            map.keys = map.keys | (key_type.kinds() & Kinds::KEY).as_compared();
            let value = self.node(value);
            match &key.kind {
                Kind::Text(name) => {
                    map.fields.insert(name.as_ref().to_owned(), Field::sure(value));
                }
                _ => {
                    let rest = map.rest.take().unwrap_or_else(Type::never);
                    map.rest = Some(self.either(rest, value));
                }
            }
        }
        if map.keys.is_empty() {
            map.keys = Kinds::TEXT;
        }
        Type::entries(map).bounded()
    }

    // ---- loops ----

    fn comprehension(&mut self, node: &Node, it: &'a Loop) -> Type {
        let range = self.node(&it.range);
        if self.lacks(&range, Kinds::LIST | Kinds::MAP) {
            self.wrong(node, &it.range, &format!("{}, not a list or a map", range.kinds().described()));
        }
        let element = elements_or_keys(&range);
        // Inside, the name means the element; what was known of another value of that name is out of sight.
        let outer = self.facts.iter().any(|(path, _)| path[0] == it.variable).then(|| self.facts.clone());
        self.facts.retain(|(path, _)| path[0] != it.variable);
        self.variables.push((&it.variable, element.clone()));
        let mut known = Vec::new();
        if let Some(filter) = &it.filter {
            let ty = self.node(filter);
            self.must_be_bool(filter, filter, &ty, true);
            known = facts(filter, true);
        }
        let body = self.under(known, &it.body);
        if it.what != LoopKind::Map {
            self.must_be_bool(&it.body, &it.body, &body, true);
        }
        self.variables.pop();
        self.facts = outer.unwrap_or_else(|| std::mem::take(&mut self.facts));
        match it.what {
            LoopKind::Map => Type::list(body).bounded(),
            LoopKind::Filter => Type::list(element).bounded(),
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => Type::bool(),
        }
    }

    /// One or the other.
    pub(super) fn either(&mut self, one: Type, other: Type) -> Type {
        if (one.kinds() & other.kinds()).meets(Kinds::LIST | Kinds::MAP) {
            self.work = self.work.saturating_add(one.size).saturating_add(other.size);
        }
        if self.work > MAX_WORK { one.coarse().or(other.coarse()) } else { one.or_coarsely(other) }
    }

    // ---- problems ----

    /// Whether no value of `ty` is of these kinds. What is never evaluated lacks nothing.
    pub(super) fn lacks(&self, ty: &Type, kinds: Kinds) -> bool {
        !ty.is_never() && !ty.kinds().meets(kinds)
    }

    /// Every evaluation of `part` is an error, because of what stands at `at`. What comes of it is unknown, so that one mistake
    /// is told once.
    pub(super) fn fails(&mut self, part: &Node, at: &Node, message: String, help: Option<String>) -> Type {
        self.report(TypeProblemKind::Fails, part, at, message, help);
        Type::unknown()
    }

    /// Like [`Check::fails`]; `at` is what the message says.
    pub(super) fn wrong(&mut self, part: &Node, at: &Node, is: &str) -> Type {
        let message = format!("{} is {is}", self.quoted(at, "the value"));
        self.fails(part, at, message, None)
    }

    pub(super) fn no_operator(
        &mut self,
        node: &Node,
        operator: Operator,
        left: (&Node, &Type),
        right: (&Node, &Type),
    ) -> Type {
        let (a, b) = (left.1.kinds().described(), right.1.kinds().described());
        let message = format!("`{}` does not work on {a} and {b}", operator.sign());
        let has = |kinds| left.1.kinds().within(kinds) || right.1.kinds().within(kinds);
        let help = match operator {
            Operator::Add if has(Kinds::TEXT) && has(Kinds::NUMBER | Kinds::BOOL) => {
                Some("make text of the other value: `string(x)`".to_owned())
            }
            _ => unquoted(left.0, right.1).or_else(|| unquoted(right.0, left.1)),
        };
        self.fails(node, node, message, help)
    }

    pub(super) fn constant(&mut self, part: &Node, at: &Node, value: bool, message: String, help: Option<String>) {
        self.report(TypeProblemKind::Constant(value), part, at, message, help);
    }

    /// How many problems are told by now.
    pub(super) fn told(&self) -> usize {
        self.problems.len()
    }

    /// Whether one more is told.
    pub(super) fn tells(&self) -> bool {
        self.problems.len() < MAX_PROBLEMS
    }

    pub(super) fn report(
        &mut self,
        kind: TypeProblemKind,
        part: &Node,
        at: &Node,
        message: String,
        help: Option<String>,
    ) {
        if !self.tells() {
            return;
        }
        let error = ExprError { span: Some(at.span.clone()), message, help };
        self.problems.push(TypeProblem { kind, error, part: part.span.clone(), as_condition: false });
    }

    /// The source of `node`, where it is a short one.
    pub(super) fn quoted(&self, node: &Node, otherwise: &str) -> String {
        match self.source.get(node.span.clone()) {
            Some(text) if text.len() <= 60 && !text.contains('\n') => format!("`{text}`"),
            _ => otherwise.to_owned(),
        }
    }
}

/// What an operator that computes can give.
fn computed(operator: Operator, left: Kinds, right: Kinds) -> Kinds {
    use Operator as O;
    let both = |a: Kinds, b: Kinds| left.meets(a) && right.meets(b);
    let either = |a: Kinds, b: Kinds| both(a, b) || both(b, a);
    let mut kinds = Kinds::NONE;
    let mut gives = |result: Kinds, when: bool| {
        if when {
            kinds = kinds | result;
        }
    };
    gives(Kinds::WHOLE, both(Kinds::WHOLE, Kinds::WHOLE));
    gives(Kinds::DOUBLE, operator != O::Modulo && either(Kinds::DOUBLE, Kinds::NUMBER));
    gives(Kinds::TEXT, operator == O::Add && both(Kinds::TEXT, Kinds::TEXT));
    gives(Kinds::LIST, operator == O::Add && both(Kinds::LIST, Kinds::LIST));
    gives(Kinds::TIMESTAMP, operator == O::Add && either(Kinds::TIMESTAMP, Kinds::DURATION));
    gives(Kinds::TIMESTAMP, operator == O::Subtract && both(Kinds::TIMESTAMP, Kinds::DURATION));
    gives(Kinds::DURATION, operator == O::Subtract && both(Kinds::TIMESTAMP, Kinds::TIMESTAMP));
    gives(Kinds::DURATION, matches!(operator, O::Add | O::Subtract) && both(Kinds::DURATION, Kinds::DURATION));
    kinds
}

/// What a loop over a list or a map sees.
fn elements_or_keys(ty: &Type) -> Type {
    let of_list = ty.only(Kinds::LIST).inside();
    let of_map = if ty.kinds().meets(Kinds::MAP) { Type::of_kinds(keys_of(ty)) } else { Type::never() };
    of_list.or_coarsely(of_map)
}
