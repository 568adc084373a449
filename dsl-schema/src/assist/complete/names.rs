//! Names inside expressions and templates.

use loopline_core::expr::{functions, helpers};

use super::super::cursor::Word;
use super::super::edit::Edit;
use super::super::expression::{self, Besides, Typing};
use super::{Completion, CompletionKind, Here, offered, spelling};
use crate::check::Written;
use crate::route::Route;

/// Blocks of templates, and how they are written.
const BLOCKS: [(&str, &str); 3] =
    [("if", "{{#if x}} … {{/if}}"), ("unless", "{{#unless x}} … {{/unless}}"), ("each", "{{#each list}} … {{/each}}")];

/// What may be written in the expression at a route. None where there is none, or the cursor is outside of its holes.
pub(super) fn of(here: &Here<'_>, at: &Route, word: &Word) -> Option<Vec<Completion>> {
    let offers = here.offers?;
    let source = spelling::read(here.typed(word), word.style);
    let typing = match offers.written(at)? {
        Written::Cel => match expression::in_cel(&source) {
            Some(typing) => typing,
            // Behind a value or in a string there is nothing to say, and nothing else either.
            None => return Some(Vec::new()),
        },
        Written::Template => expression::in_template(&source)?,
    };
    let edit = |text: String| edit(here, word, &typing, text);
    if typing.besides == Besides::Block {
        return Some(BLOCKS.iter().map(|(name, example)| function(name, example, edit((*name).to_owned()))).collect());
    }
    let names = offers.names(at, &typing.path);
    let mut all: Vec<_> = names.iter().map(|offer| offered(offer, edit(offer.name.clone()))).collect();
    match typing.besides {
        Besides::Function => {
            all.extend(functions().map(|name| function(name, &format!("{name}(…)"), edit(format!("{name}(")))))
        }
        Besides::Helper => {
            all.extend(helpers().map(|(name, example)| function(name, example, edit(format!("{name} ")))))
        }
        Besides::Nothing | Besides::Block => {}
    }
    Some(all)
}

fn function(name: &str, example: &str, edit: Edit) -> Completion {
    let detail = Some(example.to_owned());
    Completion { label: name.to_owned(), kind: CompletionKind::Function, detail, about: None, edit }
}

/// The name takes the place of the whole name at the cursor.
fn edit(here: &Here<'_>, word: &Word, typing: &Typing, text: String) -> Edit {
    let glue = if word.glued { " " } else { "" };
    let behind = &here.text[here.offset..];
    let rest = behind.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(behind.len());
    Edit { range: here.offset - typing.typed.len()..here.offset + rest, text: format!("{glue}{text}") }
}
