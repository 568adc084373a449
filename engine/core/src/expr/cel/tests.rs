#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn scope() -> Scope {
    let json = json!({
        "inputs": {"service": "api", "replicas": 3, "ratio": 1.5, "big": 18_446_744_073_709_551_615_u64, "tags": ["a", "b"],
                   "deep": {"x": {"y": null}}, "when": "2024-03-01T10:00:00Z", "none": null},
        "steps": {"build": {"status": "succeeded", "outputs": {"version": "1.2.3", "count": 7}},
                  "gone": {"status": "skipped", "outputs": null}},
        "previous": {"a": null},
        "item": {"os": "linux"},
    });
    match json {
        Json::Object(map) => map,
        _ => unreachable!(),
    }
}

fn check(source: &str, expect: Json) {
    match Cel::new(source).eval(&scope()) {
        Ok(value) => assert_eq!(value, expect, "{source}"),
        Err(error) => panic!("{source}: {error:?}"),
    }
}

fn fails(source: &str, expect: &str) {
    match Cel::new(source).eval(&scope()) {
        Ok(value) => panic!("{source} gave {value}"),
        Err(error) => assert_eq!(error.message, expect, "{source}"),
    }
}

/// The references as `path` (guarded ones in brackets) and the text they stand on.
fn reads(source: &str, expect: &[&str]) {
    let found: Vec<_> = Cel::new(source)
        .references()
        .unwrap()
        .into_iter()
        .map(|reference| {
            let path = reference.path.join(".");
            let text = &source[reference.span];
            let path = if reference.guarded { format!("[{path}]") } else { path };
            if text == path.trim_matches(['[', ']']) { path } else { format!("{path} @ {text}") }
        })
        .collect();
    assert_eq!(found, expect, "{source}");
}

#[test]
fn literals_and_operators_follow_cel() {
    check("1 + 2 * 3 - 4 / 2 % 2", json!(7));
    check("-7 / 2", json!(-3));
    check("-7 % 3", json!(-1));
    check("1.0 / 4.0", json!(0.25));
    check("0x1F", json!(31));
    check("'a' + \"b\" + r'\\n'", json!("ab\\n"));
    check("'\\u00e9\\n'", json!("é\n"));
    check("[1, 2] + [3]", json!([1, 2, 3]));
    check("{'a': 1, 'b': [true, null]}", json!({"a": 1, "b": [true, null]}));
    check("{1: 'a'}[1]", json!("a"));
    check("!true || false", json!(false));
    check("!!true", json!(true));
    check("!!!true", json!(false));
    check("--1 - -1 + ---1", json!(1));
    check("-9223372036854775808", json!(i64::MIN));
    check("[1, 2,].size() + {'a': 1,}.size()", json!(3));
    check("2 - 1 - 1 == 0 && 8 / 2 / 2 == 2 && 1 + 1 == 2 == true", json!(true));
    check("false ? 1 : true ? 2 : 3", json!(2));
    check("true || false && false", json!(true));
    check("1 < 2 ? 'yes' : 'no'", json!("yes"));
    check("'b' in ['a', 'b'] && 'service' in inputs && !('x' in inputs)", json!(true));
    check("'abc' < 'abd' && 'Z' < 'a' && false < true", json!(true));
    check("[1, [2]] == [1, [2]] && {'a': 1} == {'a': 1} && {'a': 1} != {'a': 2}", json!(true));
    check("'1' == 1 || null == false || [] == {}", json!(false));
    check("null == null", json!(true));
}

#[test]
fn numbers_of_all_types_compare_and_compute_together() {
    check("inputs.replicas == 3.0 && inputs.ratio < 2 && 2u > 1.5", json!(true));
    check("inputs.ratio * 2", json!(3.0));
    check("inputs.replicas + 0.5", json!(3.5));
    check("inputs.big > inputs.replicas && inputs.big == 18446744073709551615u", json!(true));
    check("inputs.big", json!(18_446_744_073_709_551_615_u64));
    check("9007199254740993 == 9007199254740992.0", json!(false));
    check("1 in [1.0]", json!(true));
}

#[test]
fn arithmetic_that_cannot_be_done_is_an_error() {
    fails("1 / 0", "division by zero");
    fails("1 % 0", "division by zero");
    fails("-9223372036854775808 - 1", "the result is out of the range of whole numbers");
    fails("18446744073709551615u + 1u", "the result is out of the range of whole numbers");
    fails("-(-9223372036854775808) * 100", "the result is out of the range of whole numbers");
    fails("1.0 / 0.0", "the result inf is not a number");
    fails("0.0 / 0.0", "the result NaN is not a number");
    fails("1 + 'a'", "`+` does not work on an int and a string");
    fails("'a' < 1", "`<` does not work on a string and an int");
    fails("1.5 % 1.0", "`%` does not work on a double and a double");
    fails("99999999999999999999", "`99999999999999999999` is out of range");
}

#[test]
fn a_step_that_has_succeeded_has_its_outputs() {
    reads(
        "steps.a.status == 'succeeded' ? steps.a.outputs.v : steps.a.outputs.w",
        &["steps.a.status", "[steps.a.outputs.v]", "steps.a.outputs.w"],
    );
    reads("'succeeded' != steps.a.status || steps.a.outputs.v > 1", &["steps.a.status", "[steps.a.outputs.v]"]);
    reads("steps.a.status == 'failed' && steps.a.outputs.v > 1", &["steps.a.status", "steps.a.outputs.v"]);
}

#[test]
fn one_side_of_and_and_or_may_decide_alone() {
    check("inputs.nope == 1 || true", json!(true));
    check("true || inputs.nope == 1", json!(true));
    check("inputs.nope == 1 && false", json!(false));
    check("1 && false", json!(false));
    fails("inputs.nope && true", "no such key `nope` in `inputs`");
    fails("inputs.nope || false", "no such key `nope` in `inputs`");
    fails("1 && true", "`1` is an int, not true or false");
    fails("'x' ? 1 : 2", "`'x'` is a string, not true or false");
}

#[test]
fn a_missing_key_is_named_with_what_is_there() {
    let error = Cel::new("steps.build.outputs.versio == '1'").eval(&scope()).unwrap_err();
    assert_eq!(error.message, "no such key `versio` in `steps.build.outputs`");
    assert_eq!(error.help.as_deref(), Some("did you mean `version`?"));
    assert_eq!(error.span, Some(0..26));
    let error = Cel::new("inputs.deep.other").eval(&scope()).unwrap_err();
    assert_eq!(error.help.as_deref(), Some("it has `x`"));
    fails("nothing.a", "there is no name `nothing` here");
    fails("steps.gone.outputs.v", "`steps.gone.outputs` is null and has no `v`");
    fails("inputs.service.x", "`inputs.service` is a string and has no `x`");
    fails("inputs.tags[2]", "there is no element 2 in `inputs.tags`, which has 2");
    fails("inputs.tags[-1]", "there is no element -1 in `inputs.tags`, which has 2");
    fails("inputs.tags['a']", "`'a'` is a string, and the elements of a list have numbers");
    fails("inputs['a' + 'b']", "no such key `ab` in `inputs`");
}

#[test]
fn asking_whether_something_is_there_is_never_an_error_of_a_missing_part() {
    check("has(inputs.service)", json!(true));
    check("has(inputs.nope)", json!(false));
    check("has(steps.gone.outputs.v)", json!(false));
    check("has(steps.never.outputs.v)", json!(false));
    check("has(previous.a.status)", json!(false));
    check("has(steps['build'].outputs['version'])", json!(true));
    check("previous.a == null", json!(true));
    check("previous.a != null && previous.a.status == 'failed'", json!(false));
    check("steps.never.outputs == null", json!(true));
    check("null != inputs.service", json!(true));
    check("inputs.tags[5] == null", json!(true));
    fails("has(inputs.service.x)", "`inputs.service` is a string, not a map");
}

#[test]
fn loops_follow_cel() {
    check("[1, 2, 3].map(x, x * 2)", json!([2, 4, 6]));
    check("[1, 2, 3].map(x, x > 1, x * 2)", json!([4, 6]));
    check("[1, 2, 3].filter(x, x % 2 == 1)", json!([1, 3]));
    check("[1, 2, 3].all(x, x > 0)", json!(true));
    check("[1, 2, 3].exists(x, x > 2)", json!(true));
    check("[1, 2, 2].exists_one(x, x == 2)", json!(false));
    check("inputs.tags.map(t, t + '-' + inputs.service)", json!(["a-api", "b-api"]));
    check("{'b': 1, 'a': 2}.map(k, k)", json!(["a", "b"]));
    check("inputs.deep.all(k, k == 'x')", json!(true));
    check("[[1], [2, 3]].map(x, x.map(y, y + 1))", json!([[2], [3, 4]]));
    check("[1].map(inputs, inputs + 1)", json!([2]));
    check("[{'a': 1}, {}].exists(x, x.a == 1)", json!(true));
    check("[{}, {'a': 1}].exists(x, x.a == 1)", json!(true));
    check("[{}, {'a': 2}].all(x, x.a == 1)", json!(false));
    fails("[{}, {'a': 1}].all(x, x.a == 1)", "no such key `a` in `x`");
    fails("[1].filter(x, x)", "`x` is an int, not true or false");
    fails("1.0.map(x, x)", "`1.0` is a double, not a list or a map");
}

#[test]
fn maps_of_the_scope_are_walked_in_the_order_of_their_keys() {
    let mut inner = serde_json::Map::new();
    for key in ["z", "m", "a"] {
        inner.insert(key.to_owned(), json!(1));
    }
    let mut scope = Scope::new();
    scope.insert("m".to_owned(), Json::Object(inner));
    assert_eq!(Cel::new("m.map(k, k)").eval(&scope).unwrap(), json!(["a", "m", "z"]));
}

#[test]
fn text_functions_do_what_their_names_say() {
    check("size('é') + size([1, 2]) + 'abc'.size() + size({'a': 1})", json!(7));
    check("'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')", json!(true));
    check("'v1.2.3'.matches('^v[0-9]+\\\\.') && matches('abc', 'b')", json!(true));
    check("inputs.service.matches(inputs.service + '$')", json!(true));
    check("' aBc '.trim().lowerAscii() + 'x'.upperAscii()", json!("abcX"));
    check("'a-b-c'.replace('-', '.')", json!("a.b.c"));
    check("'a,b'.split(',')", json!(["a", "b"]));
    check("['a', 'b'].join('/') + ['a', 'b'].join()", json!("a/bab"));
    check("'abcdef'.substring(2) + 'abcdef'.substring(1, 2)", json!("cdefb"));
    check("'abc'.indexOf('c')", json!(2));
    fails("'abc'.substring(4)", "there is no position 4 in a string of 3 characters");
    fails("[1].join()", "`[1]` is a list with an int in it: only strings can be joined");
    fails("inputs.replicas.contains('x')", "`inputs.replicas` is an int and has no `contains`");
    fails("'a'.contains(1)", "`1` is an int, not a string");
    fails("'a'.matches(inputs.service + '(')", "not a regular expression: unclosed group");
}

#[test]
fn conversions_follow_cel() {
    check("int('42') + int(2.9) + int('-1')", json!(43));
    check("uint(3)", json!(3));
    check("double('1.5') + double(1)", json!(2.5));
    check("string(1) + string(true) + string(1.5)", json!("1true1.5"));
    check("bool('true') && !bool('false')", json!(true));
    check("type(1) == int && type('a') == string && type(null) == null_type", json!(true));
    check("[1, 'a'].filter(x, type(x) == int)", json!([1]));
    fails("int('x')", "\"x\" cannot be converted to int");
    fails("uint(-1)", "an int cannot be converted to uint");
    fails("string(null)", "null cannot be converted to string");
    fails("bool('maybe')", "\"maybe\" cannot be converted to bool");
}

#[test]
fn moments_are_computed_in_utc() {
    check("timestamp(inputs.when) + duration('1h30m')", json!("2024-03-01T11:30:00Z"));
    check("timestamp('2024-03-01T12:00:00+02:00') == timestamp(inputs.when)", json!(true));
    check("timestamp(inputs.when) - duration('1d') < timestamp(inputs.when)", json!(true));
    check("timestamp(inputs.when) - timestamp('2024-03-01T09:00:00Z')", json!("3600s"));
    check("timestamp(inputs.when).getHours() + timestamp(inputs.when).getDayOfWeek()", json!(15));
    check("duration('90m').getHours()", json!(1));
    check("string(duration('1500ms'))", json!("1.5s"));
    fails("timestamp('yesterday')", "\"yesterday\" cannot be converted to timestamp");
    fails("timestamp('9999-12-01T00:00:00Z') + duration('1000d')", "the time is out of range");
}

#[test]
fn what_is_not_an_expression_is_refused_with_a_next_move() {
    let check = |source: &str, message: &str, help: Option<&str>| {
        let error = Cel::new(source).check().unwrap_err();
        assert_eq!((error.message.as_str(), error.help.as_deref()), (message, help), "{source}");
    };
    check("a and b", "`and` is not expected here", Some("write `&&`"));
    check("a = b", "`=` is not an operator", Some("compare with `==`"));
    check("a +", "the expression ends too early", Some("something is missing at the end"));
    check("sze(a)", "there is no function `sze`", Some("did you mean `size`?"));
    check(
        "now()",
        "there is no function `now`",
        Some("there is no clock in an expression; `run.created_at` is when the run began"),
    );
    check("contains(a, b)", "`contains` is called on a value", Some("write `x.contains(…)`"));
    check("a.int()", "`int` is not called on a value", Some("write `int(x)`"));
    check("size(a, b)", "`size` takes one argument, not 2", None);
    check("a.trim(1)", "`trim` takes no argument, not 1", None);
    check("has(a)", "`has` asks for a field", Some("write `has(x.y)`, or `\"y\" in x`"));
    check("a.map(b)", "`map` takes a name and an expression", Some("write `list.map(x, …)`"));
    check("a.all(1, true)", "the first argument of `all` is a name for the element", Some("write `list.all(x, …)`"));
    check("a.matches('(')", "not a regular expression: unclosed group", None);
    check("b'x'", "bytes are not supported", Some("use a string"));
    check("Msg{a: 1}", "there is no message type `Msg`", Some("a map is written `{\"key\": value}`"));
    check(
        "a.?b",
        "`?` is not expected here",
        Some("a condition is written `test ? yes : no`; is a value there: `has(x.y)`"),
    );
    check(".a", "a name cannot begin with a dot", Some("leave the dot out"));
    check("'\\q'", "this escape has no meaning", Some("a backslash itself is written `\\\\`, or the string as r\"…\""));
    check("(a + 1", "`(` is not closed", Some("a `)` is missing"));
    check("a[1, 2]", "`,` is not expected here", None);
    check("a ? b", "the expression ends too early", Some("something is missing at the end"));
    check("99999999999999999999", "`99999999999999999999` is out of range", None);
    check("if", "`if` is a reserved word", None);
}

#[test]
fn errors_of_the_syntax_have_their_place() {
    let check = |source: &str, expect: &str| {
        let error = Cel::new(source).check().unwrap_err();
        assert_eq!(&source[error.span.unwrap()], expect, "{source}");
    };
    check("1 +\n  2 3", "3");
    check("'é' 'ü'", "'ü'");
    check("a.trim(\n1)", "trim");
    check("a && foo(b)", "foo");
}

#[test]
fn references_are_the_free_names_with_their_places() {
    reads("steps.a.outputs.v == inputs.x", &["steps.a.outputs.v", "inputs.x"]);
    reads("steps[\"a\"].outputs", &["steps.a.outputs @ steps[\"a\"].outputs"]);
    reads("steps[inputs.x].outputs", &["steps", "inputs.x"]);
    reads("inputs.tags[0].a", &["inputs.tags"]);
    reads("inputs.tags.map(t, t.x + env.A)", &["inputs.tags", "env.A"]);
    reads("inputs.tags.map(inputs, inputs.y)", &["inputs.tags"]);
    reads("size(run.id) > 3 ? [item.os] : {'a': event}", &["run.id", "item.os", "event"]);
    reads("inputs.name.matches('x')", &["inputs.name"]);
    reads("inputs . name", &["inputs.name @ inputs . name"]);
}

#[test]
fn references_behind_a_guard_are_known() {
    reads("has(steps.a.outputs.v)", &["[steps.a.outputs.v]"]);
    reads("has(a.b) ? a.b : c", &["[a.b]", "[a.b]", "c"]);
    reads("has(a.b) ? c : a.b", &["[a.b]", "c", "a.b"]);
    reads("!has(a.b) ? c : a.b", &["[a.b]", "c", "[a.b]"]);
    reads("has(a.b) && a.b.c == 1", &["[a.b]", "[a.b.c]"]);
    reads("a.b == null || a.b.c", &["[a.b]", "[a.b.c]"]);
    reads("a.b == null ? c : a.b.d", &["[a.b]", "c", "[a.b.d]"]);
    reads("previous.a != null && previous.a.status == 'x'", &["[previous.a]", "[previous.a.status]"]);
    reads("(a.x != null && b.x != null) ? a.x + b.x : 0", &["[a.x]", "[b.x]", "[a.x]", "[b.x]"]);
    reads("(a.x != null || b.x != null) ? a.x : 0", &["[a.x]", "[b.x]", "a.x"]);
    reads("'v' in a.outputs ? a.outputs.v : ''", &["a.outputs", "[a.outputs.v]"]);
    reads("a.b != 1 && a.b.c", &["a.b", "a.b.c"]);
    reads("has(a.b) || a.b", &["[a.b]", "a.b"]);
}

#[test]
fn a_condition_must_be_true_or_false() {
    assert!(Cel::new("inputs.replicas > 1").eval_bool(&scope()).unwrap());
    let error = Cel::new("inputs.service").eval_bool(&scope()).unwrap_err();
    assert_eq!(error.message, "the result is a string, not true or false");
}

#[test]
fn an_expression_is_stored_as_its_text_and_compiles_again() {
    let cel: Cel = serde_json::from_str("\"1 + 1\"").unwrap();
    assert_eq!(cel.eval(&Scope::new()).unwrap(), json!(2));
    assert_eq!(serde_json::to_string(&cel).unwrap(), "\"1 + 1\"");
    assert_eq!(cel, Cel::new("1 + 1"));
}

#[test]
fn depth_is_bounded_along_a_path_and_not_in_breadth() {
    let accepted = |source: String| Cel::new(source).check().unwrap();
    accepted(vec!["a"; 1000].join("&&"));
    accepted(format!("[{}]", vec!["a+b"; 900].join(",")));
    accepted(format!("{}1{}", "(".repeat(32), ")".repeat(32)));
    accepted(vec!["'a'"; 150].join("+"));
    accepted("!".repeat(4000) + "a");
    let refused = |source: String| {
        assert_eq!(Cel::new(source).check().unwrap_err().message, "the expression is nested or chained too deeply");
    };
    refused(vec!["1"; 2000].join("+"));
    refused(vec!["a"; 2000].join("."));
    refused(format!("{}1{}", "(".repeat(33), ")".repeat(33)));
    refused(format!("{}1{}", "a[".repeat(33), "]".repeat(33)));
    refused(format!("{}c", "a?b:".repeat(40)));
    let loops = format!("{}x{}", "a.map(x, ".repeat(5), ")".repeat(5));
    assert_eq!(Cel::new(loops).check().unwrap_err().message, "more than 4 loops stand inside one another");
}

fn means(source: &str, expect: &str) {
    assert_eq!(Cel::new(source).normal_form().to_string(), expect, "{source}");
}

#[test]
fn conditions_that_ask_the_same_have_one_formula() {
    means(" ( inputs.a ) ", "inputs.a");
    means("inputs['a'] == true", "inputs.a");
    means("!!inputs.a", "inputs.a");
    means("inputs.a != true", "!(inputs.a)");
    means("'x' == inputs.a", "inputs.a == \"x\"");
    means("inputs.a != 'x'", "!(inputs.a == \"x\")");
    means("inputs.a == 1.0", "inputs.a == 1");
    means("1u != inputs.a", "!(inputs.a == 1)");
    means("inputs.b == inputs.a", "inputs.a == inputs.b");
    means("inputs.a > 3", "3 < inputs.a");
    means("inputs.a <= 3", "!(3 < inputs.a)");
    means("!(inputs.a < inputs.b)", "!(inputs.a < inputs.b)");
    means("inputs.a >= inputs.b", "!(inputs.a < inputs.b)");
    means("size(inputs.a) + 1 >= 2", "!(size(inputs.a) + 1 < 2)");
    means("inputs.a != null", "!(inputs.a == null)");
    means("inputs.a in ['x', 'y']", "inputs.a == \"x\" || inputs.a == \"y\"");
    means("inputs.a in []", "false");
    means("inputs.a in inputs.b", "inputs.a in inputs.b");
    means("inputs.a ? true : false", "inputs.a");
    means("inputs.a ? false : true", "!(inputs.a)");
    means("inputs.a ? inputs.b : inputs.c", "inputs.a && inputs.b || inputs.c && !(inputs.a)");
    means("true ? inputs.a : inputs.b", "inputs.a");
    means("!(inputs.a && !inputs.b)", "inputs.b || !(inputs.a)");
    means("inputs.b && inputs.a && inputs.b", "inputs.a && inputs.b");
    means("inputs.a && !inputs.a", "false");
    means("inputs.a || !inputs.a", "true");
    means("inputs.a || true", "true");
    means("'a' == 'a' && 1 != 2 && null == null", "true");
    means("(inputs.a > 1) == false", "!(1 < inputs.a)");
    means("inputs.s.startsWith( 'a' ) == true", "inputs.s.startsWith(\"a\")");
    means("(inputs.a ? 1 : 2) == 1", "inputs.a");
    means("(inputs.a ? inputs.b : 'x') == 'x'", "!(inputs.a) || inputs.a && inputs.b == \"x\"");
    means("not one", "not one");
}

#[test]
fn what_may_be_no_number_keeps_its_two_comparisons_apart() {
    means("inputs.a / 2.0 <= 1", "inputs.a / 2.0 <= 1");
    means("inputs.a + inputs.b * 2 <= 1", "inputs.a + inputs.b * 2 <= 1");
    means("inputs.a.map(x, x / 0.0)[0] >= 1", "1 <= inputs.a.map(x, x / 0.0)[0]");
    means("inputs.a * 2.0 <= 1", "!(1 < inputs.a * 2.0)");
    means("inputs.a - inputs.b - 1 <= inputs.c", "inputs.a - inputs.b - 1 <= inputs.c");
}

#[test]
fn whether_a_path_is_false_is_not_the_opposite_of_whether_it_is_true() {
    means("inputs.a == false", "inputs.a == false");
    means("!inputs.a", "!(inputs.a)");
}

#[test]
fn what_is_declared_makes_opposites() {
    let names = BTreeMap::from([
        ("flag".to_owned(), Type::bool()),
        ("perhaps".to_owned(), Type::bool().or_null()),
        ("size".to_owned(), Type::words(["small", "large"])),
        ("color".to_owned(), Type::words(["red", "green", "blue"])),
        ("count".to_owned(), Type::number()),
    ]);
    let check = |source: &str, expect: &str| {
        assert_eq!(Cel::new(source).normal_form_with(&names).to_string(), expect, "{source}");
    };
    check("flag == false", "!(flag)");
    check("flag != false", "flag");
    check("perhaps == false", "perhaps == false");
    check("size == 'small'", "!(size == \"large\")");
    check("size == 'large' || size == 'small'", "true");
    check("size == 'tiny'", "false");
    check("color in ['red', 'pink']", "color == \"red\"");
    check("color == 'red'", "color == \"red\"");
    check("count / 2 <= 1", "count / 2 <= 1");
    check("size(size) / 2 <= 1", "!(1 < size(size) / 2)");
}

#[test]
fn different_values_of_one_subject_exclude_each_other() {
    let atom = |source: &str| match Cel::new(source).normal_form() {
        Formula::Atom(atom) => atom,
        other => panic!("{source}: {other}"),
    };
    let check = |a, b, expect| assert_eq!(atom(a).excludes(&atom(b)), expect, "{a} {b}");
    check("inputs.a == 'x'", "'y' == inputs.a", true);
    check("inputs.a == 'x'", "inputs.a == 'x'", false);
    check("inputs.a == 1", "inputs.a == 1.0", false);
    check("inputs.a == null", "inputs.a == 1", true);
    check("inputs.a == 'x'", "inputs.b == 'y'", false);
    check("size(inputs.a) == 1", "inputs.a.size() == 2", true);
    check("inputs.a", "inputs.a == false", true);
    assert_eq!(atom("inputs['a'].b == 1").path, Some(vec!["inputs".into(), "a".into(), "b".into()]));
    assert_eq!(atom("size(inputs.a) == 1").path, None);
}

#[test]
fn formulas_of_hostile_conditions_stay_small() {
    let check = |source: String| {
        let cel = Cel::new(source);
        cel.check().unwrap();
        let size = cel.normal_form().size();
        assert!(size < 5_000, "{size}");
    };
    let mut nested = "a".to_owned();
    for _ in 0..30 {
        nested = format!("({nested} ? b : c)");
    }
    check(nested.clone());
    check(format!("{nested} && !{nested}"));
    check(format!("a in [{}]", vec!["b"; 1000].join(",")));
    check((0..500).map(|n| format!("a{n}")).collect::<Vec<_>>().join(" || "));
    check("!".repeat(4000) + "a");
}
