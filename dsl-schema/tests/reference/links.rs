//! Every link from one document to another leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::documents;

#[test]
fn every_link_between_documents_leads_somewhere() {
    let documents = documents::all();
    let places: BTreeMap<&str, BTreeSet<String>> =
        documents.iter().map(|(name, text)| (name.as_str(), places(text))).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, text) in &documents {
        for link in links(text).into_iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            count += 1;
            if !leads_somewhere(name, &link, &places) {
                wrong.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(count > 300, "links went missing: {count}");
    assert!(wrong.is_empty(), "{} links lead nowhere:\n{}", wrong.len(), wrong.join("\n"));
}

fn leads_somewhere(from: &str, link: &str, places: &BTreeMap<&str, BTreeSet<String>>) -> bool {
    if link.is_empty() {
        return false;
    }
    let (file, place) = link.split_once('#').map_or((link, None), |(file, place)| (file, Some(place)));
    let target = if file.is_empty() { from.to_owned() } else { beside(from, file) };
    match places.get(target.as_str()) {
        Some(known) => place.is_none_or(|place| known.contains(place)),
        None => place.is_none() && documents::root().join(&target).exists(),
    }
}

/// A path that is written relative to a document.
fn beside(document: &str, file: &str) -> String {
    let folder = Path::new(document).parent().expect("a document stands in a folder");
    let mut parts: Vec<String> = Vec::new();
    for part in folder.join(file).components() {
        if part == Component::ParentDir {
            parts.pop();
        } else {
            parts.push(part.as_os_str().to_string_lossy().into_owned());
        }
    }
    parts.join("/")
}

fn links(text: &str) -> Vec<String> {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES);
    let link = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    };
    events.filter_map(link).collect()
}

/// What a link into a document may name: its headings and its anchors.
pub fn places(text: &str) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level, .. }) if level <= HeadingLevel::H6 => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let taken = (0..).map(|count| if count == 0 { slug.clone() } else { format!("{slug}-{count}") });
                let free = taken.into_iter().find(|name| !places.contains(name));
                places.extend(free);
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::InlineHtml(html) | Event::Html(html) => {
                let id = html.split_once("<a id=\"").and_then(|(_, rest)| rest.split_once('"'));
                places.extend(id.map(|(id, _)| id.to_owned()));
            }
            _ => {}
        }
    }
    places
}

/// The name that a heading has in links: letters and digits in lower case, a hyphen for a space.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn places_are_headings_and_anchors() {
    let text = "# Why it ends\n\n## `run`, again\n\n## `run`, again\n\n<a id=\"g4\"></a>**G4** text\n\n| <a id=\"k\"></a>`a` | b |\n| --- | --- |\n";
    let expect = ["g4", "k", "run-again", "run-again-1", "why-it-ends"];
    assert_eq!(places(text).iter().map(String::as_str).collect::<Vec<_>>(), expect);
}
