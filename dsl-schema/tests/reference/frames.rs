//! Files in which one mapping of the language says no more than it must: there a single key can be tried out.

use loopline_dsl::{
    Code, Compiled, Diagnostic, Severity, Uses, compile_step_type, compile_with, render_pretty, yaml_to_json,
};
use serde_json::Value as Json;

use crate::mappings::{Language, Mapping};
use crate::neighbours;

/// Around the mapping: what examples of keys read and name. `poll` is the step that is looked at.
const BASE: &str = r#"
version: 1
name: p
inputs:
  order: {type: string, default: "17"}
  region: {type: string, default: eu}
  release_at: {type: string, default: "2030-01-01T00:00:00Z"}
  replicas: {type: integer, default: 1}
  service: {type: string, default: api}
  version: {type: string, default: "1"}
secrets: [DEPLOY_TOKEN, PASSWORD, REGISTRY, TOKEN]
steps:
  plan: {run: a, outputs: {suites: {type: array}}}
  build: {run: make, outputs: {version: {type: string}}, artifacts: {binary: b}}
  test: {needs: build, run: a}
  poll: {needs: [build, test, plan], run: make}
  verify: {needs: poll, run: a}
"#;

/// Where mappings stand, and what each must say.
const LEAST: &[(&str, &str)] = &[
    ("inputs.NAME", "{}"),
    ("triggers", "{}"),
    ("triggers.schedule[]", "{cron: '* * * * *'}"),
    ("triggers.webhook[]", "{provider: github}"),
    ("triggers.pipeline[]", "{name: notify}"),
    ("triggers.files[]", "{paths: a}"),
    ("concurrency", "{group: a}"),
    ("defaults", "{}"),
    ("defaults.retry", "{}"),
    ("limits", "{}"),
    ("notify[]", "{on: failed, to: a}"),
    ("reports", "{junit: a}"),
    ("steps.ID", "{needs: [build, test, plan], run: make}"),
    ("steps.ID.join", "{at_least: 1}"),
    ("steps.ID.goto[]", "{to: build, max: 1}"),
    ("steps.ID.repeat", "{until: visit > 3, max: 1}"),
    ("steps.ID.cache", "{key: a, paths: b}"),
    ("steps.ID.foreach", "{items: [a]}"),
    ("steps.ID.matrix", "{axes: {os: [linux, macos], rust: [stable, beta]}}"),
    ("steps.ID.compensate", "{run: a}"),
    ("steps.ID.limits", "{}"),
    ("steps.ID.services.NAME", "{image: a}"),
    ("steps.ID.services.NAME.ready", "{run: a}"),
    ("steps.ID.http", "{url: 'https://a.example'}"),
    ("steps.ID.http.auth", "{bearer: a}"),
    ("steps.ID.http.auth.basic", "{user: a, password: b}"),
    ("steps.ID.http.expect", "{}"),
    ("steps.ID.http.tls", "{cert: certs/client.pem, key: certs/client.key}"),
    ("steps.ID.http.callback", "{}"),
    ("steps.ID.container", "{image: a}"),
    ("steps.ID.container.mounts[]", "{source: a, target: /a}"),
    ("steps.ID.approval", "{message: a, timeout: 1h}"),
    ("steps.ID.wait", "{signal: a, timeout: 1h}"),
    ("steps.ID.sleep", "{until: inputs.release_at}"),
    ("steps.ID.pipeline", "{name: notify, inputs: {text: a}}"),
    (".loopline/steps/NAME.yaml", "{inputs: {folder: {type: string}}, step: {run: a}}"),
];

/// Keys of which a mapping has one.
const EXCLUDE_EACH_OTHER: &[(&str, &[&str])] = &[
    ("steps.ID", &["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set", "use"]),
    ("steps.ID", &["foreach", "matrix"]),
    ("triggers.schedule[]", &["cron", "every"]),
    ("steps.ID.http", &["json", "body", "form"]),
    ("steps.ID.http.auth", &["bearer", "basic"]),
    ("steps.ID.container", &["run", "command"]),
    ("steps.ID.container", &["run", "args"]),
    ("steps.ID.compensate", &["run", "http", "container"]),
    ("steps.ID.pipeline", &["name", "steps"]),
    ("steps.ID.pipeline", &["name", "outputs"]),
];

/// Keys that need others beside them.
const NEED_OTHERS: &[(&str, &str, &str)] = &[
    ("steps.ID", "use", "{with: {folder: dist}}"),
    ("steps.ID", "with", "{use: upload}"),
    ("steps.ID.pipeline", "outputs", "{steps: {build: {run: make, outputs: {version: {type: string}}}}}"),
];

/// A file that is made of parts.
pub struct Frame {
    path: &'static str,
    file: Json,
}

impl Frame {
    /// The file with a mapping that says no more than it must.
    pub fn of(language: &Language, paths: &[String]) -> Self {
        if paths.iter().any(String::is_empty) {
            return Self { path: "", file: yaml(BASE) };
        }
        let (path, least) = LEAST
            .iter()
            .find(|(path, _)| paths.iter().any(|known| known == path))
            .unwrap_or_else(|| panic!("tests/reference/frames.rs does not know where {paths:?} stands"));
        assert!(language.at(path).is_some(), "no mapping stands at {path}");
        if path.starts_with('.') {
            return Self { path, file: yaml(least) };
        }
        let mut frame = Self { path, file: yaml(BASE) };
        // What it stands in says no more than it must either; outer mappings come first in the list.
        for (outer, least) in LEAST.iter().filter(|(outer, _)| is_inside(path, outer)) {
            frame.put(outer, yaml(least));
        }
        frame.put(path, yaml(least));
        frame
    }

    /// Another value for the whole mapping.
    pub fn whole(mut self, value: &Json) -> Self {
        if self.path.is_empty() || self.path.starts_with('.') {
            self.file = value.clone();
        } else {
            self.put(self.path, value.clone());
        }
        self
    }

    /// Gives the mapping a key, takes away those that exclude it and adds those that it needs.
    pub fn with(mut self, key: &str, value: &Json) -> Self {
        let path = self.path;
        for (_, _, others) in NEED_OTHERS.iter().filter(|(at, of, _)| *at == path && *of == key) {
            for (other, value) in yaml(others).as_object().expect("a mapping") {
                self.put_key(other, value.clone());
            }
        }
        self.put_key(key, value.clone());
        self
    }

    /// The file as text. JSON is YAML.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(&self.file).expect("JSON")
    }

    /// Compiles it.
    pub fn compile(&self) -> Compiled {
        if self.path.starts_with('.') {
            return Compiled {
                graph: None,
                contract: None,
                diagnostics: compile_step_type(&self.text()),
                uses: Uses::default(),
            };
        }
        compile_with(&self.text(), &neighbours::library())
    }

    /// Its errors as the terminal shows them.
    pub fn errors(&self) -> String {
        let compiled = self.compile();
        let errors: Vec<Diagnostic> =
            compiled.diagnostics.into_iter().filter(|found| found.severity == Severity::Error).collect();
        if errors.is_empty() { String::new() } else { render_pretty(self.path, &self.text(), &errors, false) }
    }

    /// Whether the mapping has the key though it says no more than it must.
    pub fn says(&self, key: &str) -> bool {
        LEAST.iter().any(|(path, least)| *path == self.path && !yaml(least)[key].is_null())
    }

    /// Takes a key away.
    pub fn without(mut self, key: &str) -> Self {
        let path = self.path;
        let least = LEAST.iter().find(|(at, _)| *at == path).map(|(_, least)| yaml(least));
        let mut least = least.expect("only mappings of the list have keys to take away");
        least.as_object_mut().expect("a mapping").shift_remove(key);
        self = self.whole(&least);
        self
    }

    /// Where the mapping stands.
    pub fn path(&self) -> &'static str {
        self.path
    }

    fn put_key(&mut self, key: &str, value: Json) {
        if self.path.is_empty() || self.path.starts_with('.') {
            self.file[key] = value;
        } else {
            self.put(&format!("{}.{key}", self.path), value);
        }
    }

    /// Puts a value at a path, and takes away what it excludes.
    fn put(&mut self, path: &str, value: Json) {
        let mut at = &mut self.file;
        let mut outer = String::new();
        for segment in path.split('.') {
            let (key, in_list) = segment.strip_suffix("[]").map_or((segment, false), |key| (key, true));
            let name = match key {
                "ID" => "poll",
                "NAME" => "name",
                key => key,
            };
            take_away_what_excludes(at, &outer, key);
            if !at.is_object() {
                *at = Json::Object(serde_json::Map::new());
            }
            at = &mut at[name];
            if in_list {
                if !at.is_array() {
                    *at = Json::Array(vec![Json::Null]);
                }
                at = &mut at[0];
            }
            outer = if outer.is_empty() { segment.to_owned() } else { format!("{outer}.{segment}") };
        }
        *at = value;
    }
}

/// Whether a mapping must have a key, though its type does not say so.
pub fn is_asked_for(language: &Language, mapping: &Mapping, key: &str) -> bool {
    let frame = Frame::of(language, &mapping.paths);
    let asks = |found: &Diagnostic| matches!(found.code, Code::MissingKey | Code::GotoWithoutMax);
    let has_alternatives = EXCLUDE_EACH_OTHER.iter().any(|(path, keys)| *path == frame.path() && keys.contains(&key));
    frame.says(key) && !has_alternatives && frame.without(key).compile().diagnostics.iter().any(asks)
}

/// Which of the two holds where a key is not given that is `true` or `false`.
pub fn flag_unless_said(language: &Language, mapping: &Mapping, key: &str) -> Option<bool> {
    let frame = || Frame::of(language, &mapping.paths);
    let digest = |frame: &Frame| frame.compile().graph.map(|graph| graph.digest());
    let unsaid = Some(digest(&frame())?);
    let holds = |value: bool| digest(&frame().with(key, &Json::from(value))) == unsaid;
    match (holds(true), holds(false)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Whether what stands at a path stands inside of what stands at another.
fn is_inside(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

fn take_away_what_excludes(mapping: &mut Json, path: &str, key: &str) {
    let Some(entries) = mapping.as_object_mut() else { return };
    for (_, keys) in EXCLUDE_EACH_OTHER.iter().filter(|(at, keys)| *at == path && keys.contains(&key)) {
        for other in keys.iter().filter(|other| **other != key) {
            entries.shift_remove(*other);
        }
    }
}

fn yaml(text: &str) -> Json {
    yaml_to_json(text).expect("frames are YAML")
}

#[test]
fn every_example_of_the_types_compiles() {
    let language = Language::read();
    let mut wrong = Vec::new();
    let mut count = 0;
    for mapping in &language.mappings {
        for (key, example) in mapping.keys.iter().flat_map(|key| key.examples().iter().map(move |each| (key, each))) {
            let frame = Frame::of(&language, &mapping.paths).with(&key.name, example);
            count += 1;
            wrong.extend(Some(frame.errors()).filter(|errors| !errors.is_empty()));
        }
        for example in &mapping.examples {
            let frame = Frame::of(&language, &mapping.paths).whole(example);
            count += 1;
            wrong.extend(Some(frame.errors()).filter(|errors| !errors.is_empty()));
        }
    }
    assert!(count > 150, "examples went missing: {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_default_is_what_the_compiler_takes() {
    let language = Language::read();
    let mut wrong = Vec::new();
    let mut count = 0;
    for mapping in &language.mappings {
        for key in &mapping.keys {
            let Some(value) = crate::defaults::value(key) else { continue };
            // An image is asked for its own folder; `/workspace` is where the engine mounts the files.
            if key.name == "workdir" || mapping.paths.iter().any(|path| path == "inputs.NAME") {
                continue;
            }
            let least = Frame::of(&language, &mapping.paths);
            let with = Frame::of(&language, &mapping.paths).with(&key.name, &yaml(&value));
            count += 1;
            let digest = |frame: &Frame| frame.compile().graph.map(|graph| graph.digest());
            if digest(&with).is_none() || digest(&with) != digest(&least) {
                wrong.push(format!(
                    "{}.{}: {value} is not what holds unless said\n{}",
                    with.path(),
                    key.name,
                    with.errors()
                ));
            }
        }
    }
    assert!(count > 25, "defaults went missing: {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
