//! Real files, in a folder of their own for each test.

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

const GREET: &str = "inputs: {to: {type: string}}\nstep: {run: 'echo {{ inputs.to }}'}\n";
const USES: &str = "version: 1\nname: uses\nsteps: {a: {use: greet, with: {to: you}}}\n";
const CHILD: &str =
    "version: 1\nname: child\ninputs: {text: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.text }}'}}\n";
const PARENT: &str = "version: 1\nname: parent\nsteps: {a: {pipeline: {name: child}}}\n";

/// Files by their paths, beneath a folder that is a repository of its own.
fn place(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("makes folders");
        fs::write(path, text).expect("writes");
    }
    folder
}

fn codes(compiled: &Compiled) -> Vec<&str> {
    compiled.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

/// Compiles `text` as the file `at` among others, and compares the codes of what is found.
fn check(files: &[(&str, &str)], at: &str, text: &str, expect: &[&str]) {
    let place = place(files);
    let file = place.path().join(at);
    fs::create_dir_all(file.parent().expect("has a parent")).expect("makes folders");
    let compiled = compile_file(&file, text);
    assert_eq!(codes(&compiled), expect, "{at} among {:?}", files.iter().map(|(file, _)| file).collect::<Vec<_>>());
}

#[test]
fn step_types_are_found_upwards_as_far_as_the_repository_goes() {
    let greet = (".loopline/steps/greet.yaml", GREET);
    check(&[greet], "uses.loopline.yaml", USES, &[]);
    check(&[greet], "deep/er/uses.loopline.yaml", USES, &[]);
    check(&[greet], ".loopline/uses.yaml", USES, &[]);
    check(&[], "uses.loopline.yaml", USES, &["LL0143"]);
    // The nearest folder counts, and it alone.
    check(&[greet, ("deep/.loopline/x", "")], "deep/uses.loopline.yaml", USES, &["LL0143"]);
    check(&[greet, ("inner/.git/x", "")], "inner/uses.loopline.yaml", USES, &["LL0143"]);
    check(&[(".loopline/steps/greet.yml", GREET)], "uses.loopline.yaml", USES, &[]);
    check(
        &[(".loopline/steps/greet.txt", GREET), (".loopline/greet.yaml", GREET)],
        "a.loopline.yaml",
        USES,
        &["LL0143"],
    );
    check(&[(".loopline/steps/greet.yaml", "step: {ran: x}\n")], "uses.loopline.yaml", USES, &["LL0144"]);
    let large = format!("{GREET}# {}", "x".repeat(2 << 20));
    check(&[(".loopline/steps/greet.yaml", large.as_str())], "uses.loopline.yaml", USES, &["LL0144"]);
}

#[test]
fn pipelines_beside_a_file_and_in_our_folder_are_known() {
    let text = PARENT;
    check(&[("child.loopline.yaml", CHILD)], "parent.loopline.yaml", text, &["LL0141"]);
    check(&[("child.loopline.yml", CHILD)], "parent.loopline.yaml", text, &["LL0141"]);
    check(&[(".loopline/any.yaml", CHILD)], "deep/parent.loopline.yaml", text, &["LL0141"]);
    check(&[(".loopline/any.yaml", CHILD)], ".loopline/parent.yaml", text, &["LL0141"]);
    // Others are not looked for, and may be there all the same.
    for elsewhere in
        ["child.yaml", "deep/child.loopline.yaml", ".loopline/deep/child.yaml", ".loopline/child.loopline.test.yaml"]
    {
        check(&[(elsewhere, CHILD)], "parent.loopline.yaml", text, &[]);
    }
    // Of two with one name it is the nearer one.
    let other = CHILD.replace("text", "other");
    let given = PARENT.replace("child}", "child, inputs: {text: x}}");
    check(&[("c.loopline.yaml", CHILD), (".loopline/c.yaml", &other)], "p.loopline.yaml", &given, &[]);
    check(
        &[("c.loopline.yaml", &other), (".loopline/c.yaml", CHILD)],
        "p.loopline.yaml",
        &given,
        &["LL0141", "LL0140"],
    );
    // The text that stands here is the one that runs itself, not the one on disk.
    let own =
        CHILD.replace("run: 'echo {{ inputs.text }}'", "pipeline: {name: child, inputs: {text: '{{ inputs.text }}'}}");
    check(&[("child.loopline.yaml", &other)], "child.loopline.yaml", &own, &[]);
}

#[test]
fn links_that_lead_out_are_not_followed() {
    let outside = place(&[("steps/greet.yaml", GREET), ("child.loopline.yaml", CHILD)]);
    let inside = place(&[(".loopline/steps/own.yaml", GREET)]);
    let path = |file: &str| inside.path().join(file);
    symlink(outside.path().join("steps/greet.yaml"), path(".loopline/steps/greet.yaml")).expect("links");
    symlink(outside.path().join("child.loopline.yaml"), path("child.loopline.yaml")).expect("links");
    symlink(path(".loopline/steps/own.yaml"), path(".loopline/steps/same.yaml")).expect("links");
    let library = Surroundings::default().library(&path("a.loopline.yaml"));
    assert_eq!(Vec::from_iter(library.step_types.keys()), ["own", "same"]);
    assert!(library.pipelines.is_empty() && !library.is_complete, "{library:?}");
    fs::rename(path(".loopline"), path("ours")).expect("renames");
    symlink(outside.path(), path(".loopline")).expect("links");
    assert_eq!(Surroundings::default().library(&path("a.loopline.yaml")), Library::default());
}

#[test]
fn files_that_are_given_together_know_each_other() {
    let (here, there) = (place(&[]), place(&[]));
    let file = |place: &TempDir, file: &str, text: &str| {
        let path = place.path().join(file);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("makes folders");
        fs::write(&path, text).expect("writes");
        (path, text.to_owned())
    };
    let files = [
        file(&here, "parent.loopline.yaml", PARENT),
        file(&here, "uses.loopline.yaml", USES),
        file(&there, "deep/child.loopline.yaml", CHILD),
        file(&there, ".loopline/steps/greet.yaml", GREET),
        file(&there, ".loopline/steps/broken.yaml", "step: {ran: x}\n"),
    ];
    let found: Vec<_> = check_files(&files)
        .iter()
        .map(|checked| {
            let kind = match checked {
                Checked::StepType(_) => "type",
                Checked::Pipeline(_) => "pipeline",
                Checked::Tests(_) => "tests",
            };
            (kind, checked.diagnostics().iter().map(|it| it.code.as_str()).collect::<Vec<_>>().join(" "))
        })
        .collect();
    let expect = [("pipeline", "LL0141"), ("pipeline", ""), ("pipeline", ""), ("type", ""), ("type", "LL0020")];
    assert_eq!(found, expect.map(|(kind, codes)| (kind, codes.to_owned())));
}
