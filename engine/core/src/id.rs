//! Identity: every id has its own type, so that two of them can never be swapped.
//!
//! The identity of a piece of work is (run, epoch, step, item, visit, attempt). It is carried by every command, result,
//! log and decision; a result whose identity is not the current one changes nothing.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A run. Written as a ULID: 26 characters that sort by the time the run was created.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(ulid::Ulid);

impl RunId {
    /// Builds an id from a time in milliseconds since 1970 and 80 random bits. Both come from outside: core has neither.
    pub fn from_parts(unix_ms: u64, random: u128) -> Self {
        Self(ulid::Ulid::from_parts(unix_ms, random))
    }

    /// The 128 bits of the id. Core derives retry jitter from them.
    pub fn bits(self) -> u128 {
        self.0.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a run id (26 letters and digits, like 01JD8Z6V7Q3N5T1W9X2Y4B6C8D)")]
pub struct InvalidRunId(pub String);

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        ulid::Ulid::from_string(text).map(Self).map_err(|_| InvalidRunId(text.chars().take(64).collect()))
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The name of a step: `[a-z][a-z0-9_]{0,62}`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Arc<str>);

/// The text is not a step id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a step id (a lower-case letter, then at most 62 of a-z, 0-9 and _)")]
pub struct InvalidStepId(pub String);

impl StepId {
    /// Checks the text against the grammar of step ids.
    pub fn new(text: &str) -> Result<Self, InvalidStepId> {
        let mut chars = text.bytes();
        let starts = chars.next().is_some_and(|c| c.is_ascii_lowercase());
        let goes_on = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
        if starts && goes_on && text.len() <= 63 {
            Ok(Self(text.into()))
        } else {
            Err(InvalidStepId(text.chars().take(64).collect()))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for StepId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for StepId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StepId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// Position of a step in [`crate::graph::Graph::steps`]. Only valid for the graph it came from, so it never leaves the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepIx(pub u32);

impl StepIx {
    /// As an index into a slice with one entry a step.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// Number of an event in its run: 1, 2, 3 … without gap. 0 stands for "before the first".
pub type Seq = u64;

/// One attempt at one visit of one step (or of one item of it), within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptKey {
    /// Counts the reruns of a finished run, from 1.
    pub epoch: u32,
    /// The step.
    pub step: StepId,
    /// Position of the item, for a step that runs many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Counts the times a loop brought the run here, from 1.
    pub visit: u32,
    /// Counts the retries within one visit, from 1.
    pub attempt: u32,
    /// The attempts that run the pipelines in place which the step lies in; none for a step of the run itself.
    #[serde(default, skip_serializing_if = "Within::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub within: Within,
    /// It undoes what the visit did.
    #[serde(default, skip_serializing_if = "is_false")]
    pub undo: bool,
}

/// The full identity of an attempt; also the id of the command that starts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The run.
    pub run: RunId,
    /// What within the run.
    #[serde(flatten)]
    pub key: AttemptKey,
}

impl fmt::Display for AttemptKey {
    /// `1.build.3.1`: epoch, step, visit, attempt; with an item `1.build[4].3.1`, inside of another `1.child.2.1.build.3.1`,
    /// undone `1.build.3.1.undo`. Safe as a file name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, step, item, visit, attempt, within, undo } = self;
        write!(f, "{epoch}.")?;
        for around in within.iter() {
            write!(f, "{around}.")?;
        }
        write_unit(f, step, *item)?;
        write!(f, ".{visit}.{attempt}{}", if *undo { ".undo" } else { "" })
    }
}

impl FromStr for AttemptKey {
    type Err = InvalidAttemptKey;

    fn from_str(text: &str) -> Result<Self, InvalidAttemptKey> {
        let invalid = || InvalidAttemptKey(text.chars().take(64).collect());
        let (plain, undo) = match text.strip_suffix(".undo") {
            Some(plain) => (plain, true),
            None => (text, false),
        };
        let (epoch, rest) = plain.split_once('.').ok_or_else(invalid)?;
        let words: Vec<&str> = rest.split('.').collect();
        let mut all = words.chunks(3).map(Enclosing::from_words).collect::<Option<Vec<_>>>().ok_or_else(invalid)?;
        let Enclosing { step, item, visit, attempt } = all.pop().ok_or_else(invalid)?;
        let epoch = number(epoch).ok_or_else(invalid)?;
        Ok(Self { epoch, step, item, visit, attempt, within: Within(all.into()), undo })
    }
}

/// The text is not the identity of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the identity of an attempt")]
pub struct InvalidAttemptKey(pub String);

/// An attempt of a step that runs a pipeline in place, seen from a step of that pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Enclosing {
    /// The step.
    pub step: StepId,
    /// Position of the item, for a step that runs many times.
    pub item: Option<u32>,
    /// The visit of it.
    pub visit: u32,
    /// The attempt in that.
    pub attempt: u32,
}

impl Enclosing {
    fn from_words(words: &[&str]) -> Option<Self> {
        let [unit, visit, attempt] = words else { return None };
        let (step, item) = read_unit(unit)?;
        Some(Self { step, item, visit: number(visit)?, attempt: number(attempt)? })
    }
}

impl fmt::Display for Enclosing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_unit(f, &self.step, self.item)?;
        write!(f, ".{}.{}", self.visit, self.attempt)
    }
}

/// What something lies inside of, from the outside in; in JSON `child[4].2.1/inner.1.1`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Within(Arc<[Enclosing]>);

impl Within {
    /// It lies in the run itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From the outside in.
    pub fn iter(&self) -> std::slice::Iter<'_, Enclosing> {
        self.0.iter()
    }

    /// As a slice, from the outside in.
    pub fn as_slice(&self) -> &[Enclosing] {
        &self.0
    }

    /// One level further in.
    pub fn and(&self, inner: Enclosing) -> Self {
        Self(self.0.iter().cloned().chain([inner]).collect())
    }

    /// The steps, without visits and attempts: how people name the place.
    pub fn path_to(&self, step: StepId) -> StepPath {
        StepPath { within: self.0.iter().map(|around| (around.step.clone(), around.item)).collect(), step }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, around) in self.0.iter().enumerate() {
            write!(f, "{}{around}", if at == 0 { "" } else { "/" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Within {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Within {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let read = |part: &str| Enclosing::from_words(&part.split('.').collect::<Vec<_>>());
        let all = if text.is_empty() { Some(Vec::new()) } else { text.split('/').map(read).collect() };
        let invalid = || serde::de::Error::custom(InvalidAttemptKey(text.chars().take(64).collect()));
        all.map(|all| Self(all.into())).ok_or_else(invalid)
    }
}

/// How people name a step: `deploy`, and inside of pipelines in place `child/deploy` or `child[4]/deploy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepPath {
    /// The steps whose pipelines in place it lies in, from the outside in, and the items of them.
    pub within: Vec<(StepId, Option<u32>)>,
    /// The step.
    pub step: StepId,
}

impl From<StepId> for StepPath {
    fn from(step: StepId) -> Self {
        Self { within: Vec::new(), step }
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, item) in &self.within {
            write_unit(f, step, *item)?;
            f.write_str("/")?;
        }
        write!(f, "{}", self.step)
    }
}

impl FromStr for StepPath {
    type Err = InvalidStepId;

    fn from_str(text: &str) -> Result<Self, InvalidStepId> {
        let (around, step) = match text.rsplit_once('/') {
            Some((around, step)) => (Some(around), step),
            None => (None, text),
        };
        let invalid = || InvalidStepId(text.chars().take(64).collect());
        let within = around.into_iter().flat_map(|around| around.split('/')).map(read_unit);
        Ok(Self { within: within.collect::<Option<_>>().ok_or_else(invalid)?, step: StepId::new(step)? })
    }
}

impl Serialize for StepPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A step of the run itself, or one item of it: `deploy`, `deploy[4]`. Items are named by their place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepUnit {
    /// The step.
    pub step: StepId,
    /// The item, for a step that runs many times; none: all of the step.
    pub item: Option<u32>,
}

impl From<StepId> for StepUnit {
    fn from(step: StepId) -> Self {
        Self { step, item: None }
    }
}

impl fmt::Display for StepUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_unit(f, &self.step, self.item)
    }
}

impl FromStr for StepUnit {
    type Err = InvalidStepId;

    fn from_str(text: &str) -> Result<Self, InvalidStepId> {
        let invalid = || InvalidStepId(text.chars().take(64).collect());
        read_unit(text).map(|(step, item)| Self { step, item }).ok_or_else(invalid)
    }
}

impl Serialize for StepUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How people name a step or one item of it, wherever it lies: `deploy[4]`, `child[0]/deploy[4]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPath {
    /// The step.
    pub path: StepPath,
    /// The item, for a step that runs many times; none: the step itself.
    pub item: Option<u32>,
}

impl From<StepPath> for UnitPath {
    fn from(path: StepPath) -> Self {
        Self { path, item: None }
    }
}

impl From<StepId> for UnitPath {
    fn from(step: StepId) -> Self {
        StepPath::from(step).into()
    }
}

impl fmt::Display for UnitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        self.item.map_or(Ok(()), |item| write!(f, "[{item}]"))
    }
}

impl FromStr for UnitPath {
    type Err = InvalidStepId;

    fn from_str(text: &str) -> Result<Self, InvalidStepId> {
        let (around, last) = text.split_at(text.rfind('/').map_or(0, |at| at + 1));
        let StepUnit { step, item } = last.parse()?;
        Ok(Self { path: format!("{around}{step}").parse()?, item })
    }
}

impl Serialize for UnitPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn write_unit(f: &mut fmt::Formatter<'_>, step: &StepId, item: Option<u32>) -> fmt::Result {
    match item {
        None => write!(f, "{step}"),
        Some(item) => write!(f, "{step}[{item}]"),
    }
}

fn read_unit(text: &str) -> Option<(StepId, Option<u32>)> {
    let (step, item) = match text.split_once('[') {
        Some((step, item)) => (step, Some(number(item.strip_suffix(']')?)?)),
        None => (text, None),
    };
    Some((StepId::new(step).ok()?, item))
}

/// A number as it is written here: digits, no leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run, self.key)
    }
}
