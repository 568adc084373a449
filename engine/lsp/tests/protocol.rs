//! The protocol, over a connection in memory, and once over the standard input and output of a process.
#![allow(clippy::unwrap_used)]

mod editor;

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use editor::{Editor, FILE, item, range};
use loopline_dsl::Library;
use loopline_lsp::Ended;
use lsp_server::{Message, Notification, Request};
use serde_json::{Value as Json, json};

const GOOD: &str = "version: 1\nname: p\nsteps:\n  a: {run: x}\n  b: {needs: a, run: x}\n";

fn request(id: i32, method: &str, params: Json) -> Message {
    Request { id: id.into(), method: method.to_owned(), params }.into()
}

fn notification(method: &str, params: Json) -> Message {
    Notification { method: method.to_owned(), params }.into()
}

#[test]
fn columns_are_counted_as_the_editor_can() {
    let check = |capabilities: Json, expect: &str, column: u32| {
        let (mut editor, answer) = Editor::with_capabilities(capabilities);
        assert_eq!(answer["capabilities"]["positionEncoding"], expect);
        assert_eq!(answer["serverInfo"]["name"], "loopline");
        editor.open("name: p\nsteps: {a: {run: '😀', zzz: 1}}\n");
        let (_, diagnostics) = editor.diagnostics();
        assert_eq!(diagnostics[0]["range"]["start"], json!({"line": 1, "character": column}));
    };
    check(json!({}), "utf-16", 23);
    check(json!({"general": {"positionEncodings": ["utf-16"]}}), "utf-16", 23);
    check(json!({"general": {"positionEncodings": ["utf-8", "utf-16"]}}), "utf-8", 25);
}

#[test]
fn findings_are_told_when_a_text_is_opened_and_changed_and_taken_back_when_it_is_closed() {
    let mut editor = Editor::new();
    editor.open(GOOD);
    assert_eq!(editor.diagnostics(), (json!(1), Vec::new()));
    editor.change(2, range((4, 13), (4, 14)), "zz");
    let (version, diagnostics) = editor.diagnostics();
    assert_eq!(version, 2);
    let [found] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
    assert_eq!(found["range"], range((4, 13), (4, 15)));
    assert_eq!(
        (&found["code"], &found["severity"], &found["source"]),
        (&json!("LL0012"), &json!(1), &json!("loopline"))
    );
    assert!(found["message"].as_str().unwrap().starts_with("step `b` needs `zz`, which does not exist\n"));
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": FILE}}));
    assert_eq!(editor.diagnostics(), (Json::Null, Vec::new()));
    assert_eq!(editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": FILE}})), Ok(Json::Null));
}

#[test]
fn a_finding_has_its_help_its_severity_and_its_other_places() {
    let mut editor = Editor::new();
    editor.open("name: p\nname: q\ninputs: {who: {type: string}}\nsteps: {a: {rnu: x}}\n");
    let (_, diagnostics) = editor.diagnostics();
    let of = |code: &str| diagnostics.iter().find(|found| found["code"] == code).unwrap_or_else(|| panic!("{code}"));
    let twice = &of("LL0006")["relatedInformation"][0];
    assert_eq!((&twice["message"], &twice["location"]["range"]), (&json!("first here"), &range((0, 0), (0, 4))));
    assert_eq!(of("LL0020")["message"], "a step has no key `rnu`\ndid you mean `run`?");
    editor.change(2, range((1, 0), (4, 0)), "inputs: {who: {type: string}}\nsteps: {a: {run: x}}\n");
    let (_, diagnostics) = editor.diagnostics();
    assert_eq!((&diagnostics[0]["code"], &diagnostics[0]["severity"]), (&json!("LL0052"), &json!(4)));
}

#[test]
fn only_the_newest_version_is_compiled() {
    let mut messages = vec![
        request(1, "initialize", json!({"capabilities": {}})),
        notification("initialized", json!({})),
        notification("textDocument/didOpen", json!({"textDocument": item(FILE, 1, GOOD)})),
    ];
    for version in 2..100 {
        let change = json!({"range": range((1, 6), (1, 7)), "text": "p"});
        let params = json!({"textDocument": {"uri": FILE, "version": version}, "contentChanges": [change]});
        messages.push(notification("textDocument/didChange", params));
    }
    let mut editor = Editor::with_messages(messages);
    editor.answer_to(&1.into()).unwrap();
    assert_eq!(editor.diagnostics(), (json!(99), Vec::new()));
}

#[test]
fn changes_are_made_in_units_of_utf_16() {
    let mut editor = Editor::new();
    editor.open("name: p\nsteps: {a: {run: '😀é'}}\n");
    assert_eq!(editor.diagnostics().1, Vec::<Json>::new());
    editor.change(2, range((1, 20), (1, 21)), "x', zzz: '😀");
    let (_, diagnostics) = editor.diagnostics();
    assert_eq!(diagnostics[0]["range"], range((1, 24), (1, 27)));
    editor.change(3, range((1, 24), (1, 27)), "name");
    assert_eq!(editor.diagnostics(), (json!(3), Vec::new()));
}

#[test]
fn a_completion_can_be_taken_as_it_is() {
    let mut editor = Editor::new();
    let marked = "name: p\nsteps:\n  a: {run: x}\n  😀: {needs: «";
    let items = editor.ask_at("textDocument/completion", marked, json!({})).unwrap();
    let step = items.as_array().unwrap().iter().find(|item| item["label"] == "a").expect("the step");
    assert_eq!(step["textEdit"], json!({"range": range((3, 14), (3, 14)), "newText": "a"}));
    let items = editor.ask_at("textDocument/completion", "name: p\nsteps:\n  a:\n    ht«", json!({})).unwrap();
    let key = items.as_array().unwrap().iter().find(|item| item["label"] == "http").expect("the key");
    assert_eq!(key["textEdit"], json!({"range": range((3, 4), (3, 6)), "newText": "http:\n      "}));
    assert_eq!((&key["insertTextMode"], &key["documentation"]["kind"]), (&json!(1), &json!("markdown")));
}

#[test]
fn an_editor_that_indents_by_itself_gets_one_line() {
    let (mut editor, _) = Editor::with_capabilities(json!({}));
    let items = editor.ask_at("textDocument/completion", "name: p\nsteps:\n  a:\n    ht«", json!({})).unwrap();
    let key = items.as_array().unwrap().iter().find(|item| item["label"] == "http").expect("the key");
    assert_eq!(key["textEdit"]["newText"], "http:");
}

#[test]
fn words_are_explained_and_lead_to_where_they_are_declared() {
    let mut editor = Editor::new();
    let marked = GOOD.replace("needs: a", "needs: «a");
    let hover = editor.ask_at("textDocument/hover", &marked, json!({})).unwrap();
    assert_eq!(hover["range"], range((4, 13), (4, 14)));
    assert_eq!(hover["contents"], json!({"kind": "markdown", "value": "**a** (`run`)\n\n`x`"}));
    let definition = editor.ask_at("textDocument/definition", &marked, json!({})).unwrap();
    assert_eq!(definition, json!([{"uri": FILE, "range": range((3, 2), (3, 3))}]));
    let both = json!({"context": {"includeDeclaration": true}});
    let references = editor.ask_at("textDocument/references", &marked, both).unwrap();
    assert_eq!(references.as_array().map(Vec::len), Some(2));
    let nothing = editor.ask_at("textDocument/hover", "na«me: p\n", json!({})).unwrap();
    assert!(nothing["contents"]["value"].as_str().unwrap().starts_with("Name of the pipeline"));
    assert_eq!(editor.ask_at("textDocument/hover", "name: p«\n", json!({})), Ok(Json::Null));
}

#[test]
fn a_rename_is_edits_or_a_sentence() {
    let mut editor = Editor::new();
    let marked = GOOD.replace("needs: a", "needs: «a");
    let prepared = editor.ask_at("textDocument/prepareRename", &marked, json!({})).unwrap();
    assert_eq!(prepared, json!({"range": range((4, 13), (4, 14)), "placeholder": "a"}));
    let renamed = editor.ask_at("textDocument/rename", &marked, json!({"newName": "build"})).unwrap();
    let [change] = renamed["documentChanges"].as_array().unwrap().as_slice() else { panic!("{renamed}") };
    assert_eq!(change["textDocument"], json!({"uri": FILE, "version": 1}));
    let edit = |place| json!({"range": place, "newText": "build"});
    assert_eq!(change["edits"], json!([edit(range((3, 2), (3, 3))), edit(range((4, 13), (4, 14)))]));
    let refused = editor.ask_at("textDocument/rename", &marked, json!({"newName": "b"}));
    assert_eq!(refused, Err((-32803, "There is `b` already.".to_owned())));
    let refused = editor.ask_at("textDocument/prepareRename", "name: «p\n", json!({}));
    assert_eq!(refused, Err((-32803, "Nothing that can be renamed stands here.".to_owned())));
    let (mut plain, _) = Editor::with_capabilities(json!({}));
    let renamed = plain.ask_at("textDocument/rename", &marked, json!({"newName": "build"})).unwrap();
    assert_eq!(renamed["changes"][FILE].as_array().map(Vec::len), Some(2));
}

#[test]
fn symbols_are_a_tree_or_a_list() {
    let check = |mut editor: Editor, expect: Json| {
        editor.open(GOOD);
        let symbols = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": FILE}})).unwrap();
        let names = |list: &Json| list.as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
        assert_eq!(
            json!([names(&symbols), symbols[0].get("children").map(names), symbols[1]["containerName"]]),
            expect
        );
    };
    check(Editor::new(), json!([["steps"], ["a", "b"], null]));
    check(Editor::with_capabilities(json!({})).0, json!([["steps", "a", "b"], null, "steps"]));
}

#[test]
fn findings_are_mended_one_by_one_or_all_at_once() {
    let mut editor = Editor::new();
    editor.open("name: p\nsteps:\n  a: {rnu: x, allow_failure: yes}\n");
    let mut actions = |place: Json, only: Json| {
        let params =
            json!({"textDocument": {"uri": FILE}, "range": place, "context": {"diagnostics": [], "only": only}});
        editor.ask("textDocument/codeAction", params).unwrap().as_array().unwrap().clone()
    };
    let fixes = actions(range((2, 6), (2, 6)), json!(["quickfix"]));
    let [fix] = fixes.as_slice() else { panic!("{fixes:?}") };
    assert_eq!((&fix["title"], &fix["isPreferred"]), (&json!("Change to `run`"), &json!(true)));
    assert_eq!(fix["diagnostics"][0]["code"], "LL0020");
    assert_eq!(fix["edit"]["documentChanges"][0]["edits"], json!([{"range": range((2, 6), (2, 9)), "newText": "run"}]));
    let all = actions(range((0, 0), (0, 0)), json!(["source"]));
    let [all] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(all["kind"], "source.fixAll");
    let mended = json!([{"range": range((2, 0), (3, 0)), "newText": "  a: {run: x, allow_failure: true}\n"}]);
    assert_eq!(all["edit"]["documentChanges"][0]["edits"], mended);
    assert_eq!(actions(range((0, 0), (0, 0)), json!(["refactor"])), Vec::<Json>::new());
    assert_eq!(actions(range((0, 0), (3, 0)), Json::Null).len(), 2);
}

#[test]
fn a_text_gets_its_layout_or_is_left_alone() {
    let mut editor = Editor::new();
    let mut edits = |text: &str| {
        editor.open(text);
        let options = json!({"tabSize": 4, "insertSpaces": true});
        editor.ask("textDocument/formatting", json!({"textDocument": {"uri": FILE}, "options": options})).unwrap()
    };
    assert_eq!(
        edits("name:   p\nsteps: {a: {run: x}}\n"),
        json!([{"range": range((0, 0), (1, 0)), "newText": "name: p\n"}])
    );
    assert_eq!(edits("name: p\nsteps: {a: {run: x}}\n"), json!([]));
    assert_eq!(edits("name: [p\n"), Json::Null);
}

#[test]
fn files_that_are_no_pipelines_are_left_alone() {
    let mut editor = Editor::new();
    let other = "file:///x/compose.yaml";
    editor.tell("textDocument/didOpen", json!({"textDocument": item(other, 1, "a: [")}));
    let params = json!({"textDocument": {"uri": other}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.ask("textDocument/completion", params), Ok(Json::Null));
    // The first thing that is told is about the pipeline.
    editor.open(GOOD);
    assert_eq!(editor.diagnostics(), (json!(1), Vec::new()));
}

#[test]
fn what_stands_around_a_file_is_read_when_it_is_opened_and_when_files_change() {
    let types = Arc::new(Mutex::new(vec!["upload"]));
    let library_of = {
        let types = Arc::clone(&types);
        move |path: &Path| {
            assert_eq!(path, Path::new("/x/release.loopline.yaml"));
            let named = |name: &&str| ((*name).to_owned(), "step: {run: x}\n".to_owned());
            Library { step_types: types.lock().unwrap().iter().map(named).collect(), ..Library::default() }
        }
    };
    let mut editor = Editor::among(
        vec![request(
            1,
            "initialize",
            json!({"capabilities": {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}}}),
        )],
        Arc::new(library_of),
    );
    editor.answer_to(&1.into()).unwrap();
    editor.tell("initialized", json!({}));
    assert_eq!(editor.asked(), "client/registerCapability");
    editor.open("name: p\nsteps: {a: {use: notify}}\n");
    assert_eq!(editor.diagnostics().1[0]["code"], "LL0143");
    types.lock().unwrap().push("notify");
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": []}));
    assert_eq!(editor.diagnostics(), (json!(1), Vec::new()));
    let at = json!({"textDocument": {"uri": FILE}, "position": {"line": 1, "character": 17}});
    let items = editor.ask("textDocument/completion", at).unwrap();
    let labels: Vec<_> = items.as_array().unwrap().iter().map(|item| item["label"].clone()).collect();
    assert_eq!(labels, ["notify", "upload"]);
}

#[test]
fn what_cannot_be_answered_is_refused_and_the_next_is_answered() {
    let mut editor = Editor::new();
    editor.open(GOOD);
    let code = |answer: Result<Json, (i32, String)>| answer.expect_err("a refusal").0;
    assert_eq!(code(editor.ask("textDocument/unheardOf", json!({}))), -32601);
    for method in
        ["completion", "hover", "definition", "references", "rename", "prepareRename", "documentSymbol", "codeAction"]
    {
        for params in
            [json!(null), json!([]), json!({"textDocument": 1}), json!({"textDocument": {"uri": "::"}, "position": -1})]
        {
            assert_eq!(code(editor.ask(&format!("textDocument/{method}"), params)), -32602, "{method}");
        }
        let far = json!({"line": 4_000_000_000_u32, "character": 4_000_000_000_u32});
        let params = json!({
            "textDocument": {"uri": FILE}, "position": far, "newName": "x", "context": {"includeDeclaration": true, "diagnostics": []},
            "range": {"start": far, "end": far},
        });
        let _ = editor.ask(&format!("textDocument/{method}"), params);
    }
    editor.tell("textDocument/didChange", json!({"textDocument": {"uri": FILE}}));
    editor.tell("textDocument/didOpen", json!("x"));
    editor.tell("unheardOf", json!({}));
    assert!(editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": FILE}})).unwrap().is_array());
}

#[test]
fn a_request_that_was_taken_back_is_not_worked_on() {
    let at = json!({"textDocument": {"uri": FILE}, "position": {"line": 0, "character": 0}});
    let mut editor = Editor::with_messages(vec![
        request(1, "initialize", json!({"capabilities": {}})),
        notification("textDocument/didOpen", json!({"textDocument": item(FILE, 1, GOOD)})),
        request(2, "textDocument/hover", at.clone()),
        request(3, "textDocument/hover", at),
        notification("$/cancelRequest", json!({"id": 2})),
    ]);
    assert!(editor.answer_to(&1.into()).is_ok());
    assert_eq!(editor.answer_to(&2.into()).expect_err("cancelled").0, -32800);
    assert!(editor.answer_to(&3.into()).is_ok());
}

#[test]
fn nothing_is_answered_before_the_introduction() {
    let mut editor = Editor::with_messages(vec![request(1, "textDocument/hover", json!({}))]);
    assert_eq!(editor.answer_to(&1.into()).expect_err("too early").0, -32002);
    assert!(editor.ask("initialize", json!({"capabilities": {}})).is_ok());
}

#[test]
fn an_editor_leaves_in_order_or_not() {
    let orderly = |editor: &mut Editor| {
        assert_eq!(editor.ask("shutdown", Json::Null), Ok(Json::Null));
        assert_eq!(editor.ask("textDocument/hover", json!({})).expect_err("too late").0, -32600);
        editor.tell("exit", Json::Null);
    };
    assert_eq!(Editor::new().leave(orderly), Ended::Orderly);
    assert_eq!(Editor::new().leave(|editor| editor.tell("exit", Json::Null)), Ended::Abruptly);
    assert_eq!(Editor::new().leave(|_| {}), Ended::Abruptly);
    assert_eq!(Editor::with_messages(Vec::new()).leave(|_| {}), Ended::Abruptly);
}

#[test]
fn the_server_speaks_over_standard_input_and_output() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_loopline-lsp"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut input = server.stdin.take().expect("its input");
    let mut output = BufReader::new(server.stdout.take().expect("its output"));
    for message in [
        request(1, "initialize", json!({"capabilities": {}})),
        notification("initialized", json!({})),
        notification("textDocument/didOpen", json!({"textDocument": item(FILE, 1, "name: p\nsteps: {a: {rnu: x}}\n")})),
    ] {
        message.write(&mut input).unwrap();
    }
    let mut read = || Message::read(&mut output).unwrap().expect("a message");
    assert!(matches!(read(), Message::Response(response) if response.response_result.is_ok()));
    let Message::Notification(told) = read() else { panic!("diagnostics are told") };
    assert_eq!(told.params["diagnostics"][0]["code"], "LL0020");
    request(2, "shutdown", Json::Null).write(&mut input).unwrap();
    assert!(matches!(read(), Message::Response(response) if response.response_result.is_ok()));
    notification("exit", Json::Null).write(&mut input).unwrap();
    input.flush().unwrap();
    assert!(server.wait().expect("it ends").success());
}
