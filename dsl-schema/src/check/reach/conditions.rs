//! The conditions of a file as formulas over questions, each question once: what is unknown before a run.
//!
//! Equal questions are one unknown and opposite ones opposite ([`Formula`] sees to their spelling, [`super::names`] to whether
//! two steps ask the same thing). Questions about one subject that name different values exclude each other, and where a
//! schema lists all values of the subject, one of them holds. `steps.x.status` is no unknown: how `x` ended is known here.
//!
//! A question may have no answer: what it reads is missing, or no boolean. Then the condition is an error, unless the rest of
//! it decides. That is a second unknown beside the answer, the same wherever the question is asked.

use std::collections::BTreeMap;
use std::rc::Rc;

use loopline_core::expr::{Atom, Cel, Formula, Literal, Scope};

use super::diagram::{Diagrams, Set, Variable};
use super::domains::{Domain, Schemas};
use super::names::{At, Names, Reach};
use super::settled::Settled;
use super::ways::Ways;
use crate::check::flow::Flow;
use crate::model::{LoopCondition, Model};

/// A condition.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) term: Term,
    /// The questions in it, each once, ascending.
    pub(super) asks: Vec<usize>,
    /// The steps whose status it reads, each once, ascending.
    pub(super) reads: Vec<usize>,
    /// It can be an error in ways that its questions do not show.
    pub(super) may_fail: bool,
    pub(super) reads_names: bool,
    /// What it is in every run, if it is always the same by itself.
    pub(super) is_constant: Option<bool>,
}

impl Condition {
    /// What holds when it does not.
    pub(super) fn turned_round(self) -> Self {
        let is_constant = self.is_constant.map(|value| !value);
        Self { term: Term::Not(Box::new(self.term)), is_constant, ..self }
    }
}

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Always,
    Never,
    /// The answer to a question.
    Asked(usize),
    /// This step ended in one of these ways.
    Ended(usize, Ways),
    /// The step that looks at the condition has ended in one of these ways.
    Own(Ways),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// Something that conditions ask about the values of a run.
#[derive(Debug)]
pub(super) struct Question {
    /// As an expression.
    pub(super) atom: Atom,
    subject: usize,
    /// The question whose lack of an answer is its own too; none where there is always one.
    silent_with: Option<usize>,
}

/// Something that questions are about.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub(super) questions: Vec<usize>,
    /// All values that it can have, where a schema lists them.
    pub(super) domain: Option<Domain>,
}

/// The conditions of one step.
#[derive(Debug, Default)]
pub(super) struct OfStep {
    /// `if`.
    pub(super) condition: Option<Condition>,
    /// Of its loop edges, in their order. An `until` is turned round.
    pub(super) entries: Vec<Option<Condition>>,
    /// `expect.if`. No edge depends on it.
    pub(super) expects: Option<Condition>,
}

impl OfStep {
    /// The steps whose status they read, those of `expect.if` left out.
    pub(super) fn reads(&self) -> impl Iterator<Item = usize> + '_ {
        self.condition.iter().chain(self.entries.iter().flatten()).flat_map(|of| of.reads.iter().copied())
    }

    /// `if`, `expect.if`, and those of the loop edges.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = Option<&mut Condition>> {
        [self.condition.as_mut(), self.expects.as_mut()].into_iter().chain(self.entries.iter_mut().map(Option::as_mut))
    }
}

/// All of a file.
pub(super) struct Conditions {
    pub(super) steps: Vec<OfStep>,
    pub(super) questions: Vec<Question>,
    pub(super) subjects: Vec<Subject>,
    /// Some subject is asked about twice, or has its values listed: not all answers go together.
    has_bounds: bool,
}

impl Conditions {
    pub(super) fn of(model: &Model<'_>, flow: &Flow, settled: &Settled<'_>) -> Self {
        let mut reader = Reader {
            model,
            names: Names::of(model, settled),
            schemas: Schemas::of(model, flow),
            formulas: BTreeMap::new(),
            known: BTreeMap::new(),
            subject_of: BTreeMap::new(),
            question_of: BTreeMap::new(),
            found: Self {
                steps: Vec::with_capacity(model.steps.len()),
                questions: Vec::new(),
                subjects: Vec::new(),
                has_bounds: false,
            },
            expressions: 0,
        };
        for at in 0..model.steps.len() {
            let of_step = reader.step(at);
            reader.found.steps.push(of_step);
        }
        let is_bounded = |subject: &Subject| subject.domain.is_some() || subject.questions.len() > 1;
        reader.found.has_bounds = reader.found.subjects.iter().any(is_bounded);
        reader.found
    }

    /// Variables below this one belong to questions.
    pub(super) fn variables(&self) -> Variable {
        2 * self.questions.len() as Variable
    }

    /// The question that a variable is the answer to, if it is one.
    pub(super) fn asked(&self, variable: Variable) -> Option<usize> {
        (variable < self.variables() && variable.is_multiple_of(2)).then_some(variable as usize / 2)
    }

    /// The variable of an answer.
    pub(super) fn answer(question: usize) -> Variable {
        2 * question as Variable
    }

    /// When the answer to a question is `yes`, and when it is `no`.
    pub(super) fn answers(&self, question: usize, diagrams: &mut Diagrams) -> (Set, Set) {
        let yes = diagrams.variable(Self::answer(question));
        let silent = match self.questions[question].silent_with {
            Some(other) => diagrams.variable(Self::answer(other) + 1),
            None => Set::NONE,
        };
        let answered = diagrams.not(silent);
        (diagrams.minus(yes, silent), diagrams.minus(answered, yes))
    }

    /// When a term holds, and when it does not; in neither where it is an error. `own`: how the step that looks at it has
    /// ended. `ended` tells when another step ended in some ways.
    pub(super) fn sets(
        &self,
        term: &Term,
        own: Option<Ways>,
        diagrams: &mut Diagrams,
        ended: &impl Fn(&mut Diagrams, usize, Ways) -> Set,
    ) -> (Set, Set) {
        match term {
            Term::Always => (Set::ALL, Set::NONE),
            Term::Never => (Set::NONE, Set::ALL),
            Term::Asked(question) => self.answers(*question, diagrams),
            Term::Ended(step, ways) => (ended(diagrams, *step, *ways), ended(diagrams, *step, ways.others())),
            Term::Own(ways) if own.is_some_and(|own| own.meets(*ways)) => (Set::ALL, Set::NONE),
            Term::Own(_) => (Set::NONE, Set::ALL),
            Term::Not(inner) => {
                let (holds, fails) = self.sets(inner, own, diagrams, ended);
                (fails, holds)
            }
            Term::And(parts) => parts.iter().fold((Set::ALL, Set::NONE), |(holds, fails), part| {
                let (also, not) = self.sets(part, own, diagrams, ended);
                (diagrams.and(holds, also), diagrams.or(fails, not))
            }),
            Term::Or(parts) => parts.iter().fold((Set::NONE, Set::ALL), |(holds, fails), part| {
                let (also, not) = self.sets(part, own, diagrams, ended);
                (diagrams.or(holds, also), diagrams.and(fails, not))
            }),
        }
    }

    /// The same of a condition by itself: the steps whose status it reads may have ended in any way.
    pub(super) fn sets_by_itself(&self, condition: &Condition, own: Ways, diagrams: &mut Diagrams) -> (Set, Set) {
        let ended = |diagrams: &mut Diagrams, step: usize, ways: Ways| {
            // Two variables make the four ways.
            let first = self.variables() + 2 * step as Variable;
            let (one, two) = (diagrams.variable(first), diagrams.variable(first + 1));
            let (not_one, not_two) = (diagrams.not(one), diagrams.not(two));
            let pairs = [(one, two), (one, not_two), (not_one, two), (not_one, not_two)];
            Ways::EACH.into_iter().zip(pairs).filter(|(way, _)| way.meets(ways)).fold(Set::NONE, |any, (_, (a, b))| {
                let this = diagrams.and(a, b);
                diagrams.or(any, this)
            })
        };
        self.sets(&condition.term, Some(own), diagrams, &ended)
    }

    /// Whether there is a run for a set: an assignment in it that gives no subject two values, nor a value that it cannot have.
    pub(super) fn is_possible(&self, set: Set, diagrams: &mut Diagrams) -> bool {
        !self.possible(set, diagrams).is_none()
    }

    /// The assignments of a set that a run can have.
    pub(super) fn possible(&self, set: Set, diagrams: &mut Diagrams) -> Set {
        if set.is_none() || !self.has_bounds {
            return set;
        }
        let asked: Vec<usize> = diagrams.variables(&[set]).into_iter().filter_map(|of| self.asked(of)).collect();
        let mut set = set;
        let mut done = Vec::new();
        for &question in &asked {
            let subject = self.questions[question].subject;
            if done.contains(&subject) {
                continue;
            }
            done.push(subject);
            let same: Vec<usize> =
                asked.iter().copied().filter(|other| self.questions[*other].subject == subject).collect();
            set = self.without_contradiction(set, subject, &same, diagrams);
        }
        set
    }

    /// Of a set that decides these questions about a subject, what gives the subject one value that it can have.
    fn without_contradiction(&self, set: Set, subject: usize, asked: &[usize], diagrams: &mut Diagrams) -> Set {
        let mut set = set;
        let domain = self.subjects[subject].domain.as_ref();
        let mut earlier = Set::NONE;
        for &question in asked {
            let yes = diagrams.variable(Self::answer(question));
            let outside =
                domain.is_some_and(|values| !values.contains(&Some(self.questions[question].atom.equals.clone())));
            let excluded = if outside { Set::ALL } else { earlier };
            let excluded = diagrams.and(yes, excluded);
            set = diagrams.minus(set, excluded);
            earlier = diagrams.or(earlier, yes);
        }
        let names_all = domain.is_some_and(|values| {
            values.iter().all(|value| asked.iter().any(|of| Some(&self.questions[*of].atom.equals) == value.as_ref()))
        });
        if names_all { diagrams.and(set, earlier) } else { set }
    }

    /// The values that the subject of a question can have, where its schema lists them.
    pub(super) fn domain(&self, question: usize) -> Option<&Domain> {
        self.subjects[self.questions[question].subject].domain.as_ref()
    }

    /// Whether all of these ask about one subject.
    pub(super) fn have_one_subject(&self, questions: &[usize]) -> bool {
        questions.windows(2).all(|pair| self.questions[pair[0]].subject == self.questions[pair[1]].subject)
    }
}

impl Question {
    /// The question as an expression that holds when the answer is this one.
    pub(super) fn shown(&self, answer: bool) -> String {
        let atom = self.atom.clone();
        match (answer, &atom.equals) {
            (true, _) => atom.to_string(),
            (false, Literal::Bool(true)) if atom.path.is_some() => format!("!{}", atom.subject),
            (false, Literal::Bool(true)) => format!("!({})", atom.subject),
            (false, value) => format!("{} != {value}", atom.subject),
        }
    }
}

/// The formula of an expression, and the paths that it reads.
type Read = Rc<(Formula, Vec<Vec<String>>)>;

struct Reader<'a> {
    model: &'a Model<'a>,
    names: Names<'a>,
    schemas: Schemas<'a>,
    /// The same text is read once.
    formulas: BTreeMap<String, Read>,
    /// Conditions that are the same in every step.
    known: BTreeMap<String, Condition>,
    /// By what is asked about, what that is made of, and where it is the same.
    subject_of: BTreeMap<(Reach, String, String), usize>,
    question_of: BTreeMap<(usize, Literal), usize>,
    found: Conditions,
    expressions: usize,
}

impl Reader<'_> {
    fn step(&mut self, step: usize) -> OfStep {
        let model = self.model;
        let spec = model.steps[step].spec;
        let condition = spec.and_then(|spec| spec.condition.as_ref());
        let expects = spec.and_then(|spec| spec.http.as_ref()?.expect.as_ref()?.condition.as_ref());
        OfStep {
            condition: condition.map(|cel| self.condition(&cel.0.value, step, false)),
            entries: model.steps[step].gotos.iter().map(|entry| self.entry(entry.condition?, step)).collect(),
            expects: expects.map(|cel| self.condition(&cel.0.value, step, true)),
        }
    }

    fn entry(&mut self, condition: LoopCondition<'_>, step: usize) -> Option<Condition> {
        Some(match condition {
            LoopCondition::If(cel) => self.condition(&cel.0.value, step, true),
            LoopCondition::Until(cel) => self.condition(&cel.0.value, step, true).turned_round(),
        })
    }

    fn condition(&mut self, source: &str, step: usize, at_end: bool) -> Condition {
        if let Some(known) = self.known.get(source) {
            return known.clone();
        }
        self.expressions += 1;
        let at = At { step, expression: self.expressions, at_end };
        let read = self.read(source);
        let mut condition = Condition {
            term: Term::Always,
            asks: Vec::new(),
            reads: Vec::new(),
            // The formula of a conditional forgets that its test may be an error.
            may_fail: source.contains('?') || self.forgets(&read),
            reads_names: !read.1.is_empty(),
            is_constant: None,
        };
        condition.term = self.term(&read.0, at, &mut condition);
        for list in [&mut condition.asks, &mut condition.reads] {
            list.sort_unstable();
            list.dedup();
        }
        // What reads nothing but the run's own values is the same wherever it stands.
        if read.1.iter().all(|path| path.first().is_some_and(|root| root == "inputs" || root == "event")) {
            self.known.insert(source.to_owned(), condition.clone());
        }
        condition
    }

    fn read(&mut self, source: &str) -> Read {
        if let Some(known) = self.formulas.get(source) {
            return Rc::clone(known);
        }
        let cel = Cel::new(source);
        let references = cel.references();
        let formula = match &references {
            Ok(names) if names.is_empty() => match cel.eval_bool(&Scope::new()) {
                Ok(true) => Formula::True,
                Ok(false) => Formula::False,
                Err(_) => cel.normal_form(),
            },
            _ => cel.normal_form(),
        };
        let paths = references.unwrap_or_default().into_iter().map(|reference| reference.path).collect();
        let read = Rc::new((formula, paths));
        self.formulas.insert(source.to_owned(), Rc::clone(&read));
        read
    }

    /// Whether the expression reads something that its formula does not ask about, like `a` in `a || !a`.
    fn forgets(&mut self, read: &Read) -> bool {
        let (formula, paths) = &**read;
        let mut asked = Vec::new();
        for atom in formula.atoms() {
            match self.names.read_by(atom) {
                Some(paths) => asked.extend_from_slice(&paths),
                None => return true,
            }
        }
        paths.iter().any(|path| !asked.contains(path))
    }

    fn term(&mut self, formula: &Formula, at: At, condition: &mut Condition) -> Term {
        match formula {
            Formula::True => Term::Always,
            Formula::False => Term::Never,
            Formula::Atom(atom) => self.atom(atom, at, condition),
            Formula::Not(inner) => Term::Not(Box::new(self.term(inner, at, condition))),
            Formula::And(parts) => Term::And(parts.iter().map(|part| self.term(part, at, condition)).collect()),
            Formula::Or(parts) => Term::Or(parts.iter().map(|part| self.term(part, at, condition)).collect()),
        }
    }

    fn atom(&mut self, atom: &Atom, at: At, condition: &mut Condition) -> Term {
        if let Some(term) = self.status(atom, at) {
            if let Term::Ended(step, _) = term {
                condition.reads.push(step);
            }
            return term;
        }
        let question = self.question(atom, at);
        condition.asks.push(question);
        Term::Asked(question)
    }

    /// `steps.x.status == "…"`.
    fn status(&self, atom: &Atom, at: At) -> Option<Term> {
        let (Some([root, id, field]), Literal::Text(word)) = (atom.path.as_deref(), &atom.equals) else { return None };
        if root != "steps" || field != "status" {
            return None;
        }
        let ways = Ways::of_status(word)?;
        let step = *self.model.index.get(id.as_str())?;
        if step == at.step && at.at_end {
            return Some(Term::Own(ways));
        }
        self.names.has_ended(id, at).then_some(Term::Ended(step, ways))
    }

    fn question(&mut self, atom: &Atom, at: At) -> usize {
        let (reach, made_of) = self.names.reach(atom, at);
        let domain = atom.path.as_ref().and_then(|path| self.schemas.domain(path, at.step));
        let subjects = &mut self.found.subjects;
        let subject = *self.subject_of.entry((reach, atom.subject.clone(), made_of)).or_insert_with(|| {
            subjects.push(Subject { questions: Vec::new(), domain: domain.clone() });
            subjects.len() - 1
        });
        // What is known of the values in one place may not be known in another.
        if domain.is_none() {
            self.found.subjects[subject].domain = None;
        }
        if let Some(known) = self.question_of.get(&(subject, atom.equals.clone())) {
            return *known;
        }
        let question = self.found.questions.len();
        let is_bool = atom.path.as_ref().is_some_and(|path| self.schemas.is_bool(path));
        let silent_with = if self.names.is_always_answered(atom, at, is_bool) {
            None
        } else {
            Some(self.silent_with(subject, atom).unwrap_or(question))
        };
        self.found.questions.push(Question { atom: atom.clone(), subject, silent_with });
        self.found.subjects[subject].questions.push(question);
        self.question_of.insert((subject, atom.equals.clone()), question);
        question
    }

    /// Comparisons of one subject with values are answered together or not at all. A subject that stands for itself must be a
    /// boolean besides.
    fn silent_with(&self, subject: usize, atom: &Atom) -> Option<usize> {
        let stands_alone = |value: &Literal| *value == Literal::Bool(true);
        self.found.subjects[subject].questions.iter().copied().find(|other| {
            let other = &self.found.questions[*other];
            other.silent_with.is_some() && stands_alone(&other.atom.equals) == stands_alone(&atom.equals)
        })
    }
}
