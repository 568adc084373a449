use super::*;
use crate::compile::decoded;
use crate::library::Library;
use crate::model::Model;

fn mentions(text: &str) -> Mentions {
    let reading = yaml::read(text);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let root = reading.root.expect("a document");
    let library = Library::default();
    let (pipeline, types) = decoded(&root, &library).expect("a mapping");
    let model = Model::of(&pipeline, &types, &library);
    Mentions::of(text, &root, &Offers::new(&model, &library))
}

/// Every place of what the first «» names is marked by «», and nothing else is.
fn check(marked: &str) {
    let text = marked.replace(['«', '»'], "");
    let all = mentions(&text);
    let first = marked.find('«').expect("a mark");
    let subject = all.at(first).unwrap_or_else(|| panic!("a name at {first} of {text}")).subject.clone();
    let mut found = String::new();
    let mut done = 0;
    for place in all.places(&subject) {
        found.push_str(&format!("{}«{}»", &text[done..place.range.start], &text[place.range.clone()]));
        done = place.range.end;
    }
    found.push_str(&text[done..]);
    assert_eq!(found, marked);
}

#[test]
fn a_step_is_named_by_keys_and_values() {
    check("steps:\n  «a»: {run: x}\n  b: {needs: «a», run: a}\n  c: {needs: [b, \"«a»\"], run: x}\n");
    check("steps:\n  \"«a»\": {run: x}\n  b: {needs: {«a»: ok}, run: x, goto: [{to: '«a»', max: 1}]}\n");
    check("steps:\n  «a»: {run: x, artifacts: {a: a}}\n  b: {needs: «a», run: x, fetch: [«a».a, «a»]}\n");
    check(
        "steps:\n  a: {run: x, compensate: {run: y, until: «b»}}\n  «b»: {needs: a, run: x}\nx-layout: {«b»: [1, 2]}\n",
    );
}

#[test]
fn a_step_is_named_in_expressions() {
    check(
        "steps:\n  «a»: {run: x}\n  b: {needs: «a», run: x, if: 'steps.«a».status == \"a\" || steps[\"«a»\"].visit > 1'}\n",
    );
    check(
        "steps:\n  «a»: {run: x}\n  b:\n    needs: «a»\n    run: |\n      echo \"{{ steps.«a».visit }}\" a\n      {{#if steps.«a».error}}x{{/if}}\n",
    );
    check(
        "steps:\n  «a»: {run: x}\n  b: {needs: «a», run: x, env: {A: \"{{ cel \\\"steps.«a».status == \\\\\\\"a\\\\\\\"\\\" }}\"}}\n",
    );
    check(
        "steps:\n  «a»:\n    run: x\n    env: {F: '{{ default previous.«a».outputs.a \"\" }}'}\n    goto: [{to: «a», if: 'steps.«a».visit < 3', max: 3}]\n",
    );
    check("steps: {«a»: {set: {v: '1'}}}\noutputs: {a: steps.«a».outputs.v}\n");
    check("steps:\n  «a»: {run: x}\n  b: {needs: «a», container: {image: i, run: 'echo {{ steps.«a».visit }}'}}\n");
    check("steps:\n  «a»: {run: x}\n  b: {needs: «a», template: false, run: 'echo {{ steps.a.visit }}'}\n");
}

#[test]
fn inputs_outputs_secrets_and_items() {
    check("inputs: {«a»: {type: string}}\nsteps: {b: {run: 'x {{ inputs.«a» }}', if: inputs.«a» == 'a'}}\n");
    check("inputs: {«a»: {type: string}}\ntriggers: {schedule: [{cron: x, inputs: {«a»: b}}]}\nsteps: {a: {run: x}}\n");
    check("secrets: [b, «a»]\nsteps: {a: {run: x, env: {A: '{{ secrets.«a» }}'}}}\n");
    check(
        "steps:\n  b: {run: x, outputs: {«a»: stdout}}\n  a: {needs: b, run: 'x {{ steps.b.outputs.«a» }}', outputs: {a: stdout}}\n",
    );
    check(
        "steps:\n  a: {foreach: {items: [a], as: «a»}, run: 'x {{ «a».x }} {{ inputs.a }}'}\n  b: {run: 'x {{ run.a }}'}\n",
    );
}

#[test]
fn a_pipeline_in_place_has_names_of_its_own() {
    let child = "pipeline: {inputs: {i: '{{ steps.b.visit }} {{ inputs.i }}'}, steps: {b: {run: 'x {{ inputs.i }}'}, c: {needs: b, run: x}}}";
    let text = format!("inputs: {{i: {{type: string}}}}\nsteps:\n  b: {{run: x}}\n  a: {{needs: b, {child}}}\n");
    check(
        &text
            .replacen("b: {run: x}", "«b»: {run: x}", 1)
            .replace("needs: b, pipe", "needs: «b», pipe")
            .replace("steps.b.v", "steps.«b».v"),
    );
    check(&text.replace("steps: {b:", "steps: {«b»:").replace("needs: b, run", "needs: «b», run"));
    check(&text.replacen("{i: {", "{«i»: {", 1).replace("}} {{ inputs.i }}", "}} {{ inputs.«i» }}"));
    check(&text.replace("{i: '", "{«i»: '").replace("x {{ inputs.i }}", "x {{ inputs.«i» }}"));
}

#[test]
fn one_spelling_used_twice_is_one_place() {
    check("x-n: &n «a»\nsteps:\n  «a»: {run: x}\n  b: {needs: *n, run: x}\n  c: {needs: [b, *n], run: x}\n");
}

#[test]
fn anchors_are_no_part_of_names() {
    check("steps:\n  &k «a»: {run: x}\n  b: {needs: &n «a», run: x, if: &c 'steps.«a».visit > 1'}\n");
}

#[test]
fn what_cannot_be_read_is_known_as_such() {
    let unknown = |text: &str| mentions(text).unknown.len();
    assert_eq!(unknown("steps: {a: {run: x, if: 'steps.a ='}}\n"), 1);
    assert_eq!(unknown("steps: {a: {run: x, if: 'inputs[run.id] == 1'}}\n"), 1);
    assert_eq!(unknown("steps: {a: {run: x, if: 'inputs.a == 1'}}\n"), 0);
}
