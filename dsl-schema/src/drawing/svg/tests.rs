#![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::fmt::Write as _;

use loopline_core::graph::Graph;
use proptest::prelude::*;

use super::card::{self, TEXT_AT};
use super::scene::{self, Page, Scene};
use crate::drawing::labels;
use crate::drawing::layered::{self, Point, Rect};

/// All examples that ship, and the ones with everything.
fn graphs() -> Vec<Graph> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = |path: &str| -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(root.join(path)).expect("a folder of examples");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let is_test = |path: &std::path::Path| path.to_string_lossy().ends_with(".loopline.test.yaml");
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml") && !is_test(path)).collect()
    };
    let step_type = |path: &std::path::PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a file"))
    };
    let step_types = folder("../examples/pipelines/.loopline/steps").iter().map(step_type).collect();
    let library = crate::Library { step_types, ..crate::Library::default() };
    let files: Vec<_> = [folder("../examples/pipelines"), folder("tests/drawings")].concat();
    assert!(files.len() > 4, "examples went missing");
    let graph = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a file");
        crate::compile_with(&text, &library).graph.unwrap_or_else(|| panic!("{} does not compile", path.display()))
    };
    files.into_iter().map(graph).collect()
}

/// What a picture shows at the end: every box without anything inside, every head of a frame, every label.
fn shown(scene: &Scene<'_>, origin: Point, found: &mut Vec<(String, Rect)>) {
    let moved = |rect: Rect| Rect { x: rect.x + origin.x, y: rect.y + origin.y, ..rect };
    for (at, inside) in scene.inside.iter().enumerate() {
        let id = &scene.graph.steps[at].id;
        match inside {
            None => found.push((format!("box of {id}"), moved(scene.drawing.boxes[at]))),
            Some(inside) => {
                found.push((format!("head of {id}"), moved(scene.card(at))));
                let inner = scene.inner(at, inside);
                shown(inside, Point { x: origin.x + inner.x, y: origin.y + inner.y }, found);
            }
        }
    }
    found.extend(scene.drawing.labels.iter().map(|(to, _, rect)| (format!("label into {to}"), moved(*rect))));
    found.extend(scene.drawing.loop_labels.iter().map(|rect| ("label of a loop".to_owned(), moved(*rect))));
}

/// Everything that each level promises, and that levels keep to their frames; says what is broken.
fn broken(scene: &Scene<'_>) -> Option<String> {
    let own = layered::broken_promise(&scene.drawing);
    own.or_else(|| {
        scene.inside.iter().enumerate().find_map(|(at, inside)| {
            let inside = inside.as_ref()?;
            let (frame, corner) = (scene.front(at), scene.inner(at, inside));
            let right = corner.x + inside.drawing.width;
            let bottom = corner.y + inside.drawing.height;
            let kept = corner.x >= frame.x
                && corner.y >= scene.card(at).bottom()
                && right <= frame.right()
                && bottom <= frame.bottom();
            if kept { broken(inside) } else { Some(format!("what is in frame {at} reaches out of it")) }
        })
    })
}

/// Text that runs out of its box.
fn spilled(scene: &Scene<'_>) -> Option<String> {
    for (at, card) in scene.cards.iter().enumerate() {
        let width = scene.card(at).width;
        let fitted = card.fit(width);
        let id = fitted.id.as_ref().map_or(0, |id| card::ID.width(id));
        let marks = fitted.marks.last().map_or(0, |(_, from_right)| *from_right);
        let lines = [
            card::TITLE.width(&fitted.title) + id,
            card.summary_font.width(&fitted.summary) + marks,
            fitted.many.as_ref().map_or(0, |many| card::PROSE.width(many)),
        ];
        if lines.into_iter().any(|line| TEXT_AT + line >= width) {
            return Some(format!("{card:?} in {width}"));
        }
    }
    scene.inside.iter().flatten().find_map(spilled)
}

fn check(graph: &Graph) -> Result<(), String> {
    let page = Page::of(graph);
    let mut all = Vec::new();
    shown(&page.steps, page.steps_at, &mut all);
    let mut problem = broken(&page.steps).or_else(|| spilled(&page.steps));
    if let Some(finally) = &page.finally {
        let head = Rect { height: scene::HEADLINE, ..finally.frame };
        all.push(("headline of finally".to_owned(), head));
        shown(&finally.steps, finally.steps_at, &mut all);
        problem = problem.or_else(|| broken(&finally.steps)).or_else(|| spilled(&finally.steps));
        let about = scene::headline().1 + card::PROSE.width(labels::AT_THE_END);
        if about > finally.frame.width {
            problem = Some("the headline of finally runs out of its frame".to_owned());
        }
    }
    if let Some(problem) = problem {
        return Err(problem);
    }
    for (at, (one, rect)) in all.iter().enumerate() {
        if rect.x < 0 || rect.y < 0 || rect.right() > page.width || rect.bottom() > page.height {
            return Err(format!("{one} lies outside of the picture"));
        }
        if let Some((other, _)) = all[..at].iter().find(|(_, other)| layered::overlap(rect, other)) {
            return Err(format!("{one} lies on {other}"));
        }
    }
    Ok(())
}

#[test]
fn in_no_example_anything_overlaps_or_runs_out_of_its_box() {
    for graph in graphs() {
        assert_eq!(check(&graph), Ok(()), "{}", graph.name);
    }
}

#[test]
fn what_is_inside_of_steps_is_drawn_to_any_depth() {
    let mut steps = "steps: {last: {run: x}}".to_owned();
    for level in 0..8 {
        steps = format!("steps: {{s{level}: {{pipeline: {{{steps}}}}}}}");
    }
    let graph = crate::compile(&format!("version: 1\nname: p\n{steps}\n")).graph.expect("a graph");
    assert_eq!(check(&graph), Ok(()));
    let picture = super::svg(&graph);
    assert_eq!(picture.matches(r#"rect class="ll-frame"#).count(), 8);
    assert!(picture.contains(">last</text>"));
}

/// A step of a random pipeline.
#[derive(Debug, Clone)]
struct Drawn {
    name: String,
    /// Of the steps before it, those that it needs.
    needs: u8,
    on: &'static str,
    many: &'static str,
    loops: &'static str,
    undo: bool,
    inside: Vec<Drawn>,
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let many = prop::sample::select(vec![
        "",
        "",
        "foreach: {items: [1, 2]}, ",
        "foreach: {items: [a list of words that goes on, and on, and on, until it has no end], as: one_of_them, max_parallel: 2}, ",
        "matrix: {axes: {a_long_name: [1], another_long_name: [1], and_a_third_of_them: [1]}}, ",
    ]);
    let on = prop::sample::select(vec!["ok", "always", "catch", "completed"]);
    let loops = prop::sample::select(vec!["", "", "repeat: {until: \"true\", max: 3}, ", "retry: {max_attempts: 2}, "]);
    let one = ("[A-Za-z]([ a-zA-Z]{0,40}[a-z])?", any::<u8>(), on, many, loops, any::<bool>());
    let leaf = one.prop_map(|(name, needs, on, many, loops, undo)| Drawn {
        name,
        needs,
        on,
        many,
        loops,
        undo,
        inside: Vec::new(),
    });
    let level = prop::collection::vec(leaf.clone(), 1..5);
    level.prop_recursive(3, 24, 4, move |inner| {
        let around = (leaf.clone(), inner, any::<bool>()).prop_map(|(mut step, inside, alone)| {
            if !alone {
                step.inside = inside;
            }
            step
        });
        prop::collection::vec(around, 1..5)
    })
}

fn written(steps: &[Drawn], prefix: &str) -> String {
    let mut out = String::new();
    for (at, step) in steps.iter().enumerate() {
        let needs: Vec<_> = (0..at.min(8))
            .filter(|before| step.needs >> before & 1 == 1)
            .map(|before| format!("{prefix}{before}: {}", step.on))
            .collect();
        let needs = if needs.is_empty() { String::new() } else { format!("needs: {{{}}}, ", needs.join(", ")) };
        let undo = if step.undo && step.inside.is_empty() { "compensate: {run: undo}, " } else { "" };
        let does = match step.inside.as_slice() {
            [] => "run: work".to_owned(),
            inside => format!("pipeline: {{steps: {{{}}}}}", written(inside, &format!("{prefix}{at}_"))),
        };
        let Drawn { name, many, loops, .. } = step;
        let _ = write!(out, "{prefix}{at}: {{name: {name:?}, {needs}{many}{loops}{undo}{does}}}, ");
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_lies_inside_of_what_nothing_overlaps(steps in drawn(), finally in drawn()) {
        let text = format!(
            "version: 1\nname: p\nsteps: {{{}}}\nfinally: {{{}}}\n",
            written(&steps, "s"),
            written(&finally, "f")
        );
        let compiled = crate::compile(&text);
        let graph = compiled.graph.unwrap_or_else(|| panic!("{:?}\n{text}", compiled.diagnostics));
        prop_assert_eq!(check(&graph), Ok(()), "{}", text);
    }
}
