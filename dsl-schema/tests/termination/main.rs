//! The proof that runs end (`docs/language/termination.md`), held against the real compiler and the real machine.
//!
//! Random pipelines with loops run in a world that does its worst: attempts fail, ignore cancels and end late, people reject,
//! timers fire between everything else. After each event the lemmas of the proof are looked at. No clock and no process is
//! involved; a failing case prints its seed.

mod bounds;
mod measure;
mod pipelines;
mod world;

use proptest::prelude::*;

use bounds::Bounds;
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_within_its_bounds(seed in any::<u64>()) {
        let text = pipelines::random(seed);
        let graph = pipelines::compiled(&text);
        bounds::enclosing_is_a_strict_partial_order(&graph);
        bounds::regions_are_closed(&graph);
        let mut world = World::new(&graph, seed);
        world.run();
        world.check_bounds(&Bounds::of(&graph));
    }
}

#[test]
fn the_worked_example_reaches_the_numbers_of_the_page() {
    let page = include_str!("../../reference/termination.md");
    let example = page.split("## A worked example\n\n```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let graph = pipelines::compiled(example.expect("the page has an example"));
    let bounds = Bounds::of(&graph);
    assert_eq!(bounds.firings, [3, 16, 4], "rework of `ship`, then retest and rebuild of `test`");
    assert_eq!(bounds.visits, [8, 24, 24], "build, ship, test");

    // `test` succeeds every sixth time, and `ship` is always rejected.
    let mut world = World::new(&graph, 0);
    let mut tests = 0;
    world.run_scripted(|step| match step {
        "test" => {
            tests += 1;
            tests % 6 == 0
        }
        "ship" => false,
        _ => true,
    });
    assert_eq!(world.visits(), [8, 4, 24], "build, ship, test");
    assert_eq!(world.firings(), [3, 16, 4]);
    for row in [
        "| `build` | 1 + 3 + 4 | 8 | 8 |",
        "| `test` | 1 + 3 + 4 + 16 | 24 | 24 |",
        "| `ship` | 1 + 3 + 4 + 16 | 24 | 4 |",
    ] {
        assert!(page.contains(row), "{row}");
    }
}

#[test]
fn loops_that_take_no_time_are_cut_off_in_one_moment() {
    let text = "version: 1\nname: p\nlimits: {visits: 1000000}\nsteps:\n  a: {set: {x: '1'}, repeat: {until: visit < 0, max: 1000000}}\n";
    let graph = pipelines::compiled(text);
    let mut world = World::new(&graph, 0);
    world.run();
    assert_eq!(world.visits(), [10_001]);
}
