use serde_json::json;

use super::*;

fn scope() -> Scope {
    let json = json!({
        "inputs": {"service": "api", "replicas": 3, "ratio": 1.5, "dry": false, "none": null, "empty": "",
                   "tags": ["a", "b"], "map": {"z": 1, "a": 2}, "people": [{"name": "Ada"}, {"name": "Bob"}],
                   "when": "2024-03-01T10:30:00+02:00", "hole": "{{ inputs.service }}", "evil": "a/b?c=d&e#f ü..",
                   "base": "https://api.example:8443/v1", "host": "db-1.example", "dots": "..", "crlf": "a\r\nX: y"},
        "event": {"headers": {"x-github-event": "push"}},
        "steps": {"gone": {"outputs": null}},
    });
    match json {
        Json::Object(map) => map,
        _ => unreachable!(),
    }
}

fn check_in(place: Place, source: &str, expect: &str) {
    match Template::new(source).render(&scope(), place) {
        Ok(text) => assert_eq!(text, Text::Plain(expect.to_owned()), "{source}"),
        Err(error) => panic!("{source}: {error:?}"),
    }
}

fn check(source: &str, expect: &str) {
    check_in(Place::Plain, source, expect);
}

fn fails_in(place: Place, source: &str, expect: &str) {
    match Template::new(source).render(&scope(), place) {
        Ok(text) => panic!("{source} gave {text:?}"),
        Err(error) => assert_eq!(error.message, expect, "{source}"),
    }
}

fn fails(source: &str, expect: &str) {
    fails_in(Place::Plain, source, expect);
}

/// What `check` says: each error as `message @ text`.
fn refused(source: &str, expect: &[&str]) {
    let errors = Template::new(source).check().expect_err(source);
    let found: Vec<_> = errors
        .iter()
        .map(|error| format!("{} @ {}", error.message, &source[error.span.clone().expect("has a place")]))
        .collect();
    assert_eq!(found, expect, "{source}");
    assert!(errors.iter().all(|error| error.help.is_some()), "{source}: {errors:?}");
}

#[test]
fn holes_give_the_text_of_their_values() {
    check("plain", "plain");
    check("{{ inputs.service }}-{{inputs.replicas}}-{{inputs.ratio}}-{{inputs.dry}}", "api-3-1.5-false");
    check("<{{ inputs.empty }}>", "<>");
    check("{{ inputs.tags.0 }}{{ inputs.tags.[1] }}", "ab");
    check("{{ event.headers.x-github-event }}{{ event.headers.[x-github-event] }}", "pushpush");
    check("{{ event[\"headers\"]['x-github-event'] }}", "push");
    check("{{@root.inputs.service}}", "api");
    check("a & <b> \"c\" {{ inputs.service }}", "a & <b> \"c\" api");
}

#[test]
fn a_result_is_never_read_again() {
    check("{{ inputs.hole }}", "{{ inputs.service }}");
    check("{{upper inputs.hole}}", "{{ INPUTS.SERVICE }}");
}

#[test]
fn a_literal_brace_pair_is_escaped() {
    check("\\{{ x }}", "{{ x }}");
    check("a \\{{x}} {{ inputs.service }}", "a {{x}} api");
    check("\\\\{{ inputs.service }}", "\\api");
    check("a } b }} c { d", "a } b }} c { d");
}

#[test]
fn what_is_missing_or_null_is_an_error_that_names_it() {
    fails("{{ inputs.nope }}", "no such key `nope` in `inputs`");
    fails("{{ nope.x }}", "there is no name `nope` here");
    fails("{{ steps.gone.outputs.v }}", "`steps.gone.outputs` is null and has no `v`");
    fails("{{ inputs.service.x }}", "`inputs.service` is a string and has no `x`");
    fails("{{ inputs.tags.5 }}", "there is no element 5 in `inputs.tags`, which has 2");
    fails("{{ inputs.none }}", "`inputs.none` is null");
    fails("{{upper inputs.none}}", "`inputs.none` is null");
    fails("{{ inputs.tags }}", "a list cannot stand in text");
    fails("{{ inputs.map }}", "a map cannot stand in text");
    let error = Template::new("{{ inputs.servce }}").render(&scope(), Place::Plain).expect_err("is missing");
    assert_eq!((error.help.as_deref(), error.span), (Some("did you mean `service`?"), Some(3..16)));
}

#[test]
fn helpers_do_what_their_names_say() {
    check("{{default inputs.nope \"x\"}}{{default inputs.none 'y'}}{{default inputs.service \"z\"}}", "xyapi");
    check("{{default inputs.empty \"x\"}}", "");
    check("{{default steps.gone.outputs.v 7}}{{default inputs.nope true}}", "7true");
    check("{{default inputs.nope inputs.service}}", "api");
    check("{{upper (default inputs.nope \"x\")}}{{default (upper inputs.nope) \"y\"}}", "Xy");
    check(
        "{{json inputs.map}} {{json inputs.tags}} {{json inputs.service}} {{json inputs.none}}",
        "{\"a\":2,\"z\":1} [\"a\",\"b\"] \"api\" null",
    );
    check("{{upper inputs.service}}{{lower \"ABC\"}}{{trim \"  x \"}}", "APIabcx");
    check("{{replace \"a-b-c\" \"-\" \"$1\"}}", "a$1b$1c");
    check("{{join inputs.tags \", \"}}", "a, b");
    check("{{date inputs.when \"%Y-%m-%d %H:%M\"}}{{date \"2024-03-01T10:00:00Z\" \" %H\"}}", "2024-03-01 10:30 10");
    check("{{cel \"inputs.replicas + 1\"}}{{cel 'inputs.service + \"!\"'}}", "4api!");
    check("{{cel \"inputs.tags.map(t, t + \\\"x\\\")[0]\"}}", "ax");
    fails("{{join inputs.service \",\"}}", "`inputs.service` is a string, not a list");
    fails("{{join inputs.people \",\"}}", "`inputs.people` has a map in it");
    fails("{{date inputs.service \"%Y\"}}", "`inputs.service` is not a time like `2024-03-01T10:00:00Z`");
    fails("{{upper inputs.tags}}", "`inputs.tags` is a list, not text");
    fails("{{replace inputs.service \"\" \"x\"}}", "`\"\"` is empty: there is nothing to replace");
    fails("{{cel \"inputs.nope\"}}", "no such key `nope` in `inputs`");
}

#[test]
fn blocks_choose_and_repeat() {
    check("{{#if inputs.dry}}a{{else}}b{{/if}}{{#unless inputs.dry}}c{{/unless}}", "bc");
    check("{{#if inputs.nope}}a{{else if inputs.none}}b{{else if inputs.service}}c{{else}}d{{/if}}", "c");
    check("{{#if inputs.empty}}a{{/if}}{{#if inputs.tags}}b{{/if}}", "b");
    check("{{#if (cel \"inputs.replicas > 2\")}}many{{/if}}", "many");
    check("{{#each inputs.tags}}{{@index}}={{this}}{{#unless @last}},{{/unless}}{{/each}}", "0=a,1=b");
    check("{{#each inputs.map}}{{@key}}={{this}};{{/each}}", "a=2;z=1;");
    check(
        "{{#each inputs.people}}{{#if @first}}>{{/if}}{{this.name}} of {{inputs.service}} {{/each}}",
        ">Ada of api Bob of api ",
    );
    check("{{#each (cel \"[1, 2].map(x, {'n': x})\")}}{{this.n}}{{/each}}", "12");
    check("{{#each (cel \"[]\")}}a{{else}}none{{/each}}", "none");
    fails("{{#each inputs.none}}{{/each}}", "`inputs.none` is null, not a list or a map");
    fails("{{#each inputs.nope}}{{/each}}", "no such key `nope` in `inputs`");
    fails("{{#each inputs.tags}}{{@key}}{{/each}}", "the elements of a list have no `@key`");
    fails("{{#each inputs.people}}{{this.nme}}{{/each}}", "no such key `nme` in `this`");
    fails("{{#if inputs.dry}}{{else}}{{inputs.nope}}{{/if}}", "no such key `nope` in `inputs`");
}

#[test]
fn white_space_around_tags_is_as_in_handlebars() {
    check("a\n{{#if inputs.service}}\nb\n{{/if}}\nc\n", "a\nb\nc\n");
    check("a\n  {{#if inputs.service}}  \n  b\n  {{else}}\n  d\n  {{/if}}\nc", "a\n  b\nc");
    check("x {{#if inputs.service}} y {{/if}} z", "x  y  z");
    check("a \n{{! note }}\nb", "a \nb");
    check("a  {{~ inputs.service ~}}  b", "aapib");
    check("{{!-- a }} b --}}c", "c");
    check("  {{ inputs.service }}  \n", "  api  \n");
}

#[test]
fn what_is_not_in_the_language_is_refused_with_place_and_help() {
    refused("a {{{ inputs.x }}} b", &["`{{{ x }}}` is not supported: there is no unescaped form @ {{{"]);
    refused("{{& x}}", &["`{{& x}}` is not supported: there is no unescaped form @ {{&"]);
    refused("{{> part}}", &["partials are not supported @ {{>"]);
    refused("{{#> part}}{{/part}}", &["partials are not supported @ {{#"]);
    refused("{{* d}}", &["decorators are not supported @ {{*"]);
    refused(
        "{{{{raw}}}} {{{{/raw}}}}",
        &["raw blocks are not supported @ {{{{", "raw blocks are not supported @ {{{{"],
    );
    refused("{{^}}", &["`{{^` is not supported @ {{^"]);
    refused("{{ }}", &["the hole is empty @ {{ }}"]);
    refused("a {{ inputs.x", &["the hole is not closed @ {{"]);
    refused("{{ upperr inputs.x }}", &["there is no helper `upperr` @ upperr"]);
    refused("{{ eq a b }}", &["there is no helper `eq` @ eq"]);
    refused("{{lookup a b}}", &["there is no helper `lookup` @ lookup"]);
    refused("{{#with a}}{{/with}}", &["there is no block `with` @ with"]);
    refused("{{upper a b}}", &["`upper` takes one argument, not 2 @ upper"]);
    refused("{{upper a=b}}", &["named arguments are not supported @ ="]);
    refused("{{ a == b }}", &["`==` has no meaning in a hole @ =="]);
    refused("{{ a | upper }}", &["`|` has no meaning in a hole @ |"]);
    refused("{{ \"x\" }}", &["a hole holds a name, not a value @ \"x\""]);
    refused("{{ 5 }}", &["a hole holds a name, not a value @ 5"]);
    refused("{{#each a}}{{../b}}{{/each}}", &["`..` is not supported @ ../b"]);
    refused("{{ this.x }}{{ @index }}", &["there is no element here @ this.x", "there is no element here @ @index"]);
    refused("{{#if a}}x", &["`{{#if}}` is not closed @ {{#if a}}"]);
    refused("{{#if a}}x{{/each}}{{/if}}", &["`{{/each}}` does not close `{{#if}}` @ {{/each}}"]);
    refused("{{else}}", &["there is no block for this `{{else}}` @ {{else}}"]);
    refused("{{#if}}{{/if}}", &["`if` takes one value @ if"]);
    refused("{{cel a}}", &["`cel` takes a quoted expression @ cel"]);
}

#[test]
fn templates_of_others_are_recognised() {
    for source in [
        "{{.Names}}",
        "{{ .Names }}",
        "{{- x }}",
        "{{ x -}}",
        "{{range x}}",
        "{{end}}",
        "{{ end }}",
        "{{with .x}}",
        "{{ $x }}",
        "{{if .x}}",
        "{{json .}}",
        "{{ printf \"%s\" x }}",
        "{{ template \"x\" }}",
    ] {
        let errors = Template::new(source).check().expect_err(source);
        assert_eq!(errors[0].message, "this looks like a Go template", "{source}");
        assert_eq!(errors[0].help.as_deref(), Some(syntax::NOT_OURS));
    }
}

#[test]
fn errors_inside_cel_have_their_place_in_the_template() {
    let check = |source: &str, expect: &str| {
        let errors = Template::new(source).check().expect_err(source);
        assert_eq!(&source[errors[0].span.clone().expect("has a place")], expect, "{source}");
    };
    check("é {{cel \"a +* b\"}}", "*");
    check("{{cel \"siz(a)\"}}", "siz");
    check("{{cel \"a \\\" b\"}}", "\"a \\\" b\"");
    let error = Template::new("{{cel \"1 + inputs.nope\"}}").render(&scope(), Place::Plain).expect_err("is missing");
    assert_eq!(error.span, Some(11..22));
}

#[test]
fn all_errors_of_a_template_are_reported() {
    refused(
        "{{ }} {{upperr x}} {{#if a}}",
        &["the hole is empty @ {{ }}", "there is no helper `upperr` @ upperr", "`{{#if}}` is not closed @ {{#if a}}"],
    );
}

#[test]
fn secrets_stand_alone_and_come_out_by_name() {
    let template = Template::new("Bearer {{ secrets.TOKEN }}!{{secrets.B}}");
    assert_eq!(template.secrets(), ["TOKEN", "B"]);
    let expect = Text::Parts(vec![
        Part::Text("Bearer ".to_owned()),
        Part::Secret("TOKEN".to_owned()),
        Part::Text("!".to_owned()),
        Part::Secret("B".to_owned()),
    ]);
    assert_eq!(template.render(&scope(), Place::Header), Ok(expect));
    let inside = "a secret cannot be used inside a helper, an expression or a block";
    for (source, place) in [
        ("{{upper secrets.A}}", "secrets.A"),
        ("{{default secrets.A \"x\"}}", "secrets.A"),
        ("{{cel \"1 + secrets.A\"}}", "secrets.A"),
        ("{{cel \"secrets['A']\"}}", "secrets['A']"),
        ("{{#if secrets.A}}x{{/if}}", "secrets.A"),
        ("{{#each secrets}}x{{/each}}", "secrets"),
    ] {
        let errors = Template::new(source).check().expect_err(source);
        assert_eq!(&source[errors[0].span.clone().expect("has a place")], place, "{source}");
        if place != "secrets" {
            assert_eq!(errors[0].message, inside, "{source}");
        }
    }
    refused(
        "{{ secrets }}{{ secrets.A.b }}",
        &["a secret has one name @ secrets", "a secret has one name @ secrets.A.b"],
    );
    fails_in(
        Place::Url,
        "https://a.example/{{ secrets.A }}",
        "a secret cannot stand in a URL, which is logged everywhere",
    );
    let error = Template::new("{{ secrets.A }}").render_value(&scope()).expect_err("has no value");
    assert_eq!(error.message, "the secret `A` cannot stand here");
}

#[test]
fn values_stay_in_their_component_of_a_url() {
    let check = |source: &str, expect: &str| check_in(Place::Url, source, expect);
    check("https://a.example/{{ inputs.evil }}/x", "https://a.example/a%2Fb%3Fc%3Dd%26e%23f%20%C3%BC../x");
    check("https://a.example/x?q={{ inputs.evil }}", "https://a.example/x?q=a%2Fb%3Fc%3Dd%26e%23f%20%C3%BC..");
    check("https://{{ inputs.host }}:{{ inputs.replicas }}/x", "https://db-1.example:3/x");
    check("{{ inputs.base }}/{{ inputs.service }}?a={{ inputs.dry }}", "https://api.example:8443/v1/api?a=false");
    check("{{ inputs.base }}", "https://api.example:8443/v1");
    check("https://a.example/v{{ inputs.dots }}", "https://a.example/v..");
    check("https://a.example/x#{{ inputs.dots }}", "https://a.example/x#..");
    check("/local/{{ inputs.service }}", "/local/api");
    let fails = |source: &str, expect: &str| fails_in(Place::Url, source, expect);
    fails("https://{{ inputs.evil }}/", "\"a/b?c=d&e#f ü..\" is not a host");
    fails("https://{{ inputs.empty }}/", "\"\" is not a host");
    fails("https://user@{{ inputs.crlf }}/", "\"a\\r\\nX: y\" is not a host");
    fails("{{ inputs.service }}/x", "\"api\" is not an absolute http or https URL");
    fails("ht{{ inputs.service }}://x", "a value cannot be a part of the scheme of a URL");
    fails("https://a.example/{{ inputs.dots }}/x", "`..` as a part of a path leads elsewhere");
    fails("https://a.example/{{ inputs.dots }}", "`..` as a part of a path leads elsewhere");
    fails("https://a.example/.{{cel \"'.'\"}}?x", "`..` as a part of a path leads elsewhere");
    fails("{{cel \"'https:///x'\"}}", "\"https:///x\" is not a URL");
    fails("{{cel \"'https://a b'\"}}", "\"https://a b\" is not a URL");
    fails("{{cel \"'ftp://a'\"}}", "\"ftp://a\" is not an absolute http or https URL");
}

#[test]
fn a_header_cannot_hold_a_line_break() {
    check_in(Place::Header, "v={{ inputs.service }}\tx", "v=api\tx");
    fails_in(Place::Header, "{{ inputs.crlf }}", "a header cannot hold a line break");
    fails_in(Place::Header, "a\nb", "a header cannot hold a line break");
    fails_in(Place::Header, "{{cel \"'\\x00'\"}}", "a header cannot hold the character '\\0'");
}

#[test]
fn exactly_one_hole_keeps_its_type() {
    let check = |source: &str, expect: Json| {
        assert_eq!(Template::new(source).render_value(&scope()), Ok(expect), "{source}");
    };
    check("{{ inputs.replicas }}", json!(3));
    check("{{ inputs.tags }}", json!(["a", "b"]));
    check("{{ inputs.none }}", json!(null));
    check("{{default inputs.nope false}}", json!(false));
    check("{{cel \"{'a': 1}\"}}", json!({"a": 1}));
    check("{{json inputs.tags}}", json!("[\"a\",\"b\"]"));
    check(" {{ inputs.replicas }}", json!(" 3"));
    check("{{ inputs.replicas }}{{ inputs.replicas }}", json!("33"));
    check("3", json!("3"));
}

#[test]
fn references_are_the_names_with_their_places() {
    let check = |source: &str, expect: &[&str]| {
        let references = Template::new(source).references().expect(source);
        let found: Vec<_> = references
            .into_iter()
            .map(|reference| {
                assert_eq!(source[reference.span.clone()], reference.path.join("."), "{source}");
                let path = reference.path.join(".");
                if reference.guarded { format!("[{path}]") } else { path }
            })
            .collect();
        assert_eq!(found, expect, "{source}");
    };
    check("{{ a.b }} {{upper c}} \\{{ d }}", &["a.b", "c"]);
    check("{{default a.b c}} {{default (upper d) \"\"}}", &["[a.b]", "c", "[d]"]);
    check("{{#if a.b}}{{a.b.c}}{{else}}{{a.b}}{{/if}}{{a.b}}", &["[a.b]", "[a.b.c]", "a.b", "a.b"]);
    check("{{#unless a}}{{a}}{{else}}{{a}}{{/unless}}", &["[a]", "a", "[a]"]);
    check("{{#each a.list}}{{this.x}}{{b}}{{@index}}{{/each}}", &["a.list", "b"]);
    check("{{cel \"a.b == null ? c : a.b.d\"}}", &["[a.b]", "c", "[a.b.d]"]);
    check("{{#if (cel \"a.b != null\")}}{{a.b}}{{/if}}", &["[a.b]", "[a.b]"]);
    check("{{ secrets.A }}", &["secrets.A"]);
}

#[test]
fn a_loop_in_a_template_is_bounded() {
    let mut scope = scope();
    scope.insert("big".to_owned(), json!(vec!["x".repeat(1000); 1000]));
    let nested = "{{#each big}}{{#each big}}{{this}}{{/each}}{{/each}}";
    let error = Template::new(nested).render(&scope, Place::Plain).expect_err("is too much");
    assert!(error.message.starts_with("the evaluation"), "{error}");
}

#[test]
fn json_values_are_rendered_in_place() {
    let value = TemplateValue::new(json!({
        "a": "{{ inputs.replicas }}", "b": ["x {{ inputs.service }}", 1, null], "c/d": {"{{ key }}": "{{ inputs.map }}"},
    }));
    assert_eq!(
        value.render(&scope()),
        Ok(json!({"a": 3, "b": ["x api", 1, null], "c/d": {"{{ key }}": {"a": 2, "z": 1}}}))
    );
    let pointers: Vec<_> = value.templates().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/a", "/b/0", "/c~1d/{{ key }}"]);
    let stored = serde_json::to_value(&value).expect("is JSON");
    assert_eq!(serde_json::from_value::<TemplateValue>(stored).expect("is JSON"), value);
}

#[test]
fn a_json_body_can_hold_secrets() {
    let value = TemplateValue::new(json!({"a": "x\"{{ secrets.T }}", "n": "{{ inputs.replicas }}", "l": [true]}));
    assert!(value.render(&scope()).is_err());
    let text = value.render_json(&scope()).expect("renders");
    let whole = text.resolve(|name| (name == "T").then(|| "s\"\n".to_owned())).expect("is known");
    assert_eq!(serde_json::from_str::<Json>(&whole).expect("is JSON"), json!({"a": "x\"s\"\n", "n": 3, "l": [true]}));
}

#[test]
fn a_field_of_a_form_is_text() {
    let check = |value: Json, expect: Result<&str, &str>| {
        let text = TemplateValue::new(value.clone()).render_text(&scope());
        let text =
            text.as_ref().map(|text| text.as_plain().expect("has no secret")).map_err(|error| error.message.as_str());
        assert_eq!(text, expect, "{value}");
    };
    check(json!("{{ inputs.replicas }}"), Ok("3"));
    check(json!(null), Ok(""));
    check(json!("a {{ inputs.service }}"), Ok("a api"));
    check(json!("{{ inputs.none }}"), Ok(""));
    check(json!("{{ inputs.tags }}"), Err("a list cannot stand in text"));
    let secret = TemplateValue::new(json!("{{ secrets.A }}")).render_text(&scope());
    assert_eq!(secret, Ok(Text::Parts(vec![Part::Secret("A".to_owned())])));
}

#[test]
fn a_template_is_stored_as_its_text() {
    let template: Template = serde_json::from_str("\"{{ inputs.service }}\"").expect("is a string");
    assert_eq!(template.render(&scope(), Place::Plain), Ok(Text::from("api")));
    assert_eq!(serde_json::to_string(&template).expect("is a string"), "\"{{ inputs.service }}\"");
}
