//! Every rule of the language reference is shown: by two cases in `tests/conformance` at least, one of them where it bites.
//!
//! What no case of a pipeline can show (kills, processes, disks) is shown by tests, which are named here and looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Tests that show a rule where no data file can.
const ELSEWHERE: [(&str, &str, &str); 27] = [
    ("T1", "dsl-schema/tests/limits.rs", "alias_bombs"),
    ("T6", "dsl-schema/tests/meaning.rs", "spelling_does_not_change_the_digest"),
    ("S2", "tests/cli.rs", "a_key_that_cannot_run_yet_is_refused_by_name_when_the_run_starts"),
    ("S5", "engine/worker/tests/worker/script.rs", "the_environment_is_an_allow_list"),
    ("S7", "engine/worker/tests/worker/script.rs", "each_run_has_a_workspace_of_its_own_where_that_is_wanted"),
    ("X3", "engine/core/tests/expr_shells.rs", "every_value_arrives_byte_for_byte_and_is_not_run"),
    ("X6", "engine/core/tests/expr_limits.rs", "the_most_expensive_expressions_end_in_time"),
    ("G9", "dsl-schema/tests/termination/main.rs", "every_run_ends_within_its_bounds"),
    ("M2", "tests/children.rs", "a_child_outlives_kills_and_is_told_to_its_parent"),
    ("M4", "tests/groups.rs", "a_lock_is_never_held_twice_whatever_is_killed"),
    ("W1", "engine/server/src/tests.rs", "a_decision_names_the_visit_that_was_seen"),
    ("W3", "tests/deterministic/mod.rs", "nothing_is_lost_doubled_or_stuck_whatever_fails"),
    ("P1", "engine/store/src/sqlite/tests.rs", "a_commit_is_flushed_to_disk_before_it_is_acknowledged"),
    ("P1", "engine/store/src/sqlite/tests.rs", "what_was_acknowledged_is_in_the_files_without_a_clean_end"),
    ("P1", "tests/crash.rs", "a_looping_run_survives_sigkill_at_random_moments"),
    ("P2", "tests/conformance.rs", "every_case_runs_as_its_rule_says_and_replays_the_same"),
    ("P2", "tests/histories.rs", "recorded_histories_are_read_as_they_were_meant"),
    ("P2", "engine/server/src/tests.rs", "every_moment_of_the_past_is_shown_as_it_was"),
    ("P3", "engine/worker/tests/worker/restart.rs", "what_outlived_its_engine_is_ended_and_lost"),
    ("P3", "engine/worker/tests/worker/restart.rs", "an_attempt_that_began_is_not_begun_again"),
    ("P4", "engine/worker/tests/worker/ending.rs", "a_storm_of_daemons_is_ended_to_the_last"),
    ("P4", "engine/worker/tests/worker/ending.rs", "a_pipe_that_a_stranger_holds_open_does_not_hold_up_the_step"),
    ("P4", "engine/worker/tests/worker/ending.rs", "a_timeout_ends_the_whole_tree_and_keeps_what_was_written"),
    ("P5", "engine/worker/tests/worker/volume.rs", "fifty_megabytes_of_output_need_no_memory"),
    ("P5", "engine/core/tests/many_items.rs", "ten_times_the_items_cost_about_ten_times_as_much"),
    ("P6", "engine/store/src/sqlite/tests.rs", "sqlite_keeps_what_a_journal_promises"),
    ("P6", "engine/store/src/memory.rs", "memory_keeps_what_a_journal_promises"),
];

/// Rules about keys that an engine refuses to run, each with the key. Whoever makes the key run writes the cases.
const OF_KEYS_FOR_LATER: [(&str, &str); 1] = [("W6", "triggers.webhook")];

/// Words behind `acts:` or `expect:` of a run case: something is refused, cut off or ends badly.
const BITES: [&str; 8] = ["refused:", "failed", "skipped", "cancelled", "superseded", "exhausted", "undo", "visit: 2"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rules that the generated reference states.
fn stated() -> BTreeSet<String> {
    let pages = std::fs::read_dir(root().join("docs/language")).unwrap().map(|entry| entry.unwrap().path());
    let texts = pages.filter(|path| path.extension().is_some_and(|ending| ending == "md")).map(|path| read(&path));
    let marks = |text: String| -> Vec<String> {
        let marks = text.split("</a>(**").skip(1).filter_map(|rest| rest.split_once("**)"));
        marks.map(|(rule, _)| rule.to_owned()).collect()
    };
    texts.flat_map(marks).collect()
}

/// What shows a rule: where, and whether it bites there.
type Shown = (String, bool);

fn cases() -> BTreeMap<String, Vec<Shown>> {
    let mut all: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    for folder in ["compile", "run", "format"] {
        for entry in std::fs::read_dir(root().join("tests/conformance").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let rule = name.split('-').next().unwrap_or_default().to_owned();
            let bites = match folder {
                "compile" => path.join("bad.yaml").exists() || path.join("bad.step-type.yaml").exists(),
                // A text that is not as it should be is what the formatter is for.
                "format" => read(&path.join("in.yaml")) != read(&path.join("out.yaml")),
                _ => {
                    let text = read(&path);
                    let from = text.find("\nacts:").or(text.find("\nexpect:")).unwrap_or(0);
                    BITES.iter().any(|word| text[from..].contains(word))
                }
            };
            all.entry(rule).or_default().push((format!("{folder}/{name}"), bites));
        }
    }
    all
}

#[test]
fn every_rule_has_two_cases_and_bites_in_one() {
    let rules = stated();
    assert!(rules.len() >= 54, "rules went missing from the reference: {rules:?}");
    let cases = cases();
    let mut wrong = Vec::new();
    for rule in rules.iter().filter(|rule| OF_KEYS_FOR_LATER.iter().all(|(later, _)| later != rule)) {
        let shown = cases.get(rule).map(Vec::as_slice).unwrap_or_default();
        let tests = ELSEWHERE.iter().filter(|(of, ..)| of == rule).count();
        if shown.len() + tests < 2 {
            wrong.push(format!("{rule} is shown by {shown:?} and {tests} tests, that is not twice"));
        }
        // The tests named here are about failures, one and all.
        if tests == 0 && !shown.iter().any(|(_, bites)| *bites) {
            wrong.push(format!("{rule} bites in none of {shown:?}"));
        }
    }
    let is_code = |name: &str| name.strip_prefix("LL").is_some_and(|number| number.parse::<u16>().is_ok());
    let unknown = cases.iter().filter(|(rule, _)| !rules.contains(*rule) && !is_code(rule) && *rule != "shapes");
    wrong.extend(unknown.map(|(rule, shown)| format!("no page states {rule}: {shown:?}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tests_that_show_rules_exist() {
    for (rule, file, test) in ELSEWHERE {
        let text = read(&root().join(file));
        let (before, _) =
            text.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("{rule}: {file}: no {test}"));
        // The nearest attribute above it makes it a test; in `proptest!` doc comments may stand between.
        let attributes: Vec<_> =
            before.lines().rev().skip_while(|line| line.trim_start().starts_with("async")).take(4).collect();
        assert!(
            attributes.iter().any(|line| line.contains("test]")),
            "{rule}: {file}: {test} is no test: {attributes:?}"
        );
    }
}

#[test]
fn rules_of_keys_for_later_wait_for_their_keys() {
    let text =
        "version: 1\nname: p\ntriggers: {webhook: [{provider: github, events: [push]}]}\nsteps: {a: {run: make}}\n";
    let graph = loopline_dsl::compile(text).graph.expect("keys for later compile");
    for (rule, key) in OF_KEYS_FOR_LATER {
        let required = graph
            .requires
            .iter()
            .any(|required| required.feature == key || required.pointer.ends_with(&key.replace('.', "/")));
        assert!(required, "`{key}` runs now: write the cases of {rule}");
    }
}
