//! Words of which a value is one: `failed`, `drain`.

use std::borrow::Cow;
use std::rc::Rc;

pub(super) use loopline_core::graph::{
    CompensateOn, CompensatePer, Missed, NotifyOn, Overlap, Provider, PullPolicy, RunEnd, WhenFull,
};
use loopline_core::graph::{Condition, GotoOn, OnExhausted};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::values::Located;
use crate::decode::{Cx, Decode, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::route::Route;
use crate::yaml::Node;

/// A type whose values are words.
pub trait WordList: Copy + 'static {
    /// What such a word is called: `condition`.
    const WHAT: &'static str;

    /// The words and what they stand for.
    fn all() -> Vec<(&'static str, Self)>;

    /// What a word means, in a sentence that editors show beside it.
    fn meaning(self) -> &'static str;
}

/// One word of a list.
#[derive(Debug, Clone)]
pub struct Word<T>(pub Located<T>);

impl<T: WordList> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::WHAT.into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        words_schema::<T>()
    }
}

/// The words with what each of them means.
pub(super) fn words_schema<T: WordList>() -> Schema {
    let (words, meanings): (Vec<_>, Vec<_>) = T::all().into_iter().map(|(word, value)| (word, value.meaning())).unzip();
    json_schema!({ "type": "string", "enum": words, "markdownEnumDescriptions": meanings })
}

impl<T: WordList> Decode for Word<T> {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let all = T::all();
        let Some(scalar) = node.scalar() else {
            let diagnostic = cx.wrong_type(node, at, "a word");
            cx.report(diagnostic.help(format!("{} is one of {}", one(T::WHAT), list(&words(&all)))));
            return None;
        };
        if let Some((_, value)) = all.iter().find(|(word, _)| *word == scalar.text) {
            return Some(Self(Located { value: *value, at: at.clone() }));
        }
        let place = Place::Value(at.clone());
        let mut diagnostic =
            Diagnostic::new(Code::UnknownWord, place.clone(), format!("`{}` is not {}", scalar.text, one(T::WHAT)));
        diagnostic = match cx.nearest.to(&scalar.text, words(&all)) {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), place, near)
            }
            None => diagnostic.help(format!("{} is one of {}", one(T::WHAT), list(&words(&all)))),
        };
        cx.report(diagnostic);
        None
    }
}

/// With its article.
fn one(what: &str) -> String {
    format!("{} {what}", if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
}

fn words<T>(all: &[(&'static str, T)]) -> Vec<&'static str> {
    all.iter().map(|(word, _)| *word).collect()
}

impl WordList for Condition {
    const WHAT: &'static str = "condition of an edge";
    fn all() -> Vec<(&'static str, Self)> {
        Self::ALL.iter().map(|each| (each.as_str(), *each)).collect()
    }
    fn meaning(self) -> &'static str {
        match self {
            Self::Ok => {
                "It succeeded, or failed as `allow_failure` lets it. One that was left out by choice does not count either way."
            }
            Self::Succeeded => "It succeeded.",
            Self::Failed => "It failed. Only looks on: the run fails all the same.",
            Self::Catch => "It failed. A success of the step behind it handles the failure.",
            Self::Completed => "It succeeded or failed.",
            Self::Skipped => "It was skipped, for whatever reason.",
            Self::Always => "It ended, in whatever way.",
        }
    }
}

impl WordList for GotoOn {
    const WHAT: &'static str = "outcome for `goto`";
    fn all() -> Vec<(&'static str, Self)> {
        [Self::Succeeded, Self::Failed, Self::Rejected, Self::Timeout, Self::Completed]
            .into_iter()
            .map(|each| (each.as_str(), each))
            .collect()
    }
    fn meaning(self) -> &'static str {
        match self {
            Self::Succeeded => "The step succeeded.",
            Self::Failed => "The step failed, whatever the kind of failure.",
            Self::Rejected => "The approval was rejected.",
            Self::Timeout => "The step took too long.",
            Self::Completed => "The step succeeded or failed.",
        }
    }
}

impl WordList for OnExhausted {
    const WHAT: &'static str = "value of `on_exhausted`";
    fn all() -> Vec<(&'static str, Self)> {
        vec![("fail", Self::Fail), ("continue", Self::Continue)]
    }
    fn meaning(self) -> &'static str {
        match self {
            Self::Fail => "The step fails with kind `loop_exhausted`.",
            Self::Continue => "The next entry is tried; at last the steps behind this one see how it ended.",
        }
    }
}

/// What becomes of attempts that run in a region when it is re-opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlight {
    /// They are ended.
    Cancel,
    /// They are let end.
    Drain,
}

impl WordList for InFlight {
    const WHAT: &'static str = "value of `in_flight`";
    fn all() -> Vec<(&'static str, Self)> {
        vec![("cancel", Self::Cancel), ("drain", Self::Drain)]
    }
    fn meaning(self) -> &'static str {
        match self {
            Self::Cancel => "What runs in the region is ended.",
            Self::Drain => "What runs in the region is let end by itself.",
        }
    }
}

/// Words that the graph has too.
macro_rules! graph_words {
    ($($type:ident $what:literal,)*) => {$(
        impl WordList for $type {
            const WHAT: &'static str = $what;
            fn all() -> Vec<(&'static str, Self)> {
                Self::ALL.iter().map(|each| (each.as_str(), *each)).collect()
            }
            fn meaning(self) -> &'static str {
                $type::meaning(self)
            }
        }
    )*};
}

graph_words! {
    Overlap "value of `overlap`",
    Missed "value of `missed`",
    Provider "provider of webhooks",
    RunEnd "end of a run",
    WhenFull "value of `when_full`",
    NotifyOn "event of `notify`",
    PullPolicy "value of `pull`",
    CompensateOn "end of a run that is undone",
    CompensatePer "value of `per`",
}

/// Which files a step works in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workspace {
    /// Those of the run.
    Shared,
    /// None.
    Fresh,
}

impl WordList for Workspace {
    const WHAT: &'static str = "value of `workspace`";
    fn all() -> Vec<(&'static str, Self)> {
        vec![("shared", Self::Shared), ("fresh", Self::Fresh)]
    }
    fn meaning(self) -> &'static str {
        match self {
            Self::Shared => "The files of the run, which all its steps share.",
            Self::Fresh => "An empty folder for this step.",
        }
    }
}
