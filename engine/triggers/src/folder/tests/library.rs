//! Pipelines of one folder, and its step types, as each file sees them.

use super::*;
use crate::saving::SaveError;

/// A type that asks for `to`, and writes `word`.
fn greet(word: &str) -> String {
    format!("inputs: {{to: {{type: string}}}}\nstep: {{run: 'echo {word} {{{{ inputs.to }}}}'}}\n")
}

fn uses(name: &str, with: &str) -> String {
    format!("version: 1\nname: {name}\nsteps:\n  a: {{use: greet, with: {with}}}\n")
}

/// A pipeline that asks for `input`.
fn child(name: &str, input: &str) -> String {
    format!(
        "version: 1\nname: {name}\ninputs: {{{input}: {{type: string}}}}\nsteps: {{a: {{run: 'echo {{{{ inputs.{input} }}}}'}}}}\n"
    )
}

/// A pipeline that runs another.
fn parent(name: &str, child: &str, inputs: &str) -> String {
    format!("version: 1\nname: {name}\nsteps: {{a: {{pipeline: {{name: {child}, inputs: {inputs}}}}}}}\n")
}

fn codes_of(pipelines: &Pipelines, name: &str) -> String {
    pipelines.get(name).map(|file| codes(file).join(" ")).unwrap_or("not there".to_owned())
}

/// Summary of the first step of what runs.
fn runs(pipelines: &Pipelines, name: &str) -> (String, String) {
    let runnable = pipelines.get(name).and_then(|file| file.runnable.clone()).expect("can be run");
    let script = match &runnable.graph.steps[0].action {
        loopline_core::graph::Action::Run(run) => run.script.source().to_owned(),
        other => other.kind().to_owned(),
    };
    (script, runnable.digest.clone())
}

#[tokio::test]
async fn a_changed_step_type_changes_what_uses_it_and_nothing_else() {
    let place = Place::new();
    place.write(".loopline/steps/greet.yaml", &greet("hello"));
    place.write("a.loopline.yaml", &uses("a", "{to: world}"));
    place.write("b.loopline.yaml", &text("b", "x"));
    let folder = place.open().await;
    let before = folder.pipelines();
    assert_eq!((names(&before), codes_of(&before, "a")), (vec!["a", "b"], String::new()));
    assert_eq!(runs(&before, "a").0, "echo hello {{ inputs.to }}");
    place.write(".loopline/steps/greet.yaml", &greet("good day"));
    let after = until(&folder, |now| runs(now, "a").0.contains("good day")).await;
    assert_ne!(runs(&before, "a").1, runs(&after, "a").1);
    let compiled = |pipelines: &Pipelines, name| Arc::clone(&pipelines.get(name).expect("is there").compiled);
    assert!(Arc::ptr_eq(&compiled(&before, "b"), &compiled(&after, "b")), "it uses nothing that has changed");
    // A type that nobody uses is known to those who write texts.
    place.write(".loopline/steps/other.yml", &greet("x"));
    let now = until(&folder, |now| now.library().step_types.contains_key("other")).await;
    assert!(Arc::ptr_eq(&compiled(&after, "a"), &compiled(&now, "a")));
}

#[tokio::test]
async fn a_pipeline_whose_step_type_breaks_runs_as_it_did() {
    let place = Place::new();
    place.write("a.loopline.yaml", &uses("a", "{to: world}"));
    let folder = place.open().await;
    assert_eq!(codes_of(&folder.pipelines(), "a"), "LL0143");
    assert!(folder.pipelines().get("a").is_some_and(|file| file.runnable.is_none()));
    place.write(".loopline/steps/greet.yaml", &greet("hello"));
    let good = until(&folder, |now| codes_of(now, "a").is_empty()).await;
    for (step_type, code) in [
        ("step: {ran: x}\n", "LL0144"),
        ("inputs: {of: {type: string}}\nstep: {run: 'echo {{ inputs.of }}'}\n", "LL0141 LL0140"),
        ("[", "LL0144"),
    ] {
        place.write(".loopline/steps/greet.yaml", step_type);
        let now = until(&folder, |now| codes_of(now, "a") == code).await;
        assert_eq!(runs(&now, "a"), runs(&good, "a"));
    }
    fs::remove_dir_all(place.path(".loopline")).expect("removes");
    let now = until(&folder, |now| codes_of(now, "a") == "LL0143").await;
    assert_eq!(runs(&now, "a"), runs(&good, "a"));
}

#[tokio::test]
async fn pipelines_of_a_folder_know_what_the_others_ask_for() {
    let place = Place::new();
    place.write("parent.loopline.yaml", &parent("parent", "child", "{text: x}"));
    place.write("deep/child.loopline.yaml", &child("child", "text"));
    let folder = place.open().await;
    assert_eq!(codes_of(&folder.pipelines(), "parent"), "");
    place.write("deep/child.loopline.yaml", &child("child", "message"));
    let now = until(&folder, |now| codes_of(now, "parent") == "LL0141 LL0140").await;
    assert_eq!(runs(&now, "parent").0, "pipeline", "it runs as it did");
    // What a text asks for while it is broken is what the version asks for that runs.
    place.write("deep/child.loopline.yaml", &child("child", "text").replace("run:", "ran:"));
    place.write("parent.loopline.yaml", &parent("parent", "child", "{message: x}"));
    until(&folder, |now| codes_of(now, "parent").is_empty() && !codes_of(now, "child").is_empty()).await;
    fs::remove_file(place.path("deep/child.loopline.yaml")).expect("removes");
    until(&folder, |now| codes_of(now, "parent") == "LL0145").await;
}

#[tokio::test]
async fn pipelines_of_a_folder_know_what_the_others_give_back() {
    let place = Place::new();
    let child = |gives: &str, is: &str| {
        format!(
            "version: 1\nname: child\nsteps: {{a: {{run: x, outputs: {{v: {{type: {is}}}}}}}}}\noutputs: {{{gives}: steps.a.outputs.v}}\n"
        )
    };
    let parent = "version: 1\nname: parent\nsteps: {a: {pipeline: {name: child}}, b: {needs: a, if: steps.a.outputs.n > 1, run: x}}\n";
    place.write("parent.loopline.yaml", parent);
    place.write("child.loopline.yaml", &child("n", "integer"));
    let folder = place.open().await;
    assert_eq!(codes_of(&folder.pipelines(), "parent"), "");
    place.write("child.loopline.yaml", &child("n", "string"));
    until(&folder, |now| codes_of(now, "parent") == "LL0120").await;
    place.write("child.loopline.yaml", &child("m", "integer"));
    until(&folder, |now| codes_of(now, "parent") == "LL0088").await;
    // What a text gives while it is broken is what the version gives that runs, whatever type that has.
    place.write("child.loopline.yaml", "version: 1\nname: child\nsteps: {a: {ran: x}}\n");
    until(&folder, |now| !codes_of(now, "child").is_empty()).await;
    assert_eq!(codes_of(&folder.pipelines(), "parent"), "LL0088");
    place.write("child.loopline.yaml", &child("n", "integer"));
    until(&folder, |now| codes_of(now, "parent").is_empty()).await;
}

#[tokio::test]
async fn a_trigger_by_a_pipeline_is_looked_up_in_the_folder() {
    let place = Place::new();
    place.write("a.loopline.yaml", "version: 1\nname: a\ntriggers: {pipeline: [{name: b}]}\nsteps: {a: {run: x}}\n");
    let folder = place.open().await;
    assert_eq!(codes_of(&folder.pipelines(), "a"), "LL0160");
    assert!(folder.pipelines().get("a").is_some_and(|file| file.runnable.is_some()), "a warning stops nothing");
    place.write("b.loopline.yaml", &child("b", "text"));
    until(&folder, |now| codes_of(now, "a").is_empty()).await;
}

#[tokio::test]
async fn nothing_is_said_of_a_missing_pipeline_while_some_file_may_be_it() {
    let place = Place::new();
    place.write("parent.loopline.yaml", &parent("parent", "chld", "{}"));
    place.write("child.loopline.yaml", "name: [");
    let folder = place.open().await;
    assert_eq!(codes_of(&folder.pipelines(), "parent"), "");
    place.write("child.loopline.yaml", &child("child", "text"));
    until(&folder, |now| codes_of(now, "parent") == "LL0145").await;
}

#[tokio::test]
async fn pipelines_may_run_themselves_and_each_other() {
    let place = Place::new();
    place.write("a.loopline.yaml", &parent("a", "a", "{}"));
    place.write("b.loopline.yaml", &parent("b", "c", "{}"));
    place.write("c.loopline.yaml", &parent("c", "b", "{}"));
    let folder = place.open().await;
    let now = folder.pipelines();
    let found: Vec<_> = now.files().map(|file| (codes(file).join(" "), file.runnable.is_some())).collect();
    assert_eq!(found, [const { (String::new(), true) }; 3]);
}

#[tokio::test]
async fn all_yaml_beneath_our_folder_is_pipelines_but_for_the_step_types() {
    let files = [
        (".loopline/deploy.yaml", text("deploy", "x")),
        (".loopline/deep/odd.yaml", "version: 1\n".to_owned()),
        (".loopline/steps/greet.yaml", greet("hello")),
        (".loopline/steps/steps.loopline.yaml", text("steps", "x")),
        (".loopline/steps/Bad Name.yaml", greet("x")),
        (".other/hidden.loopline.yaml", text("hidden", "x")),
        ("steps/plain.yaml", text("plain", "x")),
    ];
    let place = Place::new();
    files.iter().for_each(|(file, text)| place.write(file, text));
    let folder = place.open().await;
    assert_eq!(names(&folder.pipelines()), ["deploy", "odd", "plain"]);
    assert_eq!(Vec::from_iter(folder.pipelines().library().step_types.keys()), ["greet"]);
    // So it is where that folder itself is watched.
    let ours = Folder::open(place.path(".loopline")).await.expect("opens");
    assert_eq!(names(&ours.pipelines()), ["deploy", "odd"]);
    assert_eq!(Vec::from_iter(ours.pipelines().library().step_types.keys()), ["greet"]);
}

#[tokio::test]
async fn step_types_outside_of_the_folder_are_not_read() {
    let outside = Place::new();
    outside.write("steps/greet.yaml", &greet("hello"));
    let place = Place::new();
    place.write(".loopline/steps/own.yaml", &greet("own"));
    symlink(outside.path("steps/greet.yaml"), place.path(".loopline/steps/greet.yaml")).expect("links");
    symlink(place.path(".loopline/steps/own.yaml"), place.path(".loopline/steps/same.yaml")).expect("links");
    let folder = place.open().await;
    assert_eq!(Vec::from_iter(folder.pipelines().library().step_types.keys()), ["own", "same"]);
    fs::remove_dir_all(place.path(".loopline/steps")).expect("removes");
    symlink(outside.path("steps"), place.path(".loopline/steps")).expect("links");
    let now = until(&folder, |now| now.library().step_types.is_empty()).await;
    assert!(now.library().is_complete);
}

#[tokio::test]
async fn a_text_is_checked_among_the_others_before_it_is_stored() {
    let place = Place::new();
    place.write(".loopline/steps/greet.yaml", &greet("hello"));
    place.write("child.loopline.yaml", &child("child", "text"));
    let folder = place.open().await;
    for (yaml, expect) in [
        (uses("new", "{to: world}"), ""),
        (uses("new", "{}"), "LL0141"),
        (uses("new", "{to: world}").replace("greet", "great"), "LL0143"),
        (parent("new", "child", "{text: x}"), ""),
        (parent("new", "child", "{}"), "LL0141"),
        (parent("new", "chld", "{}"), "LL0145"),
        (parent("new", "new", "{}"), ""),
    ] {
        let etag = folder.pipelines().get("new").map(|file| file.etag.clone());
        let precondition = etag.map_or(Precondition::New, Precondition::Version);
        let found = match folder.save("new", &yaml, precondition).await {
            Ok(saved) => codes(&saved).join(" "),
            Err(SaveError::Invalid(found)) => found.iter().map(|it| it.code.as_str()).collect::<Vec<_>>().join(" "),
            Err(other) => other.to_string(),
        };
        assert_eq!(found, expect, "{yaml}");
    }
}

#[tokio::test]
async fn a_circle_of_triggers_is_told_to_each_and_gone_when_one_is_taken_away() {
    let place = Place::new();
    let started = |name: &str, by: &str| {
        format!("version: 1\nname: {name}\ntriggers: {{pipeline: [{{name: {by}}}]}}\nsteps: {{a: {{run: x}}}}\n")
    };
    place.write("a.loopline.yaml", &started("a", "c"));
    place.write("b.loopline.yaml", &started("b", "default/a"));
    place.write("c.loopline.yaml", &started("c", "b"));
    let folder = place.open().await;
    let now = folder.pipelines();
    for (name, circle) in [("a", "`a` → `b` → `c` → `a`"), ("b", "`b` → `c` → `a` → `b`")] {
        let file = now.get(name).unwrap();
        let [found] = file.compiled.diagnostics.as_slice() else { panic!("{:?}", file.compiled.diagnostics) };
        assert!(found.message.ends_with(circle), "{}", found.message);
    }
    // `a` does not name `b`: it is looked at anew because its circle is another one now.
    place.write("b.loopline.yaml", &child("b", "text"));
    until(&folder, |now| ["a", "b", "c"].iter().all(|name| codes_of(now, name).is_empty())).await;
}
