use serde_json::json;

use super::*;

fn scope() -> Scope {
    let json = json!({
        "x": "a b; $(touch pwned)", "n": 3, "list": ["p q", "r"], "yes": true, "no": false, "nul": "a\u{0}b",
        "map": {}, "long": "x".repeat(MAX_VALUE + 1),
    });
    match json {
        Json::Object(map) => map,
        _ => unreachable!(),
    }
}

/// `$1` stands for the reference to the first value.
fn check(source: &str, expect: &str) {
    let rendered = match Script::new(source, Dialect::Posix).render(&scope()) {
        Ok(rendered) => rendered,
        Err(error) => panic!("{source}: {error:?}"),
    };
    assert_eq!(rendered.text, expect.replace("$1", "${LOOPLINE_V1}").replace("$2", "${LOOPLINE_V2}"), "{source}");
    assert!(!rendered.text.contains("pwned"), "{source}");
}

/// The error of `source`, as `message @ text`.
fn refused(source: &str, expect: &str) {
    let errors = match Script::new(source, Dialect::Posix).check() {
        Ok(()) => panic!("{source} is accepted"),
        Err(errors) => errors,
    };
    assert_eq!(errors.len(), 1, "{source}: {errors:?}");
    assert_eq!(errors[0].message, expect, "{source}");
    assert!(errors[0].help.is_some(), "{source}");
    let span = errors[0].span.clone().expect("has a place");
    assert!(source[span].starts_with("{{"), "{source}");
}

#[test]
fn a_hole_is_quoted_for_its_place() {
    check("echo {{ x }}", "echo \"$1\"");
    check("echo pre{{ x }}post", "echo pre\"$1\"post");
    check("echo \"a {{ x }} b\"", "echo \"a $1 b\"");
    check("echo 'a {{ x }} b'", "echo 'a '\"$1\"' b'");
    check("{{ x }} arg", "\"$1\" arg");
    check("a={{ x }} b=\"{{ n }}\"", "a=\"$1\" b=\"$2\"");
    check("a+={{ x }}", "a+=\"$1\"");
    check("a=( {{ x }} [3]={{ n }} )", "a=( \"$1\" [3]=\"$2\" )");
    check("export A={{ x }}", "export A=\"$1\"");
    check("cmd > {{ x }} 2>&1", "cmd > \"$1\" 2>&1");
    check("cmd {{ x }}>out", "cmd \"$1\">out");
    check("for i in {{ x }}; do echo \"$i\"; done", "for i in \"$1\"; do echo \"$i\"; done");
    check("echo \\{{ x }} {{ n }}", "echo {{ x }} \"$1\"");
}

#[test]
fn nested_places_are_known() {
    check("echo \"$(cat {{ x }})\"", "echo \"$(cat \"$1\")\"");
    check("echo \"$(cat \"{{ x }}\" 'a')\" '{{ n }}'", "echo \"$(cat \"$1\" 'a')\" ''\"$2\"''");
    check("diff <(cat {{ x }}) {{ n }}", "diff <(cat \"$1\") \"$2\"");
    check("( cd {{ x }} && ls )", "( cd \"$1\" && ls )");
    check("echo ${y:-{{ x }}}", "echo ${y:-\"$1\"}");
    check("echo \"${y:-{{ x }}}\"", "echo \"${y:-$1}\"");
    check("echo ${y:+'{{ x }}'}", "echo ${y:+''\"$1\"''}");
    check("echo $((1 + 2)) {{ x }}", "echo $((1 + 2)) \"$1\"");
    check("(( a < 2 )) && echo {{ x }}", "(( a < 2 )) && echo \"$1\"");
    check("echo $( (echo a) ) {{ x }}", "echo $( (echo a) ) \"$1\"");
    check("echo `date` {{ x }}", "echo `date` \"$1\"");
    check("echo $'a\\'b' {{ x }}", "echo $'a\\'b' \"$1\"");
    check("echo \\' {{ x }} \\\" {{ n }}", "echo \\' \"$1\" \\\" \"$2\"");
    check("echo a#b {{ x }} $# {{ n }}", "echo a#b \"$1\" $# \"$2\"");
    check("f() { echo {{ x }}; }", "f() { echo \"$1\"; }");
    check("echo ${#y} ${y%\"}\"} {{ x }}", "echo ${#y} ${y%\"}\"} \"$1\"");
}

#[test]
fn comments_do_not_disturb() {
    check("# don't\necho {{ x }}", "# don't\necho \"$1\"");
    check("echo a # it's \"\necho {{ x }}", "echo a # it's \"\necho \"$1\"");
}

#[test]
fn a_case_keeps_its_parentheses() {
    check("case {{ x }} in a) echo {{ n }};; esac", "case \"$1\" in a) echo \"$2\";; esac");
    check(
        "case $y in {{ x }}) true;; (b|c) echo '{{ n }}';; esac",
        "case $y in \"$1\") true;; (b|c) echo ''\"$2\"'';; esac",
    );
    check("y=$(case a in a) echo b;; esac) {{ x }}", "y=$(case a in a) echo b;; esac) \"$1\"");
    check("[[ $y == {{ x }} || $y =~ ({{ n }}) ]]", "[[ $y == \"$1\" || $y =~ (\"$2\") ]]");
}

#[test]
fn here_documents_are_expanded_once() {
    check("cat <<EOF\n'{{ x }}' \"{{ n }}\"\nEOF\necho ok", "cat <<EOF\n'$1' \"$2\"\nEOF\necho ok");
    check("cat <<-EOF\n\t{{ x }}\n\tEOF\necho {{ n }}", "cat <<-EOF\n\t$1\n\tEOF\necho \"$2\"");
    check("cat <<A <<B {{ x }}\nA\n{{ n }}\nB\n", "cat <<A <<B \"$1\"\nA\n$2\nB\n");
    check("cat <<'EOF'\nit's $(\nEOF\necho {{ x }}", "cat <<'EOF'\nit's $(\nEOF\necho \"$1\"");
    check("cat <<EOF | tr a b\n{{ x }}\nEOF", "cat <<EOF | tr a b\n$1\nEOF");
    check("cat <<< {{ x }}", "cat <<< \"$1\"");
    check("bash script.sh <<EOF\n{{ x }}\nEOF", "bash script.sh <<EOF\n$1\nEOF");
}

#[test]
fn where_nothing_is_expanded_or_all_is_computed_a_hole_is_refused() {
    refused("echo a # {{ x }}", "a value cannot stand in a comment");
    refused("cat <<'EOF'\n{{ x }}\nEOF", "nothing is expanded in a here-document whose end is quoted");
    refused("cat <<\\EOF\n{{ x }}\nEOF", "nothing is expanded in a here-document whose end is quoted");
    refused("cat <<{{ x }}\nEOF", "the end of a here-document must be known beforehand");
    let arithmetic = "a value cannot stand in arithmetic, which runs commands in subscripts";
    refused("echo $(( {{ x }} + 1 ))", arithmetic);
    refused("echo \"$(( \"{{ x }}\" + 1 ))\"", arithmetic);
    refused("(( a = {{ x }} ))", arithmetic);
    refused("for (( i = 0; i < {{ n }}; i++ )); do :; done", arithmetic);
    refused("echo $[ {{ x }} ]", arithmetic);
    refused("let a={{ x }}", "`let` computes its arguments as arithmetic");
    refused("a[{{ x }}]=1", "a subscript is computed as arithmetic");
    refused("a=( [{{ x }}]=1 )", "a subscript is computed as arithmetic");
    refused("echo $'{{ x }}'", "a value cannot stand in `$'…'`");
    refused("echo $\"{{ x }}\"", "a value cannot stand in `$\"…\"`");
    refused("echo `cat {{ x }}`", "a value cannot stand in backquotes; write `$( … )` instead");
    refused("echo ${y:{{ n }}}", "a value cannot stand in this part of `${…}`");
    refused("echo ${y#{{ n }}}", "a value cannot stand in this part of `${…}`");
    refused("echo ${y[{{ n }}]}", "a value cannot stand in this part of `${…}`");
    refused("echo \"${y:-\"{{ x }}\"}\"", "a value cannot stand in quotes inside of `\"${…}\"`");
    refused("echo ${{ x }}", "a `$` stands right before the value");
    refused("echo \"${{ x }}\"", "a `$` stands right before the value");
    refused("echo \\\\{{ x }}", "a backslash stands right before the value");
}

#[test]
fn what_reads_its_arguments_again_gets_no_value() {
    refused("eval {{ x }}", "`eval` reads its arguments as a script");
    refused("command eval \"echo {{ x }}\"", "`eval` reads its arguments as a script");
    refused("if ! eval '{{ x }}'; then :; fi", "`eval` reads its arguments as a script");
    refused("function f { eval {{ x }}; }", "`eval` reads its arguments as a script");
    refused("2>/dev/null eval {{ x }}", "`eval` reads its arguments as a script");
    refused("[[ -n $y ]]&& eval {{ x }}", "`eval` reads its arguments as a script");
    refused("A=1 source {{ x }}", "`source` runs a file as a part of the script");
    refused(". {{ x }}", "`.` runs a file as a part of the script");
    refused("trap 'rm {{ x }}' EXIT", "`trap` reads its arguments as a script");
    refused("sh -c \"echo {{ x }}\"", "this argument is a program");
    refused("sudo -u root bash -euo pipefail -c 'echo {{ x }}'", "this argument is a program");
    refused("docker exec app /bin/sh -c \"{{ x }}\"", "this argument is a program");
    refused("ls | xargs -I{} sh -ec 'echo {} {{ x }}'", "this argument is a program");
    refused("python3 -c \"print('{{ x }}')\"", "this argument is a program");
    refused("node --eval=\"{{ x }}\"", "this argument is a program");
    refused("perl -e 1 -e '{{ x }}'", "this argument is a program");
    refused("ssh -p 22 host \"restart {{ x }}\"", "`ssh` hands its arguments to a shell, which reads them as a script");
    refused("bash <<EOF\necho {{ x }}\nEOF", "this here-document is a program");
    refused("cat <<EOF | bash -s\necho {{ x }}\nEOF", "this here-document is a program");
    refused("bash <<< \"echo {{ x }}\"", "this input is a program");
    refused("echo \"ls {{ x }}\" | sh", "this output is a program for the command behind it");
    refused("unset {{ x }}", "`unset` computes the subscript of a name");
    refused("read -r {{ x }} y", "`read` takes the name of a variable".trim_end());
    refused("printf -v {{ x }} a", "`printf -v` takes the name of a variable");
    refused("[[ -v {{ x }} ]]", "`[[ -v` takes the name of a variable");
    refused("[[ {{ x }} -eq 1 ]]", "`[[ … -eq … ]]` computes both sides as arithmetic");
    refused("[[ 1 -lt \"{{ x }}\" ]]", "`[[ … -lt … ]]` computes both sides as arithmetic");
    refused("declare -i y={{ x }}", "`declare` computes what it assigns");
    refused("export {{ x }}=1", "`export` takes the name of a variable");
    refused("PS4={{ x }}", "the shell runs what stands in `PS4`");
}

#[test]
fn what_only_looks_like_it_gets_its_value() {
    check("sh -c 'echo \"$@\"' _ {{ x }}", "sh -c 'echo \"$@\"' _ \"$1\"");
    check("bash run.sh {{ x }}", "bash run.sh \"$1\"");
    check("ssh -p {{ n }} {{ x }}", "ssh -p \"$1\" \"$2\"");
    check("echo eval {{ x }}", "echo eval \"$1\"");
    check("[ {{ n }} -eq 3 ]", "[ \"$1\" -eq 3 ]");
    check("read -r -p {{ x }} y", "read -r -p \"$1\" y");
    check("grep -e {{ x }} file", "grep -e \"$1\" file");
    check("python3 tool.py -c {{ x }}", "python3 tool.py -c \"$1\"");
    check("curl {{ x }} | sh", "curl \"$1\" | sh");
    check("echo {{ x }} | bash run.sh", "echo \"$1\" | bash run.sh");
    check("eval \"$(cat {{ x }})\"", "eval \"$(cat \"$1\")\"");
}

#[test]
fn blocks_end_where_they_begin() {
    check("curl {{#if yes}}--insecure{{/if}} {{ x }}", "curl --insecure \"$1\"");
    check("{{#each list}}\necho {{ this }}\n{{/each}}\n", "echo \"$1\"\necho \"$2\"\n");
    check("echo \"{{#each list}}{{ this }},{{/each}}\"", "echo \"$1,$2,\"");
    check("echo {{#if no}}'a {{ x }}'{{else}}\"b {{ x }}\"{{/if}}", "echo \"b $1\"");
    let crossing = |source: &str| {
        let errors = Script::new(source, Dialect::Posix).check().expect_err(source);
        assert_eq!(errors[0].message, "quotes and brackets that begin in a block must end in it", "{source}");
    };
    crossing("echo {{#if yes}}'{{/if}} {{ x }}'");
    crossing("echo $({{#if yes}}){{/if}} {{ x }}");
    crossing("{{#each list}}( {{/each}}");
    crossing("{{#if yes}}cat <<EOF\n{{/if}}{{ x }}\nEOF");
    let errors = Script::new("echo ${{#if yes}}(( {{ x }} )){{/if}}", Dialect::Posix).check().expect_err("cuts a sign");
    assert_eq!(errors[0].message, "a block cannot begin or end in the middle of a sign of the shell");
}

#[test]
fn every_form_a_command_may_take_is_checked() {
    refused("{{#if yes}}eval{{else}}echo{{/if}} {{ x }}", "`eval` reads its arguments as a script");
    refused("sh {{#if yes}}-c{{else}}-e{{/if}} {{ x }}", "this argument is a program");
    refused("{{#each list}}{{ this }}; eval {{/each}}", "`eval` reads its arguments as a script");
    check("{{#if yes}}echo{{else}}printf{{/if}} {{ x }}", "echo \"$1\"");
}

#[test]
fn only_posix_shells_get_values() {
    let check = |source: &str, expect: &[&str]| {
        let errors = Script::new(source, Dialect::Other).check().err().unwrap_or_default();
        let found: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(found, expect, "{source}");
    };
    check("print('{{ x }}')", &["a value can be put only into a script for a POSIX shell"]);
    check("{{#if yes}}a{{/if}}", &["`if` works only in a script for a POSIX shell"]);
    check("print('a')", &[]);
    check("print('\\{{ x }}')", &[]);
}

#[test]
fn a_raw_script_is_taken_as_it_stands() {
    for dialect in [Dialect::Posix, Dialect::Other] {
        let script = Script::raw("docker ps --format '{{.Names}}' # {{ x }}", dialect);
        assert_eq!(script.check(), Ok(()));
        assert_eq!(script.references(), Ok(Vec::new()));
        let rendered = script.render(&scope()).expect("is raw");
        assert_eq!((rendered.text.as_str(), rendered.env.len()), (script.source(), 0));
    }
}

#[test]
fn values_travel_in_the_environment() {
    let rendered = Script::new("echo {{ x }} {{ n }} {{ x }}", Dialect::Posix).render(&scope()).expect("renders");
    assert_eq!(rendered.text, "echo \"${LOOPLINE_V1}\" \"${LOOPLINE_V2}\" \"${LOOPLINE_V3}\"");
    let env: Vec<_> = rendered.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let x = "a b; $(touch pwned)";
    assert_eq!(env, [("LOOPLINE_V1", x), ("LOOPLINE_V2", "3"), ("LOOPLINE_V3", x)]);
}

#[test]
fn a_value_that_no_process_takes_is_an_error() {
    let fails = |source: &str, expect: &str| {
        let error = Script::new(source, Dialect::Posix).render(&scope()).expect_err(source);
        assert_eq!(error.message, expect, "{source}");
    };
    fails("echo {{ nul }}", "a value with a NUL in it cannot be given to a process");
    fails("echo {{ map }}", "a map cannot stand in a script");
    fails("echo {{ long }}", "the value has 122881 bytes, more than the 122880 that a process takes");
    fails("echo {{ nope }}", "there is no name `nope` here");
}

#[test]
fn a_secret_goes_through_env() {
    let errors = Script::new("echo {{ secrets.TOKEN }}", Dialect::Posix).check().expect_err("is refused");
    assert_eq!(errors[0].message, "the secret `TOKEN` cannot stand in a script, which is shown and kept");
    let help = "pass it through `env`, as `TOKEN: \"{{ secrets.TOKEN }}\"`, and use `\"$TOKEN\"`";
    assert_eq!(errors[0].help.as_deref(), Some(help));
}

#[test]
fn all_errors_of_a_script_are_reported_in_order() {
    let errors = Script::new("# {{ x }}\nlet {{ n }}\necho {{ y z }}", Dialect::Posix).check().expect_err("has errors");
    assert_eq!(errors.len(), 1, "a template that cannot be read is not lexed: {errors:?}");
    let errors = Script::new("# {{ x }}\nlet {{ n }}", Dialect::Posix).check().expect_err("has errors");
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn a_script_is_stored_as_it_was_written() {
    let script = Script::new("echo {{ x }}", Dialect::Posix);
    let stored = serde_json::to_value(&script).expect("is JSON");
    assert_eq!(stored, json!({"source": "echo {{ x }}", "dialect": "posix"}));
    assert_eq!(serde_json::from_value::<Script>(stored).expect("is a script"), script);
    let raw = serde_json::to_value(Script::raw("a", Dialect::Other)).expect("is JSON");
    assert_eq!(raw, json!({"source": "a", "dialect": "other", "raw": true}));
}
