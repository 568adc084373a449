//! CEL, templates, and the lexer of scripts with holes: any text is answered, alike each time.

use std::collections::BTreeMap;

use loopline_core::expr::{Cel, Dialect, Place, Scope, Script, Template, Type};
use loopline_fuzz::{Language, soon};
use serde_json::{Value as Json, json};

const NAMES: &[&str] =
    &["inputs.tags", "inputs.none", "steps.a.outputs.v", "visit", "previous", "item", "list", "text", "n"];

fn scope() -> Scope {
    let value = json!({
        "inputs": {"service": "api", "tags": ["x", "y"], "none": null, "n": 3},
        "steps": {"a": {"status": "succeeded", "outputs": {"v": "1.2", "n": 1.5}, "error": null}},
        "visit": 2, "item": {"os": "linux"}, "list": [1, 2, 3], "text": "a b", "n": -1, "previous": null,
    });
    match value {
        Json::Object(map) => map,
        other => panic!("{other}"),
    }
}

fn types() -> BTreeMap<String, Type> {
    scope().iter().map(|(name, value)| (name.clone(), Type::of_json(value))).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn any_expression_is_answered() {
    let seeds = [
        "inputs.n > 2 && steps.a.status == \"succeeded\" || !(visit != 3)",
        "has(steps.a.outputs.v) ? steps.a.outputs.v + \"x\" : string(inputs.n)",
        "list.map(x, x * 2).filter(y, y % 3 == 0).exists(z, z in [1, 2])",
        "text.split(\" \").join(\",\").matches(\"^a.*b$\") && size(text) >= 3u",
        "{\"a\": [1, 2.5, null, true], 1: {\"b\": r'\\d'}}[\"a\"][0] in inputs.tags",
        "timestamp(\"2024-01-01T00:00:00Z\") + duration(\"1h\") < timestamp(\"2025-01-01T00:00:00Z\")",
        "type(inputs.none) == null_type ? -1 : int(\"42\") / (n - -1) % 7",
        "b'abc' + b\"\\xff\" == bytes(text) || '''long''' == \"\\u00e9\\U0001F600\"",
    ];
    let pieces = &[
        " ",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        "?",
        ":",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "&&",
        "||",
        "==",
        "<=",
        "in ",
        "1",
        "0x1F",
        "1u",
        "1e308",
        "9223372036854775807",
        "\"",
        "'",
        "'''",
        "\\",
        "r'",
        "b'",
        "null",
        "true",
        "has(",
        "size(",
        ".map(x, ",
        ".all(x, ",
        ".matches(",
        "inputs",
        "steps.a.outputs",
        "visit",
        "list",
        "//",
        "\u{0}",
        "é",
        "🙂",
    ];
    let language = Language::new([owned(&seeds), owned(NAMES)].concat(), pieces);
    let (scope, types) = (scope(), types());
    bolero::check!().with_max_len(48).for_each(|bytes: &[u8]| {
        soon(&language.text(bytes), |text| {
            let cel = Cel::new(text);
            let value = cel.eval(&scope);
            assert_eq!(cel.check().is_err(), cel.references().is_err(), "{text}");
            cel.check_types(&types);
            assert_eq!(cel.normal_form(), Cel::new(text).normal_form(), "{text}");
            assert_eq!(Cel::new(text).eval(&scope), value, "{text}");
        });
    });
}

#[test]
fn any_template_is_answered() {
    let seeds = [
        "{{ inputs.service }} of {{ default inputs.none \"none\" }}",
        "{{#if inputs.n}}{{ upper text }}{{else}}\\{{ literal }}{{/if}}",
        "{{#each list}}{{ this }}{{ @index }}{{#unless @last}}, {{/unless}}{{/each}}",
        "{{ cel \"inputs.tags.map(t, t + '!')\" }}{{! comment }}{{!-- {{ in }} --}}",
        "{{~ json steps.a.outputs ~}}{{{ text }}}{{ join (split text \" \") \"-\" }}",
        "{{ replace (lower text) \"a\" \"b\" }} {{ trim \" x \" }} {{ date \"2024-01-01T00:00:00Z\" \"%Y\" }}",
    ];
    let pieces = &[
        "{{", "}}", "{{{", "}}}", "{{#", "{{/", "{{^", "{{else}}", "{{!", "{{!--", "--}}", "{{~", "~}}", "{{>", "{{&",
        "\\{{", "\\\\{{", "{{.", "{{-", " ", "\n", "(", ")", "[", "]", ".", "/", "@", "=", "|", "as |x|", "\"", "'",
        "this", "../", "if ", "each ", "unless ", "inputs", "list", "default ", "json ", "upper ", "cel ", "\u{0}",
        "é",
    ];
    let language = Language::new(owned(&seeds), pieces);
    let (scope, types) = (scope(), types());
    bolero::check!().with_max_len(48).for_each(|bytes: &[u8]| {
        soon(&language.text(bytes), |text| {
            let template = Template::new(text);
            let is_good = template.check().is_ok();
            assert_eq!(template.references().is_ok(), is_good, "{text}");
            template.check_types(&types);
            for place in [Place::Plain, Place::Header, Place::Url] {
                let rendered = template.render(&scope, place);
                assert!(is_good || rendered.is_err(), "{text}");
                assert_eq!(Template::new(text).render(&scope, place), rendered, "{text}");
            }
            let _ = template.render_value(&scope);
        });
    });
}

#[test]
fn any_script_is_answered() {
    let seeds = [
        "set -e\necho \"{{ inputs.service }}\" '{{ text }}' {{ n }} | tee out.log\n",
        "cat <<EOF\n{{ text }} $HOME\nEOF\ncat <<'E'\n{{ n }}\nE\n",
        "if [ \"$A\" = {{ n }} ]; then echo \"$(date +%s)\"; fi # {{ text }}\n",
        "for x in {{#each list}}{{ this }} {{/each}}; do echo ${x:-\"{{ text }}\"}; done\n",
        "x=$((1 + {{ n }})); case $x in a|b) echo `ls`;; *) echo $'a\\n';; esac\n",
        "f() { local a=\"${1%%.*}\"; printf '%s\\n' \"${a@Q}\"; }; f \\{{ text }}\n",
    ];
    let pieces = &[
        "{{ text }}",
        "{{ n }}",
        "{{",
        "}}",
        "\"",
        "'",
        "`",
        "$(",
        ")",
        "$((",
        "))",
        "${",
        "}",
        "$'",
        "$\"",
        "<<EOF\n",
        "<<-E\n",
        "EOF\n",
        "<<<",
        "#",
        "\\",
        "\\\n",
        "\n",
        ";",
        "|",
        "&",
        "&&",
        "(",
        "case x in ",
        "esac",
        "[[ ",
        " ]]",
        "=~",
        "*",
        "?",
        "~",
        "=",
        "{a,b}",
        "eval ",
        "\u{0}",
        "\r",
        "é",
    ];
    let language = Language::new(owned(&seeds), pieces);
    let (scope, types) = (scope(), types());
    bolero::check!().with_max_len(48).for_each(|bytes: &[u8]| {
        let text = language.text(bytes);
        for dialect in [Dialect::Posix, Dialect::Other] {
            soon(&text, |text| {
                let script = Script::new(text, dialect);
                let is_good = script.check().is_ok();
                let rendered = script.render(&scope);
                assert!(is_good || rendered.is_err(), "{text}");
                script.check_types(&types);
                // A value never becomes part of the program: it stands in a variable, whatever it says.
                let mut other = scope.clone();
                other.insert("text".to_owned(), json!("$(reboot); `x` \" ' \\ \n{{ n }}"));
                if let (Ok(rendered), Ok(again)) = (rendered, script.render(&other)) {
                    assert_eq!(again.text, rendered.text, "{text}");
                }
            });
        }
    });
}
