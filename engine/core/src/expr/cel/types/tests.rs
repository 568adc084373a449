#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::super::syntax::{Kind, Node, parse};
use super::super::{Cel, eval, value};
use super::*;
use crate::expr::Scope;
use crate::expr::budget::Budget;

fn names() -> BTreeMap<String, Type> {
    let inputs = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "count": {"type": "integer"},
            "flag": {"type": "boolean"},
            "size": {"enum": ["small", "large"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "note": {"type": ["string", "null"]},
            "limit": {"type": ["integer", "null"]},
            "mixed": {"type": ["string", "integer"]},
            "conf": {"type": "object", "properties": {"port": {"type": "integer"}}, "required": ["port"],
                     "additionalProperties": false},
            "open": {"type": "object", "properties": {"port": {"type": "integer"}}},
            "any": {},
        },
        "required": ["name", "count", "flag", "size", "tags", "note", "limit", "mixed", "conf", "open", "any"],
    });
    BTreeMap::from([("inputs".to_owned(), Type::of_schema(&inputs))])
}

fn gives(source: &str, expect: &str) {
    let typed = Cel::new(source).check_types(&names());
    assert_eq!((typed.ty.to_string().as_str(), typed.problems), (expect, Vec::new()), "{source}");
}

/// The problems as `place: message`, with the help behind it in brackets.
fn says(source: &str, expect: &[&str]) {
    Cel::new(source).check().unwrap();
    let problems = Cel::new(source).check_types(&names()).problems;
    let said: Vec<String> = problems
        .into_iter()
        .map(|problem| {
            let place = &source[problem.error.span.unwrap()];
            let help = problem.error.help.map(|help| format!(" ({help})")).unwrap_or_default();
            let kind = match problem.kind {
                TypeProblemKind::Fails => "",
                TypeProblemKind::Constant(_) => "~ ",
                TypeProblemKind::UnknownWord { .. } => "? ",
            };
            format!("{kind}{place}: {}{help}", problem.error.message)
        })
        .collect();
    assert_eq!(said, expect, "{source}");
}

#[test]
fn every_expression_has_a_type() {
    gives("inputs.name + 'x'", "string");
    gives("inputs.count + 1", "number");
    gives("inputs.count / 2.0 > 1", "bool");
    gives("inputs.size", "\"large\" | \"small\"");
    gives("inputs.flag ? 'a' : 'b'", "\"a\" | \"b\"");
    gives("inputs.flag ? 1 : null", "number or null");
    gives("inputs.tags + ['x']", "list of string");
    gives("inputs.tags.map(t, size(t))", "list of number");
    gives("inputs.tags.filter(t, t != '')", "list of string");
    gives("inputs.conf.map(k, k)", "list of string");
    gives("inputs.tags[0]", "string");
    gives("inputs['name']", "string");
    gives("inputs.open.other", "any");
    gives("{'a': inputs.count, inputs.name: 1.5}", "{a: number, …}");
    gives("inputs.name.split(',')", "list of string");
    gives("timestamp('2024-01-01T00:00:00Z') - timestamp('2024-01-01T00:00:00Z')", "duration");
    gives("type(inputs.count)", "type");
    gives("nope.what", "any");
    gives("dyn(inputs.count) + 'x'", "string");
    gives("string(inputs.size)", "\"large\" | \"small\"");
    gives("[]", "list");
    gives("not one", "any");
}

#[test]
fn guards_make_sure_what_a_value_is() {
    gives("inputs.note == null ? 'none' : inputs.note", "string");
    gives("inputs.note != null ? inputs.note : 'none'", "string");
    gives("!(inputs.note == null) && true ? inputs.note : 'none'", "string");
    gives("inputs.note == null || inputs.limit == null ? '' : inputs.note", "string");
    gives("inputs.note == null ? inputs.note : null", "null");
    gives("type(inputs.mixed) == string ? inputs.mixed.trim() : string(inputs.mixed + 1)", "string");
    gives("inputs.mixed == 'a' && inputs.mixed.contains('b')", "bool");
    gives("inputs.size in ['small'] ? inputs.size : 'small'", "\"small\"");
    gives("inputs.any == null ? 1 : inputs.any.map(inputs, inputs)[0] == null ? 2 : 3", "number");
    // What is never evaluated is not wrong.
    gives("type(inputs.name) == int ? inputs.name + 1 : 2", "number");
    gives("[].map(x, x + 1)", "list");
    // A test of a later part makes nothing sure about an earlier one.
    gives("inputs.mixed + 1 > 2 && inputs.mixed == 'a'", "bool");
    says("inputs.limit == null && inputs.limit > 2", &["inputs.limit > 2: `>` does not work on null and an int"]);
    says("inputs.tags.map(inputs, inputs.x)", &["inputs.x: `inputs` is a string and has no `x`"]);
}

#[test]
fn what_fails_for_every_value_is_told_as_the_evaluation_would() {
    says(
        "inputs.count + 'x'",
        &["inputs.count + 'x': `+` does not work on a number and a string (make text of the other value: `string(x)`)"],
    );
    says(
        "inputs.count * '3'",
        &["inputs.count * '3': `*` does not work on a number and a string (write `3` without quotes)"],
    );
    says(
        "!inputs.name",
        &["inputs.name: `inputs.name` is a string, not true or false (compare it with something, like `x == \"yes\"`)"],
    );
    says("inputs.flag > 3", &["inputs.flag > 3: `>` does not work on a bool and an int"]);
    says("inputs.note < 3", &["inputs.note < 3: `<` does not work on a string or null and an int"]);
    says("size(3)", &["3: `3` is an int, which has no size"]);
    says("inputs.count.contains('x')", &["inputs.count: `inputs.count` is a number and has no `contains`"]);
    says("inputs.name.contains(1)", &["1: `1` is an int, not a string"]);
    says("inputs.name.substring('a')", &["'a': `'a'` is a string, not a number"]);
    says("inputs.count.matches('a')", &["inputs.count: `inputs.count` is a number, not a string"]);
    says("timestamp(inputs.flag)", &["timestamp(inputs.flag): a bool cannot be converted to timestamp"]);
    says(
        "timestamp(inputs.name).getHours() + duration('1h').getDate()",
        &["duration('1h'): `duration('1h')` is a duration and has no `getDate`"],
    );
    says("-inputs.name", &["inputs.name: `inputs.name` is a string, not a number"]);
    says("1.5 % 2", &["1.5 % 2: `%` does not work on a double and an int"]);
    says("inputs.conf.prt", &["inputs.conf.prt: no such key `prt` in `inputs.conf` (did you mean `port`?)"]);
    says("inputs.conf['other']", &["inputs.conf['other']: no such key `other` in `inputs.conf` (it has `port`)"]);
    says("inputs.name.first", &["inputs.name.first: `inputs.name` is a string and has no `first`"]);
    says("inputs.name[0]", &["inputs.name[0]: `inputs.name` is a string and has no elements"]);
    says("inputs.tags['a']", &["'a': `'a'` is a string, and the elements of a list have numbers"]);
    says("inputs.conf[1]", &["1: `1` is an int, and the keys of this map are strings"]);
    says("inputs.conf[null]", &["null: `null` is null, which cannot be a key of this map"]);
    says("'x' in inputs.name", &["'x' in inputs.name: `in` does not work on a string and a string"]);
    says("inputs.count.map(x, x)", &["inputs.count: `inputs.count` is a number, not a list or a map"]);
    says(
        "inputs.tags.exists(t, t + 'x')",
        &["t + 'x': `t + 'x'` is a string, not true or false (compare it with something, like `x == \"yes\"`)"],
    );
    says(
        "inputs.count ? 1 : 2",
        &[
            "inputs.count: `inputs.count` is a number, not true or false (compare it with something, like `x == \"yes\"`)",
        ],
    );
    says(
        "inputs.flag && 'x'",
        &["'x': `'x'` is a string, not true or false (compare it with something, like `x == \"yes\"`)"],
    );
    says("{null: 1}", &["null: `null` is null, which cannot be a key"]);
    says("has(inputs.name.x)", &["inputs.name: `inputs.name` is a string, not a map"]);
    says("inputs.name.x.y == null", &["inputs.name.x: `inputs.name` is a string and has no `x`"]);
}

#[test]
fn one_mistake_is_told_once() {
    says(
        "size(inputs.count + 'x') > 'a' + 'b' ? 1 : 2",
        &[
            "size(inputs.count + 'x') > 'a' + 'b': `>` does not work on an int and a string",
            "inputs.count + 'x': `+` does not work on a number and a string (make text of the other value: `string(x)`)",
        ],
    );
    says("(inputs.name - 1) * 2 < 3", &["inputs.name - 1: `-` does not work on a string and an int"]);
}

#[test]
fn comparisons_that_always_give_the_same_are_told() {
    says(
        "inputs.count == '3'",
        &[
            "~ inputs.count == '3': `inputs.count` is a number and `'3'` is a string: this is always false (write `3` without quotes)",
        ],
    );
    says(
        "'true' != inputs.flag",
        &[
            "~ 'true' != inputs.flag: `'true'` is a string and `inputs.flag` is a bool: this is always true (write `true` without quotes)",
        ],
    );
    says(
        "inputs.name == 3",
        &[
            "~ inputs.name == 3: `inputs.name` is a string and `3` is an int: this is always false (write it in quotes: `\"3\"`)",
        ],
    );
    says(
        "inputs.name == null",
        &["~ inputs.name == null: `inputs.name` is a string, never null: this is always false"],
    );
    says(
        "has(inputs.conf.prt)",
        &["~ has(inputs.conf.prt): there is never a key `prt` in `inputs.conf` (did you mean `port`?)"],
    );
    says(
        "inputs.conf.prt != null",
        &["~ inputs.conf.prt != null: there is never a value at `inputs.conf.prt`: this is always false"],
    );
    says(
        "'prt' in inputs.conf",
        &["~ 'prt' in inputs.conf: there is never a key `prt` in `inputs.conf` (did you mean `port`?)"],
    );
    says(
        "1 in inputs.tags",
        &["~ 1 in inputs.tags: `1` is an int and every element is a string: this is always false"],
    );
    says(
        "type(inputs.any) == 'int'",
        &["~ type(inputs.any) == 'int': `type(inputs.any)` is a type and `'int'` is a string: this is always false"],
    );
    gives("inputs.count == 3.0 && inputs.note == 'x' && inputs.any == 1 && inputs.limit != 2", "bool");
}

#[test]
fn words_that_a_value_never_is_are_told_with_the_nearest() {
    says("inputs.size == 'smal'", &["? 'smal': `inputs.size` is never \"smal\" (did you mean \"small\"?)"]);
    says("'medium' != inputs.size", &["? 'medium': `inputs.size` is never \"medium\" (it is \"large\" or \"small\")"]);
    says("inputs.size in ['small', 'larg']", &["? 'larg': `inputs.size` is never \"larg\" (did you mean \"large\"?)"]);
    says(
        "'x' in [inputs.size]",
        &["? 'x': an element of `[inputs.size]` is never \"x\" (it is \"large\" or \"small\")"],
    );
    gives("inputs.size == 'small' || inputs.size in ['large']", "bool");
    says(
        "inputs.size == 'larger_one'",
        &["? 'larger_one': `inputs.size` is never \"larger_one\" (did you mean \"large\"?)"],
    );
    gives("inputs.name == 'smal'", "bool");
}

#[test]
fn types_of_two_values_hold_both() {
    let check = |a: Json, b: Json, expect: &str| {
        let ty = Type::of_json(&a).or(Type::of_json(&b));
        assert_eq!(ty.to_string(), expect);
        assert!(ty.admits(&a) && ty.admits(&b), "{ty}");
    };
    check(json!(1), json!("a"), "number or \"a\"");
    check(json!("a"), json!("b"), "\"a\" | \"b\"");
    check(json!({"a": 1}), json!({"b": null}), "{a?: number, b?: null}");
    check(json!({"a": 1}), json!({"a": "x"}), "{a: number or \"x\"}");
    check(json!([1]), json!(["x", null]), "list of number or \"x\" or null");
    check(json!([]), json!(null), "list or null");
}

#[test]
fn hostile_expressions_are_checked_within_bounds() {
    let names = names();
    let check = |source: String| {
        let cel = Cel::new(source);
        cel.check().unwrap();
        assert!(cel.check_types(&names).ty.size <= 2 * MAX_SIZE);
    };
    // Every round holds the one before it twice.
    check(format!("[1]{}", ".map(v, {'a': v, 'b': v})".repeat(100)));
    let fields: Vec<String> = (0..150).map(|n| format!("{{'k{n}': [inputs]}}")).collect();
    check(format!("[{}]", fields.join(",")));
    let parts: Vec<String> = (0..160).map(|n| format!("inputs.any == '{n}'")).collect();
    check(parts.join(" && "));
    check(parts.join(" || "));
}

// ---- the promises, held against the evaluation ----

/// A type, and values of it.
fn declared() -> impl Strategy<Value = (Type, Json)> {
    let pool: Vec<(Json, Vec<Json>)> = vec![
        (json!({"type": "string"}), vec![json!("a"), json!("12"), json!("")]),
        (json!({"enum": ["a", "b"]}), vec![json!("a"), json!("b")]),
        (json!({"type": "integer"}), vec![json!(0), json!(-3), json!(2.0), json!(u64::MAX)]),
        (json!({"type": "number"}), vec![json!(0.5), json!(1)]),
        (json!({"type": "boolean"}), vec![json!(true), json!(false)]),
        (json!({"type": ["string", "null"]}), vec![json!(null), json!("b")]),
        (json!({"type": ["integer", "string"]}), vec![json!(1), json!("1")]),
        (json!({"type": "null"}), vec![json!(null)]),
        (json!({"type": "array", "items": {"type": "string"}}), vec![json!([]), json!(["a"]), json!(["b", "c"])]),
        (json!({"type": "array"}), vec![json!([1, "a", null]), json!([[1]])]),
        (
            json!({"type": "object", "properties": {"k": {"type": "integer"}, "m": {"type": "string"}}, "required": ["k"], "additionalProperties": false}),
            vec![json!({"k": 1}), json!({"k": 0, "m": "a"})],
        ),
        (
            json!({"type": ["object", "null"], "properties": {"k": {"type": "boolean"}}}),
            vec![json!({}), json!({"k": true, "x": 1}), json!(null)],
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "number"}}),
            vec![json!({}), json!({"k": 2, "a": 0.5})],
        ),
        (json!({}), vec![json!(1), json!("a"), json!({"k": {"m": [1]}}), json!([true])]),
    ];
    select(pool).prop_flat_map(|(schema, values)| (Just(Type::of_schema(&schema)), select(values)))
}

/// Names of such types, and values for them.
fn world() -> impl Strategy<Value = (BTreeMap<String, Type>, Scope)> {
    (declared(), declared(), declared()).prop_map(|(a, b, k)| {
        let pairs =
            [("a", a), ("b", b), ("o", (Type::object([("k", Field::sure(k.0))], OtherKeys::None), json!({"k": k.1})))];
        let types = pairs.iter().map(|(name, (ty, _))| ((*name).to_owned(), ty.clone())).collect();
        let values = pairs.into_iter().map(|(name, (_, value))| (name.to_owned(), value)).collect();
        (types, values)
    })
}

/// A test of a path, and what is done with the path where the test decides.
fn guarded() -> impl Strategy<Value = String> {
    const PATHS: &[&str] = &["a", "b", "o.k", "a.k", "x"];
    const TESTS: &[&str] = &[
        "P == null",
        "P != null",
        "!(P == null)",
        "P == 'a'",
        "P != 1",
        "type(P) == string",
        "type(P) != int",
        "P in ['a', null]",
        "(P != null && P != 'a')",
        "(P == null || P == 1)",
        "(P != null && b == 'a')",
        "(P == null || b == 'a')",
    ];
    const USES: &[&str] =
        &["P + 1", "P + 'a'", "size(P)", "P.trim()", "P.k", "P == 'z'", "P == null", "P > 1", "-P", "P[0]", "P"];
    const FORMS: &[&str] = &[
        "(T ? U : V)",
        "(T && U == V)",
        "(T || U == V)",
        "[o.k].map(P, T ? U : V)",
        "(T ? [1, 'a', null].map(P, U) : V)",
        "(T ? [1, 'a', null].map(x, U) : V)",
        "[1, 'a', null].map(x, T, U)",
        "(U == V && T)",
    ];
    (select(PATHS), select(TESTS), select(USES), select(USES), select(FORMS)).prop_map(
        |(path, test, one, other, form)| {
            form.replace('T', test).replace('U', one).replace('V', other).replace('P', path)
        },
    )
}

fn expression() -> impl Strategy<Value = String> {
    const LEAVES: &[&str] = &[
        "a",
        "b",
        "o",
        "o.k",
        "a.k",
        "b['m']",
        "a[0]",
        "x",
        "o.k.k",
        "1",
        "0u",
        "1.5",
        "'a'",
        "'12'",
        "true",
        "null",
        "[]",
        "['a', b]",
        "{'k': a, 'z': 1}",
        "{1: b}",
        "{b: a}",
        "duration('1h')",
        "timestamp('2024-01-01T00:00:00Z')",
    ];
    const BINARY: &[&str] = &["+", "-", "*", "/", "%", "==", "==", "!=", "<", ">=", "&&", "||", " in "];
    const FUNCTIONS: &[&str] = &[
        "size(#)",
        "string(#)",
        "int(#)",
        "double(#)",
        "bool(#)",
        "uint(#)",
        "timestamp(#)",
        "duration(#)",
        "type(#)",
        "type(#) == string",
        "type(#) == int",
        "#.trim()",
        "#.split('a')",
        "#.join()",
        "#.getHours()",
        "#.getDate()",
        "#.matches('a')",
        "#.substring(0)",
        "dyn(#)",
        "has(#.k)",
        "# == null",
        "# != null",
        "#.k",
        "#['k']",
        "#[0]",
        "#[1]",
        "# == 'a'",
        "# == 'z'",
        "# in ['a', 'z']",
        "'k' in #",
        "# == 1",
        "!#",
        "-#",
    ];
    const TERNARY: &[&str] = &[
        "# ? # : #",
        "#.substring(#, #)",
        "#.replace(#, #)",
        "#.map(x, #, #)",
        "[#, #, #]",
        "# && # && #",
        "# || # || #",
    ];
    const LOOPS: &[&str] = &[
        "#.map(x, #)",
        "#.filter(x, #)",
        "#.all(x, #)",
        "#.exists(a, #)",
        "#.contains(#)",
        "#.indexOf(#)",
        "#[#]",
        "{#: #}",
    ];
    let fill = |form: &str, parts: Vec<String>| {
        let mut parts = parts.into_iter();
        form.split_inclusive('#')
            .map(|piece| match piece.strip_suffix('#') {
                Some(before) => format!("{before}({})", parts.next().unwrap_or_default()),
                None => piece.to_owned(),
            })
            .collect::<String>()
    };
    let leaf = prop_oneof![3 => select(LEAVES).prop_map(str::to_owned), 1 => guarded()];
    leaf.prop_recursive(4, 20, 3, move |inner| {
        prop_oneof![
            3 => (inner.clone(), select(BINARY), inner.clone()).prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})")),
            3 => (select(FUNCTIONS), inner.clone()).prop_map(move |(form, a)| fill(form, vec![a])),
            2 => (select(TERNARY), inner.clone(), inner.clone(), inner.clone()).prop_map(move |(form, a, b, c)| fill(form, vec![a, b, c])),
            2 => (select(LOOPS), inner.clone(), inner).prop_map(move |(form, a, b)| fill(form, vec![a, b])),
        ]
    })
    // `(a)` in brackets is no path to `has`.
    .prop_map(|source| source.replace("has((", "has(").replace(").k)", ".k)"))
}

/// The value of a part where its names mean what they mean in `scope`.
fn value_of(node: &Node, scope: &Scope) -> Result<Json, ()> {
    let budget = &mut Budget::new();
    eval::eval(node, "", scope, budget).and_then(|value| value.to_json(budget)).map_err(|_| ())
}

fn truth_of(node: &Node, scope: &Scope) -> Result<bool, ()> {
    match eval::eval(node, "", scope, &mut Budget::new()) {
        Ok(value::Value::Bool(value)) => Ok(value),
        _ => Err(()),
    }
}

/// Every evaluation of a part that an evaluation of `node` makes, and some more in loops.
fn walk<'a>(node: &'a Node, scope: &Scope, see: &mut dyn FnMut(&'a Node, &Scope)) {
    see(node, scope);
    match &node.kind {
        Kind::And(parts) | Kind::Or(parts) => {
            let deciding = matches!(node.kind, Kind::Or(_));
            for part in parts {
                walk(part, scope, see);
                if truth_of(part, scope) == Ok(deciding) {
                    return;
                }
            }
        }
        Kind::Conditional(parts) => {
            walk(&parts[0], scope, see);
            match truth_of(&parts[0], scope) {
                Ok(true) => walk(&parts[1], scope, see),
                Ok(false) => walk(&parts[2], scope, see),
                Err(()) => {}
            }
        }
        Kind::Loop(it) => {
            walk(&it.range, scope, see);
            // What JSON cannot hold is out of this walk's reach.
            let range = eval::eval(&it.range, "", scope, &mut Budget::new()).ok().filter(is_json);
            let items: Vec<Json> = match range.and_then(|range| range.to_json(&mut Budget::new()).ok()) {
                Some(Json::Array(items)) => items,
                Some(Json::Object(map)) => map.keys().map(|key| json!(key)).collect(),
                _ => return,
            };
            for item in items {
                let mut scope = scope.clone();
                scope.insert(it.variable.clone(), item);
                if let Some(filter) = &it.filter {
                    walk(filter, &scope, see);
                    if truth_of(filter, &scope) != Ok(true) {
                        continue;
                    }
                }
                walk(&it.body, &scope, see);
            }
        }
        Kind::Has(..) | Kind::NullTest(..) => {}
        _ => node.parts().into_iter().for_each(|part| walk(part, scope, see)),
    }
}

/// Whether a value is the same after it was written as JSON and read again.
fn is_json(value: &value::Value<'_>) -> bool {
    use value::Value;
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_) => true,
        Value::Double(value) => value.is_finite(),
        Value::Uint(value) => i64::try_from(*value).is_err(),
        Value::List(items) => items.iter().all(|item| is_json(&item)),
        Value::Map(map) => {
            map.names().len() == map.len()
                && map.names().iter().filter_map(|name| map.field(name)).all(|item| is_json(&item))
        }
        Value::Timestamp(_) | Value::Duration(_) | Value::Type(_) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_type_holds_every_value_and_what_is_told_holds_in_every_evaluation((names, scope) in world(), source in expression()) {
        let Ok(node) = parse(&source) else { return Ok(()) };
        let typed = check(&node, &source, &names);
        if let Ok(value) = value_of(&node, &scope) {
            prop_assert!(typed.ty.admits(&value), "{} is {}, not {}", source, value, typed.ty);
            prop_assert!(typed.ty.as_json().admits(&value), "{} is {}, not {}", source, value, typed.ty.as_json());
        }
        for problem in &typed.problems {
            let mut wrong = None;
            walk(&node, &scope, &mut |part, scope| {
                if part.span != problem.part {
                    return;
                }
                let holds = match problem.kind {
                    TypeProblemKind::Fails if problem.as_condition => truth_of(part, scope).is_err(),
                    TypeProblemKind::Fails => eval::eval(part, "", scope, &mut Budget::new()).is_err(),
                    // A word of a list behind `in`.
                    TypeProblemKind::UnknownWord { .. } if matches!(part.kind, Kind::Text(_)) => true,
                    TypeProblemKind::Constant(gives) | TypeProblemKind::UnknownWord { gives, .. } => {
                        truth_of(part, scope) != Ok(!gives)
                    }
                };
                if !holds {
                    wrong = Some(format!("{:?}", value_of(part, scope)));
                }
            });
            prop_assert!(wrong.is_none(), "{}: {:?} gives {:?}", source, problem, wrong);
        }
    }
}
