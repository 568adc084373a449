//! What is said about an expression without running it, held against what it gives when it runs.

use std::collections::BTreeMap;

use loopline_core::expr::{Atom, Cel, Field, OtherKeys, Scope, Type};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

const NAMES: &[&str] = &["a", "b", "c.d"];

/// Values, so that two of them are often equal and often of different types.
fn value() -> impl Strategy<Value = Json> {
    select(vec![
        json!(true),
        json!(false),
        json!(null),
        json!(0),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!("x"),
        json!("y"),
        json!(["x"]),
        json!({"d": 1}),
    ])
}

fn scope() -> impl Strategy<Value = Scope> {
    (value(), value(), value(), any::<bool>()).prop_map(|(a, b, d, there)| {
        let c = if there { json!({"d": d}) } else { json!({}) };
        Scope::from_iter([("a".to_owned(), a), ("b".to_owned(), b), ("c".to_owned(), c)])
    })
}

fn operand() -> impl Strategy<Value = String> {
    const LITERALS: &[&str] =
        &["true", "false", "null", "0", "1", "1u", "1.0", "1.5", "'x'", "\"y\"", "['x']", "[1, b]", "{'d': 1}"];
    let leaf = prop_oneof![3 => select(NAMES), 2 => select(LITERALS)].prop_map(str::to_owned);
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), select(&["+", "-", "*", "/"]), inner.clone())
                .prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            inner.clone().prop_map(|a| format!("[{a}].map(x, x)[0]")),
            inner.prop_map(|a| format!("size({a})")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
    let leaf = prop_oneof![
        4 => (operand(), select(COMPARISONS), operand()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        2 => (operand(), operand(), operand()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        2 => select(NAMES).prop_map(str::to_owned),
        1 => Just("has(c.d)".to_owned()),
        1 => (operand(), operand()).prop_map(|(a, b)| format!("{a} in {b}")),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), any::<bool>()).prop_map(|(a, b)| format!("({a}) == {b}")),
        ]
    })
}

/// The answer to an atom's question; none where it cannot be asked.
fn holds(atom: &Atom, scope: &Scope) -> Option<bool> {
    Cel::new(format!("{} == {}", atom.subject, atom.equals)).eval_bool(scope).ok()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn a_formula_gives_what_its_condition_gives(source in condition(), scope in scope()) {
        let formula = Cel::new(&source).normal_form();
        let Ok(expect) = Cel::new(&source).eval_bool(&scope) else { return Ok(()) };
        prop_assert_eq!(formula.value(&|atom| holds(atom, &scope)), Some(expect), "{} as {}", source, formula);
        let read_again = Cel::new(formula.to_string()).eval_bool(&scope);
        prop_assert!(read_again.is_err() || read_again == Ok(expect), "{} as {}", source, formula);
    }

    #[test]
    fn a_formula_over_declared_names_gives_what_its_condition_gives(
        source in condition(),
        a in any::<bool>(),
        b in select(&["x", "y"]),
        d in select(&["x", "y", "z"]),
    ) {
        let names = BTreeMap::from([
            ("a".to_owned(), Type::bool()),
            ("b".to_owned(), Type::words(["x", "y"])),
            ("c".to_owned(), Type::object([("d", Field::sure(Type::words(["x", "y", "z"])))], OtherKeys::None)),
        ]);
        let scope = Scope::from_iter([("a".to_owned(), json!(a)), ("b".to_owned(), json!(b)), ("c".to_owned(), json!({"d": d}))]);
        let formula = Cel::new(&source).normal_form_with(&names);
        let Ok(expect) = Cel::new(&source).eval_bool(&scope) else { return Ok(()) };
        prop_assert_eq!(formula.value(&|atom| holds(atom, &scope)), Some(expect), "{} as {}", source, formula);
    }

    #[test]
    fn atoms_that_exclude_each_other_never_hold_together(a in condition(), b in condition(), scope in scope()) {
        let (a, b) = (Cel::new(a).normal_form(), Cel::new(b).normal_form());
        for one in a.atoms() {
            for other in b.atoms() {
                prop_assert!(!one.excludes(other) || holds(one, &scope) != Some(true) || holds(other, &scope) != Some(true), "{} and {}", one, other);
            }
        }
    }

    #[test]
    fn a_formula_is_its_own_normal_form(source in condition()) {
        let formula = Cel::new(&source).normal_form();
        prop_assert_eq!(&Cel::new(formula.to_string()).normal_form(), &formula, "{}", source);
        prop_assert_eq!(formula.clone().negated().negated(), formula);
    }
}
