//! Another name for something, in every place at once.
//!
//! Only the names are replaced, byte by byte; comments, quotes and layout stay. A rename that could leave a name behind, or
//! carry the change to a place that means something else, is refused: the text is read again with the new name, and must say
//! what it said before.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use loopline_core::id::StepId;

use super::Document;
use super::document::Known;
use super::edit::{Edit, spliced};
use super::findings::Finding;
use super::mentions::{Body, Mention, Role, Subject, step_node};
use super::tree::{entries, items, node_at};
use crate::check::ALL_ROOTS;
use crate::diagnostics::Code;
use crate::route::Route;
use crate::yaml::{Node, Value};

/// Why something is not renamed. One sentence for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text is no YAML.
    #[error("The YAML has a mistake. Mend it first.")]
    Broken,
    /// There is no name.
    #[error("Nothing that can be renamed stands here.")]
    Nothing,
    /// A name that others write too.
    #[error("`{0}` is also named outside of this file, in the script that writes it. Rename it by hand.")]
    NamedElsewhere(String),
    /// It is declared nowhere.
    #[error("`{0}` is declared nowhere in this file.")]
    NotDeclared(String),
    /// The new name is none.
    #[error("`{name}` is no name for this: {rule}.")]
    Invalid {
        /// The new name.
        name: String,
        /// What a name is.
        rule: &'static str,
    },
    /// Something has the name.
    #[error("There is `{0}` already.")]
    Taken(String),
    /// A name may hide in what cannot be read, or in an expression that computes names.
    #[error("What stands in line {line} may name `{name}` in a way that cannot be told. Change it first.")]
    Unclear {
        /// From 1.
        line: usize,
        /// The old name.
        name: String,
    },
    /// One spelling has several meanings.
    #[error("An alias would carry the change from line {line} to a place that means something else.")]
    Shared {
        /// From 1.
        line: usize,
    },
    /// It would not be the same pipeline.
    #[error("With that name the file would mean something else.")]
    ChangesMeaning,
}

impl Document {
    /// The name at a byte, if it can be renamed.
    pub fn may_rename(&self, offset: usize) -> Result<Range<usize>, Refusal> {
        Ok(self.renamable(offset)?.1.range.clone())
    }

    /// The edits that give the name at a byte another one, in the order of the text. None where it is the name it has.
    pub fn rename(&self, offset: usize, to: &str) -> Result<Vec<Edit>, Refusal> {
        let (known, asked) = self.renamable(offset)?;
        let subject = &asked.subject;
        if subject.name() == to {
            return Ok(Vec::new());
        }
        fits(subject, to)?;
        if taken(&known.root, subject, to) {
            return Err(Refusal::Taken(to.to_owned()));
        }
        let places = known.mentions.places(subject);
        self.all_is_understood(&places, subject.name())?;
        self.nothing_is_unclear(known, &places, subject.name())?;
        self.nothing_is_shared(known, subject)?;
        let edits: Vec<Edit> =
            places.iter().map(|place| Edit { range: place.range.clone(), text: to.to_owned() }).collect();
        self.means_the_same(known, subject, &edits, to)?;
        Ok(edits)
    }

    fn renamable(&self, offset: usize) -> Result<(&Known, &Mention), Refusal> {
        let known = self.known().filter(|known| known.whole).ok_or(Refusal::Broken)?;
        let asked = known.mentions.at(self.offset(offset)).ok_or(Refusal::Nothing)?;
        if let Subject::Output { name, .. } = &asked.subject {
            return Err(Refusal::NamedElsewhere(name.clone()));
        }
        let declared = known.mentions.places(&asked.subject).iter().any(|place| place.role == Role::Declares);
        if declared { Ok((known, asked)) } else { Err(Refusal::NotDeclared(asked.subject.name().to_owned())) }
    }

    fn line(&self, at: usize) -> usize {
        self.text()[..at].matches('\n').count() + 1
    }

    /// No value that the compiler could not take in may have the name in it.
    fn all_is_understood(&self, places: &[&Mention], name: &str) -> Result<(), Refusal> {
        let shapes =
            [Code::UnknownKey, Code::WrongType, Code::DuplicateKey, Code::KeyIsNotText, Code::KeysExcludeEachOther];
        let lost = self.findings().iter().find(|finding| shapes.contains(&finding.code));
        match lost.filter(|_| words(self.text(), name) > places.len()) {
            Some(lost) => Err(Refusal::Unclear { line: self.line(lost.range.start), name: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// No expression that cannot be read, or that computes a name, has the old name in it.
    fn nothing_is_unclear(&self, known: &Known, places: &[&Mention], name: &str) -> Result<(), Refusal> {
        for unknown in &known.mentions.unknown {
            let found =
                places.iter().filter(|place| unknown.start <= place.range.start && place.range.end <= unknown.end);
            if words(&self.text()[unknown.clone()], name) > found.count() {
                return Err(Refusal::Unclear { line: self.line(unknown.start), name: name.to_owned() });
            }
        }
        Ok(())
    }

    /// Every place to which the text of a name is carried, by an alias or a merge, names the same thing.
    fn nothing_is_shared(&self, known: &Known, subject: &Subject) -> Result<(), Refusal> {
        let mentions = known.mentions.all.iter().filter(|mention| mention.subject == *subject);
        let meant: BTreeSet<(String, bool)> =
            mentions.clone().map(|mention| (mention.at.pointer(), mention.is_key)).collect();
        let starts: BTreeSet<usize> = mentions.map(|mention| mention.range.start).collect();
        let renamed = |span: &Range<usize>| starts.range(span.start..span.end.max(span.start + 1)).next().is_some();
        let mut open = vec![(Route::root(), Rc::clone(&known.root))];
        while let Some((at, node)) = open.pop() {
            let shared = |at: &Route, is_key, span: &Range<usize>| {
                (renamed(span) && !meant.contains(&(at.pointer(), is_key)))
                    .then(|| Refusal::Shared { line: self.line(span.start) })
            };
            match &node.value {
                Value::Scalar(_) => {
                    if let Some(refusal) = shared(&at, false, &node.span) {
                        return Err(refusal);
                    }
                }
                Value::Sequence(items) => {
                    open.extend(items.iter().enumerate().map(|(index, item)| (at.index(index), Rc::clone(item))));
                }
                Value::Mapping(mapping) => {
                    for entry in mapping {
                        let at = at.key(&entry.key.text);
                        // What stands under an extension means nothing by itself; it lends its text to aliases.
                        let extension = entry.key.text.starts_with("x-") && &*entry.key.text != "x-layout";
                        if extension {
                            continue;
                        }
                        if let Some(refusal) = shared(&at, true, &entry.key.span) {
                            return Err(refusal);
                        }
                        open.push((at, Rc::clone(&entry.value)));
                    }
                }
            }
        }
        Ok(())
    }

    /// The new text has the same findings, and names the new name exactly where the old one stood.
    fn means_the_same(&self, known: &Known, subject: &Subject, edits: &[Edit], to: &str) -> Result<(), Refusal> {
        let renamed = Document::new(spliced(self.text(), edits), Arc::clone(self.library()));
        let now = renamed.known().ok_or(Refusal::ChangesMeaning)?;
        let places = now.mentions.places(&subject.renamed(to));
        let mut grown = 0_isize;
        let expected: Vec<Range<usize>> = edits
            .iter()
            .map(|edit| {
                let start = edit.range.start.saturating_add_signed(grown);
                grown += to.len() as isize - edit.range.len() as isize;
                start..start + to.len()
            })
            .collect();
        let same_places = places.iter().map(|place| &place.range).eq(&expected);
        let same_names = now.mentions.all.len() == known.mentions.all.len();
        if same_places && same_names && codes(self.findings()) == codes(renamed.findings()) {
            return Ok(());
        }
        Err(Refusal::ChangesMeaning)
    }
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes
}

/// Whether the name is one for such a thing.
fn fits(subject: &Subject, name: &str) -> Result<(), Refusal> {
    let rule = match subject {
        Subject::Step { .. } if StepId::new(name).is_err() => {
            "an id is a lower-case letter, then at most 62 of a-z, 0-9 and _"
        }
        Subject::Secret { .. } if !is_identifier(name) => "use letters, digits and _, not beginning with a digit",
        Subject::Input { .. } | Subject::Item { .. } if !is_identifier(name) || name.len() > 63 => {
            "use at most 63 letters, digits and _, not beginning with a digit"
        }
        _ => return Ok(()),
    };
    Err(Refusal::Invalid { name: name.chars().take(80).collect(), rule })
}

/// Whether something else of that sort has the name.
fn taken(root: &Rc<Node>, subject: &Subject, name: &str) -> bool {
    let section = |body: &Body, key: &'static str| node_at(root, &body.route().key(key));
    match subject {
        Subject::Step { body, .. } => step_node(root, body, name).is_some(),
        Subject::Input { body, .. } => section(body, "inputs").is_some_and(|inputs| inputs.entry(name).is_some()),
        Subject::Secret { .. } => section(&Body(String::new()), "secrets").is_some_and(|secrets| {
            items(&secrets).iter().any(|item| item.scalar().is_some_and(|scalar| scalar.text == name))
        }),
        Subject::Item { .. } => ALL_ROOTS.contains(&name),
        Subject::Output { body, step, .. } => step_node(root, body, step)
            .and_then(|(_, step)| step.entry("outputs").map(|outputs| Rc::clone(&outputs.value)))
            .is_some_and(|outputs| entries(&outputs).any(|entry| &*entry.key.text == name)),
    }
}

/// `[A-Za-z_][A-Za-z0-9_]*`
fn is_identifier(name: &str) -> bool {
    name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_') && name.chars().all(is_word)
}

fn is_word(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || sign == '_'
}

/// How often a name stands in a text as a word of its own.
fn words(text: &str, name: &str) -> usize {
    let alone = |at: &usize| !text[..*at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word);
    text.match_indices(name).filter(|(at, _)| alone(at)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(marked: &str, to: &str) -> Result<String, Refusal> {
        let offset = marked.find('«').expect("a cursor");
        let document = Document::new(marked.replace('«', ""), Arc::default());
        let edits = document.rename(offset, to)?;
        assert!(document.may_rename(offset).is_ok(), "{marked}");
        Ok(spliced(document.text(), &edits))
    }

    fn check(marked: &str, to: &str, expect: &str) {
        assert_eq!(renamed(marked, to).as_deref(), Ok(expect), "{marked}");
    }

    fn refused(marked: &str, to: &str, expect: &str) {
        let refusal = renamed(marked, to).expect_err(marked);
        assert!(refusal.to_string().contains(expect), "{expect:?} in {refusal}: {marked}");
    }

    #[test]
    fn names_are_replaced_and_nothing_else_is() {
        check(
            "name: p # a\nsteps:\n  «a:   {run: 'echo a'} # a\n  b: {needs: [ a ], run: 'echo {{ steps.a.visit }} a', if: 'steps[\"a\"].visit > 0'}\n",
            "z",
            "name: p # a\nsteps:\n  z:   {run: 'echo a'} # a\n  b: {needs: [ z ], run: 'echo {{ steps.z.visit }} a', if: 'steps[\"z\"].visit > 0'}\n",
        );
        check(
            "name: p\ninputs: {a: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.«a }}'}}\n",
            "name_of_it",
            "name: p\ninputs: {name_of_it: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.name_of_it }}'}}\n",
        );
        check(
            "name: p\nsecrets: [«T]\nsteps: {a: {run: x, env: {T: '{{ secrets.T }}'}}}\n",
            "TOKEN",
            "name: p\nsecrets: [TOKEN]\nsteps: {a: {run: x, env: {T: '{{ secrets.TOKEN }}'}}}\n",
        );
        check("name: p\nsteps:\n  «a: {run: x}\n", "a", "name: p\nsteps:\n  a: {run: x}\n");
    }

    #[test]
    fn names_inside_of_steps_and_in_finally_are_their_own() {
        let text = "name: p\ninputs: {i: {}}\nsteps:\n  a:\n    pipeline:\n      inputs: {i: '{{ inputs.i }}'}\n      steps:\n        a: {run: 'x {{ inputs.i }}', outputs: {v: stdout}}\n        b: {needs: a, if: steps.a.outputs.v == 1, run: x, goto: [{to: a, max: 1}]}\n      outputs: {v: steps.a.outputs.v}\n  b: {needs: a, if: steps.a.outputs.v == 1, run: x}\nfinally:\n  c: {if: steps.a.outputs.v == 2, run: x, compensate: {run: y}}\n  d: {needs: {c: always}, if: steps.c.status != \"ok\", run: x}\n";
        let at = |before: &str| text.replacen(before, &format!("{before}«"), 1);
        check(
            &at("        "),
            "z",
            &text
                .replace("        a: {", "        z: {")
                .replace("        b: {needs: a, if: steps.a.", "        b: {needs: z, if: steps.z.")
                .replace("to: a", "to: z")
                .replace("{v: steps.a.", "{v: steps.z."),
        );
        check(
            &at("\nsteps:\n  "),
            "z",
            &text
                .replace("\n  a:\n", "\n  z:\n")
                .replace("\n  b: {needs: a, if: steps.a.", "\n  b: {needs: z, if: steps.z.")
                .replace("c: {if: steps.a.", "c: {if: steps.z."),
        );
        check(
            &at("      inputs: {"),
            "j",
            &text.replace("      inputs: {i:", "      inputs: {j:").replace("x {{ inputs.i }}", "x {{ inputs.j }}"),
        );
        check(
            &at("\ninputs: {"),
            "j",
            &text.replace("\ninputs: {i:", "\ninputs: {j:").replace("'{{ inputs.i }}'}", "'{{ inputs.j }}'}"),
        );
        check(
            &at("finally:\n  "),
            "z",
            &text.replace("\n  c: {", "\n  z: {").replace("{c: always}, if: steps.c.", "{z: always}, if: steps.z."),
        );
        refused(&at("finally:\n  "), "b", "`b` already");
        refused(&at("        "), "b", "`b` already");
    }

    #[test]
    fn one_spelling_that_names_the_same_everywhere_is_replaced_once() {
        check(
            "name: p\nx-n: &n a\nsteps:\n  «a: {run: x}\n  b: {needs: *n, run: x}\n  c: {needs: [b, *n], run: x}\n",
            "z",
            "name: p\nx-n: &n z\nsteps:\n  z: {run: x}\n  b: {needs: *n, run: x}\n  c: {needs: [b, *n], run: x}\n",
        );
        check(
            "name: p\nsteps:\n  «a: {run: x}\n  b: &b {needs: a, run: x}\n  c: {<<: *b, run: y}\n",
            "z",
            "name: p\nsteps:\n  z: {run: x}\n  b: &b {needs: z, run: x}\n  c: {<<: *b, run: y}\n",
        );
    }

    #[test]
    fn what_is_no_name_or_is_taken_is_refused() {
        let steps = "name: p\ninputs: {i: {type: string}, j: {}}\nsecrets: [S, T]\nsteps:\n  a: {run: 'x {{ inputs.i }}'}\n  b: {foreach: {items: [1], as: c}, run: x}\nfinally:\n  d: {run: x}\n";
        refused(&steps.replace("a: {run", "«a: {run"), "A b", "lower-case letter");
        refused(&steps.replace("a: {run", "«a: {run"), "b", "`b` already");
        refused(&steps.replace("a: {run", "«a: {run"), "d", "`d` already");
        refused(&steps.replace("[S", "[«S"), "T", "`T` already");
        refused(&steps.replace("{i:", "{«i:"), "j", "`j` already");
        refused(&steps.replace("{i:", "{«i:"), "1", "not beginning with a digit");
        refused(&steps.replace("as: c", "as: «c"), "inputs", "`inputs` already");
        refused(&steps.replace("run: x}", "run: «x}"), "y", "Nothing");
    }

    #[test]
    fn what_could_leave_a_name_behind_is_refused() {
        refused("name: p\nsteps:\n  «a: {run: x}\n  b: {needs: a, run: x, if: 'steps.a ='}\n", "z", "line 4");
        refused(
            "name: p\ninputs: {«a: {}, b: {}}\nsteps: {s: {run: x, if: 'inputs[inputs.b + \"a\"] == 1'}}\n",
            "z",
            "line 3",
        );
        refused("name: p\nsteps:\n  «a: {run: x}\n  b: {needs: [a, run: x}\n", "z", "Mend it first");
        refused("name: p\nsteps:\n  «a: {run: x}\n  b: {nedes: a, run: x}\n", "z", "line 4");
        refused("name: p\nsteps:\n  b: {needs: «zz, run: x}\n", "z", "declared nowhere");
        refused("name: p\nsteps:\n  b: {run: x, outputs: {«v: stdout}}\n", "w", "by hand");
    }

    #[test]
    fn an_alias_does_not_carry_a_name_elsewhere() {
        refused("name: p\nsteps:\n  «a: {run: x, name: &n a}\n  b: {needs: *n, run: x}\n", "z", "line 3");
        refused("name: p\nsteps:\n  «a: {run: x}\n  b: {needs: &n a, name: *n, run: x}\n", "z", "line 4");
    }

    #[test]
    fn a_name_that_another_would_capture_is_refused() {
        refused(
            "name: p\nsteps:\n  s: {foreach: {items: [1], as: «a}, run: x, env: {E: '{{ cel \"[1].map(b, a + b)\" }}'}}\n",
            "b",
            "mean something else",
        );
    }
}
