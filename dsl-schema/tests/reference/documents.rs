//! Markdown documents: which there are, and what stands in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A block of code in a document.
pub struct CodeBlock {
    /// What stands behind the opening fence: `yaml error LL0012`. Nothing for one that is indented.
    pub info: String,
    pub text: String,
    /// The line in which it begins.
    pub line: usize,
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Documents for people, by their paths in the repository: those beside the code, and all of `docs/`.
pub fn all() -> BTreeMap<String, String> {
    let mut documents = BTreeMap::new();
    read_folder(&root(), "", &mut documents);
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        folders.extend(read_folder(&root().join(&folder), &format!("{folder}/"), &mut documents));
    }
    documents
}

/// Takes in the documents of a folder; gives the folders in it.
fn read_folder(folder: &Path, prefix: &str, documents: &mut BTreeMap<String, String>) -> Vec<String> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of documents") {
        let path = entry.expect("an entry").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            folders.push(name);
        } else if name.ends_with(".md") {
            documents.insert(name, std::fs::read_to_string(&path).expect("text"));
        }
    }
    folders
}

/// The blocks of code of a document.
pub fn code_blocks(text: &str) -> Vec<CodeBlock> {
    let mut blocks = Vec::new();
    let mut open: Option<CodeBlock> = None;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let line = text[..range.start].matches('\n').count() + 1;
                open = Some(CodeBlock { info, text: String::new(), line });
            }
            Event::Text(part) => {
                if let Some(block) = &mut open {
                    block.text.push_str(&part);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}
