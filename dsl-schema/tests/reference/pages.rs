//! The pages: templates with their markers replaced.
//!
//! A marker is a line of its own:
//!
//! | marker | becomes |
//! | --- | --- |
//! | `<!-- keys: PATH -->` | a table of the keys of the mapping at this path, like `steps.ID.goto[]`; `pipeline` is the file itself |
//! | `<!-- keys: PATH: a b c -->` | a table of these keys of it |
//! | `<!-- index: PATH -->` | the keys of a mapping whose tables stand on several pages, each a link |
//! | `<!-- all keys -->` | all keys of the language, by name, each a link |
//! | `<!-- fits -->` | which keys of a step make sense beside what it does |
//! | `<!-- rules -->` | all rules, each a link |
//! | `<!-- codes -->` | all findings, each a link |
//!
//! Where a rule is stated, the template says `(#G4)`.

use std::collections::BTreeMap;

use loopline_dsl::Code;

use crate::mappings::{Language, MappingIx};
use crate::{codes, documents, fits, rules, tables};

/// Pages by their paths beneath `docs/language/`.
pub type Pages = BTreeMap<String, String>;

/// Where a key is shown.
#[derive(Debug, Clone)]
struct Shown {
    page: String,
    slug: String,
}

impl Shown {
    fn keys(&self) -> String {
        format!("{}#keys-{}", self.page, self.slug)
    }

    fn key(&self, name: &str) -> String {
        format!("{}#{}-{name}", self.page, self.slug)
    }
}

enum Marker {
    Keys { mapping: MappingIx, slug: String, names: Vec<String> },
    Index { mapping: MappingIx, slug: String },
    AllKeys,
    Fits,
    Rules,
    Codes,
}

/// Templates, and where they show what.
struct Book {
    language: Language,
    templates: Pages,
    keys: BTreeMap<(MappingIx, String), Vec<Shown>>,
    indexes: BTreeMap<MappingIx, Shown>,
    rules: BTreeMap<String, Vec<String>>,
}

impl Book {
    fn read() -> Self {
        let folder = documents::root().join("dsl-schema/reference");
        let mut templates = Pages::new();
        for entry in std::fs::read_dir(folder).expect("the folder of templates") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let name = if name == "diagnostics.md" { "diagnostics/README.md".to_owned() } else { name };
            templates.insert(name, std::fs::read_to_string(&path).expect("text"));
        }
        let mut book = Self {
            language: Language::read(),
            templates: templates.clone(),
            keys: BTreeMap::new(),
            indexes: BTreeMap::new(),
            rules: BTreeMap::new(),
        };
        for (page, text) in &templates {
            for line in text.lines() {
                book.note(page, line);
            }
        }
        book
    }

    /// Notes what a line shows.
    fn note(&mut self, page: &str, line: &str) {
        let page = page.to_owned();
        match marker(&self.language, line) {
            Some(Marker::Keys { mapping, slug, names }) => {
                for name in names {
                    let shown = Shown { page: page.clone(), slug: slug.clone() };
                    self.keys.entry((mapping, name)).or_default().push(shown);
                }
            }
            Some(Marker::Index { mapping, slug }) => {
                self.indexes.insert(mapping, Shown { page, slug });
            }
            Some(Marker::AllKeys | Marker::Fits | Marker::Rules | Marker::Codes) => {}
            None => {
                for rule in rules::all().into_iter().filter(|rule| line.contains(&format!("(#{rule})"))) {
                    self.rules.entry(rule).or_default().push(page.clone());
                }
            }
        }
    }

    fn pages(&self) -> Pages {
        let mut pages: Pages = self.templates.keys().map(|name| (name.clone(), self.page(name))).collect();
        for code in Code::ALL {
            let made = "<!-- Made from dsl-schema/src/diagnostics/pages/ by `make gen`. -->";
            pages.insert(codes::file(*code), format!("{made}\n{}", codes::page(*code)));
        }
        pages
    }

    fn page(&self, name: &str) -> String {
        let template = name.replace("diagnostics/README.md", "diagnostics.md");
        let mut lines = vec![format!(
            "<!-- Made from dsl-schema/reference/{template} and the types of the language by `make gen`. -->"
        )];
        for line in self.templates[name].lines() {
            match marker(&self.language, line) {
                Some(marker) => lines.push(self.replaced(&marker)),
                None => lines.push(
                    rules::all()
                        .iter()
                        .fold(line.to_owned(), |line, rule| line.replace(&format!("(#{rule})"), &rules::mark(rule))),
                ),
            }
        }
        lines.join("\n") + "\n"
    }

    fn replaced(&self, marker: &Marker) -> String {
        match marker {
            Marker::Keys { mapping, slug, names } => {
                let anchor = if self.indexes.contains_key(mapping) {
                    String::new()
                } else {
                    format!("<a id=\"keys-{slug}\"></a>\n\n")
                };
                let link = |mapping| self.place_of(mapping);
                anchor + &tables::keys(&self.language, &self.language.mappings[*mapping], names, slug, &link)
            }
            Marker::Index { mapping, slug } => {
                let links = self.language.mappings[*mapping]
                    .keys
                    .iter()
                    .map(|key| format!("[`{}`]({})", key.name, self.place_of_key(*mapping, &key.name)));
                format!("<a id=\"keys-{slug}\"></a>\n\n{}", links.collect::<Vec<_>>().join(" · "))
            }
            Marker::AllKeys => self.all_keys(),
            Marker::Fits => {
                let step = self.language.at("steps.ID").expect("steps have keys");
                fits::table(&self.language, &|key| self.place_of_key(step, key))
            }
            Marker::Rules => rules::table(&|rule| self.rules.get(rule).map_or(String::new(), |pages| pages[0].clone())),
            Marker::Codes => codes::list(),
        }
    }

    /// Where the keys of a mapping are listed.
    fn place_of(&self, mapping: MappingIx) -> String {
        let first = || self.keys.iter().find(|((of, _), _)| *of == mapping).map(|(_, shown)| &shown[0]);
        self.indexes.get(&mapping).or_else(first).map(Shown::keys).unwrap_or_default()
    }

    fn place_of_key(&self, mapping: MappingIx, name: &str) -> String {
        let shown = self.keys.get(&(mapping, name.to_owned()));
        shown.map(|shown| shown[0].key(name)).unwrap_or_default()
    }

    fn all_keys(&self) -> String {
        let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (at, mapping) in self.language.mappings.iter().enumerate() {
            for key in &mapping.keys {
                let path = if mapping.paths[0].is_empty() { "pipeline" } else { &mapping.paths[0] };
                let link = format!("[`{path}`]({})", self.place_of_key(at, &key.name));
                by_name.entry(&key.name).or_default().push(link);
            }
        }
        let rows = by_name.into_iter().map(|(name, places)| format!("| `{name}` | {} |", places.join(" · ")));
        format!("| key | of |\n| --- | --- |\n{}", rows.collect::<Vec<_>>().join("\n"))
    }
}

/// The marker that a line is.
fn marker(language: &Language, line: &str) -> Option<Marker> {
    let text = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    let (word, rest) = text.split_once(": ").unwrap_or((text, ""));
    let (path, names) = rest.split_once(": ").unwrap_or((rest, ""));
    let mapping = || {
        let path = if path == "pipeline" { "" } else { path };
        language.at(path).unwrap_or_else(|| panic!("no mapping stands at `{path}`: {line}"))
    };
    Some(match word {
        "keys" => {
            let mapping = mapping();
            let all = || language.mappings[mapping].keys.iter().map(|key| key.name.clone()).collect();
            let names: Vec<String> =
                if names.is_empty() { all() } else { names.split_whitespace().map(str::to_owned).collect() };
            let known = |name: &String| language.mappings[mapping].keys.iter().any(|key| key.name == *name);
            assert!(names.iter().all(known), "not all of these are keys of `{path}`: {line}");
            Marker::Keys { mapping, slug: slug(path), names }
        }
        "index" => Marker::Index { mapping: mapping(), slug: slug(path) },
        "all keys" => Marker::AllKeys,
        "fits" => Marker::Fits,
        "rules" => Marker::Rules,
        "codes" => Marker::Codes,
        _ => panic!("this marker means nothing: {line}"),
    })
}

/// `steps-goto` for `steps.ID.goto[]`.
fn slug(path: &str) -> String {
    let path = path.trim_start_matches('.').trim_end_matches(".yaml").replace(['[', ']'], "").replace('/', ".");
    let parts: Vec<&str> = path.split('.').filter(|part| !matches!(*part, "ID" | "NAME")).collect();
    parts.join("-")
}

#[test]
fn the_reference_is_what_types_and_templates_say() {
    let folder = documents::root().join("docs/language");
    let pages = Book::read().pages();
    if std::env::var_os("LOOPLINE_BLESS").is_some() {
        write(&folder, &pages);
    }
    let stored = stored();
    let names = |pages: &Pages| pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&stored), names(&pages), "pages of docs/language: run with LOOPLINE_BLESS=1");
    for (name, text) in &pages {
        assert!(stored[name] == *text, "docs/language/{name} is stale: run with LOOPLINE_BLESS=1");
    }
}

/// Writes the pages, and removes those that are not made any more.
fn write(folder: &std::path::Path, pages: &Pages) {
    for stale in stored().keys().filter(|name| !pages.contains_key(*name)) {
        std::fs::remove_file(folder.join(stale)).expect("a file");
    }
    for (name, text) in pages {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
}

/// The pages as they stand in the repository.
fn stored() -> Pages {
    let documents = documents::all().into_iter();
    documents.filter_map(|(name, text)| Some((name.strip_prefix("docs/language/")?.to_owned(), text))).collect()
}

#[test]
fn the_reference_shows_every_key_once() {
    let book = Book::read();
    let mut wrong = Vec::new();
    for (at, mapping) in book.language.mappings.iter().enumerate() {
        for key in &mapping.keys {
            let shown = book.keys.get(&(at, key.name.clone())).map_or(0, Vec::len);
            if shown != 1 {
                wrong.push(format!("{:?}.{} is shown {shown} times", mapping.paths, key.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reference_states_every_rule_once() {
    let book = Book::read();
    let stated: Vec<_> =
        rules::all().into_iter().map(|rule| (book.rules.get(&rule).map_or(0, Vec::len), rule)).collect();
    let wrong: Vec<_> = stated.iter().filter(|(count, _)| *count != 1).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
