//! A whole text mended: fixes that are sure are tried, and those stay that mend.

use std::collections::{BTreeMap, BTreeSet};

use super::meaning;
use super::splices::{Splice, edits_with_splices};
use crate::compile::{compile_step_type, compile_with};
use crate::diagnostics::{Code, Diagnostic, Edit, Fix, Place, Severity, Sureness};
use crate::library::Library;
use crate::position::Source;

/// What was mended, and what is left for people.
#[derive(Debug)]
pub struct Fixed {
    /// The text, to the letter what it was where no fix was made.
    pub text: String,
    /// What was done, in the order in which it was done.
    pub applied: Vec<Applied>,
    /// What is found in the mended text.
    pub left: Vec<Diagnostic>,
}

/// A fix that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What it mended.
    pub code: Code,
    /// What was done, as a menu would say it.
    pub title: String,
    /// Where, in the text as it was just before; from 1.
    pub line: usize,
}

/// How often a text is compiled at the most. Each round takes one, and a fix that does not mend takes a few more to be found.
const MOST_TRIES: usize = 100;
/// Bytes of text that are compiled at the most; a large text gets fewer tries, so that the time stays bounded.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Makes every fix of a pipeline that is sure: of errors and warnings that have exactly one, never one that makes a new
/// error.
///
/// Pure, and bounded: the same text gives the same result, and mending it again changes nothing unless the bound was met.
pub fn fix(text: &str) -> Fixed {
    fix_among(text, &Library::default())
}

/// The same, of a pipeline among step types and others that it may name.
pub fn fix_among(text: &str, library: &Library) -> Fixed {
    mended(text, &|text| compile_with(text, library).diagnostics)
}

/// The same, of a step type.
pub fn fix_step_type(text: &str) -> Fixed {
    mended(text, &compile_step_type)
}

/// Gives everything that is wrong with a text.
type Find<'a> = dyn Fn(&str) -> Vec<Diagnostic> + 'a;

fn mended(text: &str, find: &Find<'_>) -> Fixed {
    let (mark, text) = match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    };
    let tries_left = (MOST_BYTES / text.len().max(1)).clamp(8, MOST_TRIES);
    let mut mender = Mender { find, tries_left, refused: BTreeSet::new(), may_uncover: true };
    let (state, applied) = mender.all(State::of(text.to_owned(), find));
    Fixed { text: format!("{mark}{}", state.text), applied, left: state.found }
}

/// A text and what is found in it.
struct State {
    text: String,
    found: Vec<Diagnostic>,
}

impl State {
    fn of(text: String, find: &Find<'_>) -> Self {
        let found = find(&text);
        Self { text, found }
    }

    fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|finding| finding.severity == severity).count()
    }

    fn errors_by_code(&self) -> BTreeMap<Code, usize> {
        let mut count = BTreeMap::new();
        for finding in self.found.iter().filter(|finding| finding.severity == Severity::Error) {
            *count.entry(finding.code).or_default() += 1;
        }
        count
    }
}

/// A fix that could be made.
struct Candidate<'a> {
    finding: &'a Diagnostic,
    fix: &'a Fix,
    edits: Vec<(&'a Edit, Splice)>,
}

struct Mender<'a> {
    find: &'a Find<'a>,
    tries_left: usize,
    /// Findings whose fix did not mend: code and sentence.
    refused: BTreeSet<(Code, String)>,
    /// A fix may uncover mistakes that were hidden behind the one it mends, if all of them can be mended as well.
    may_uncover: bool,
}

impl Mender<'_> {
    fn all(&mut self, mut state: State) -> (State, Vec<Applied>) {
        let mut applied = Vec::new();
        while let Some((next, done)) = self.round(&state) {
            state = next;
            applied.extend(done);
        }
        (state, applied)
    }

    /// One round: as many fixes as go together. None when there is nothing left to make.
    fn round(&mut self, state: &State) -> Option<(State, Vec<Applied>)> {
        let source = Source::new(&state.text);
        loop {
            let mut candidates = self.candidates(state, &source);
            if candidates.is_empty() {
                return None;
            }
            // Half as many, until it works or a single one is known not to mend.
            loop {
                self.tries_left = self.tries_left.checked_sub(1)?;
                let done = || candidates.iter().map(|each| applied(&source, each)).collect();
                let next = self.spliced(state, &source, &candidates);
                let (next, uncovered) = match next {
                    Some(next) if mends(state, &next, &candidates) => return Some((next, done())),
                    Some(next) if candidates.len() == 1 => self.what_it_uncovers(next),
                    _ => (None, Vec::new()),
                };
                if let Some(next) = next.filter(|next| mends(state, next, &candidates)) {
                    let mut all: Vec<Applied> = done();
                    all.extend(uncovered);
                    return Some((next, all));
                }
                if let [one] = candidates.as_slice() {
                    self.refused.insert((one.finding.code, one.finding.message.clone()));
                    break;
                }
                candidates.truncate(candidates.len() / 2);
            }
        }
    }

    /// The text with these fixes, if it says what they intend and nothing else changed.
    fn spliced(&self, state: &State, source: &Source<'_>, candidates: &[Candidate<'_>]) -> Option<State> {
        let mut all: Vec<&(&Edit, Splice)> = candidates.iter().flat_map(|each| &each.edits).collect();
        all.sort_by_key(|(_, splice)| (splice.bytes.start, splice.bytes.end));
        let mut text = String::with_capacity(state.text.len());
        let mut at = 0;
        for (_, splice) in &all {
            text.push_str(state.text.get(at..splice.bytes.start)?);
            text.push_str(&splice.text);
            at = splice.bytes.end;
        }
        text.push_str(state.text.get(at..)?);
        let edits: Vec<&Edit> = all.iter().map(|(edit, _)| *edit).collect();
        meaning::is_as_intended(source, &Source::new(&text), &edits).then(|| State::of(text, self.find))
    }

    /// The text with what a fix has uncovered mended too.
    fn what_it_uncovers(&mut self, state: State) -> (Option<State>, Vec<Applied>) {
        if !self.may_uncover {
            return (None, Vec::new());
        }
        let tries_left = self.tries_left.min(MOST_TRIES / 10);
        let mut inner = Mender { find: self.find, tries_left, refused: self.refused.clone(), may_uncover: false };
        let (state, applied) = inner.all(state);
        self.tries_left -= tries_left - inner.tries_left;
        (Some(state), applied)
    }

    /// Fixes that do not touch each other, in the order of the text.
    fn candidates<'a>(&self, state: &'a State, source: &Source<'_>) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for finding in &state.found {
            let sure: Vec<&Fix> = finding.fixes.iter().filter(|fix| fix.sureness == Sureness::Sure).collect();
            let [fix] = sure.as_slice() else { continue };
            let refused = self.refused.contains(&(finding.code, finding.message.clone()));
            if finding.severity == Severity::Hint || refused {
                continue;
            }
            let Some(edits) = edits_with_splices(source, fix) else { continue };
            if edits.iter().all(|(_, splice)| is_free(&taken, splice)) {
                taken.extend(edits.iter().map(|(_, splice)| (splice.bytes.start, splice.bytes.end)));
                candidates.push(Candidate { finding, fix, edits });
            }
        }
        // What could not be read is mended first and by itself: the meaning of all else can be compared only without it.
        let is_unread = |each: &Candidate<'_>| each.edits.iter().any(|(edit, _)| matches!(edit.place, Place::Text(_)));
        if candidates.iter().any(is_unread) {
            candidates.retain(is_unread);
        }
        candidates
    }
}

/// Whether a splice touches none of those that are taken, by where they begin.
fn is_free(taken: &BTreeMap<usize, usize>, splice: &Splice) -> bool {
    let before = taken.range(..=splice.bytes.start).next_back();
    let behind = taken.range(splice.bytes.start..).next();
    before.is_none_or(|(_, end)| *end < splice.bytes.start) && behind.is_none_or(|(start, _)| *start > splice.bytes.end)
}

/// Whether every one of the fixes took a finding away, and no sort of error came.
fn mends(before: &State, after: &State, candidates: &[Candidate<'_>]) -> bool {
    let of = |severity| candidates.iter().filter(|each| each.finding.severity == severity).count();
    let fewer = |severity| after.count(severity) + of(severity) <= before.count(severity);
    let known = before.errors_by_code();
    let nothing_new =
        after.errors_by_code().iter().all(|(code, count)| known.get(code).is_some_and(|known| count <= known));
    // What is warned of may be seen only once there are no errors.
    nothing_new && fewer(Severity::Error) && (of(Severity::Error) > 0 || fewer(Severity::Warning))
}

fn applied(source: &Source<'_>, candidate: &Candidate<'_>) -> Applied {
    let at = candidate.edits.first().map_or(0, |(_, splice)| splice.bytes.start);
    Applied { code: candidate.finding.code, title: candidate.fix.title.clone(), line: source.position(at).line }
}
