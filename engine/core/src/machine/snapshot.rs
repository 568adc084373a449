//! A state as bytes, so that a long history need not be folded from its beginning. Never the truth: whatever cannot be read
//! here is folded from the events.
//!
//! ```text
//! "LLS" · format (1 byte) · SHA-256 of the rest · the state in MessagePack
//! ```
//!
//! Fields and variants stand there by name. A change of what they mean, or of which there are, takes a new
//! [`RunState::SNAPSHOT_FORMAT`]; a test
//! holds it against bytes that were written before.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::state::{RunState, StepState};
use crate::graph::{Graph, SEMANTICS};

const MAGIC: &[u8] = b"LLS";
/// Of a SHA-256.
const DIGEST_LEN: usize = 32;

impl RunState {
    /// Raised when states are written, or meant, otherwise.
    pub const SNAPSHOT_FORMAT: u8 = 1;

    /// The state as bytes, for [`RunState::restore`]. `None` before the first event, or where a value lies too deep.
    ///
    /// Equal histories give equal bytes.
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        self.created.as_ref()?;
        let state = rmp_serde::to_vec_named(self).ok()?;
        let mut bytes = Vec::with_capacity(MAGIC.len() + 1 + DIGEST_LEN + state.len());
        bytes.extend_from_slice(MAGIC);
        bytes.push(Self::SNAPSHOT_FORMAT);
        bytes.extend_from_slice(&Sha256::digest(&state));
        bytes.extend_from_slice(&state);
        Some(bytes)
    }

    /// The state that was written as `bytes` by a run over this graph, which has this digest. `None`: fold the history.
    pub fn restore(graph: &Graph, digest: &str, bytes: &[u8]) -> Option<Self> {
        let (format, rest) = bytes.strip_prefix(MAGIC)?.split_first()?;
        let (sum, state) = rest.split_at_checked(DIGEST_LEN)?;
        if *format != Self::SNAPSHOT_FORMAT || Sha256::digest(state)[..] != *sum {
            return None;
        }
        let state: Self = rmp_serde::from_slice(state).ok()?;
        let created = state.created.as_deref()?;
        let means_the_same = created.semantics == SEMANTICS && graph.semantics == SEMANTICS;
        (means_the_same && created.digest == digest && state.fits(graph)).then_some(state)
    }

    fn fits(&self, graph: &Graph) -> bool {
        self.steps.len() == graph.steps.len() && self.used.len() == graph.shape().entries().len()
    }
}

/// Steps hold sets and pictures that they share with all others of a region: each of them is written once.
pub(super) mod steps {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};

    use super::{Deserialize, Serialize, StepState};
    use crate::machine::state::Picture;
    use crate::shape::StepSet;

    /// Values, and for each step which of them is its own.
    #[derive(Serialize, Deserialize)]
    struct Shared<T> {
        values: Vec<T>,
        of_step: Vec<Option<u32>>,
    }

    #[derive(Serialize)]
    struct Written<'a> {
        steps: &'a [StepState],
        inside: Shared<&'a StepSet>,
        previous: Shared<&'a Picture>,
    }

    #[derive(Deserialize)]
    struct Read {
        steps: Vec<StepState>,
        inside: Shared<Arc<StepSet>>,
        previous: Shared<Arc<Picture>>,
    }

    impl<'a, T> Shared<&'a T> {
        /// What has the same key is the same.
        fn of<K: Ord>(values: impl Iterator<Item = Option<&'a Arc<T>>>, key: impl Fn(&'a Arc<T>) -> K) -> Self {
            let mut shared = Self { values: Vec::new(), of_step: Vec::new() };
            let mut known = BTreeMap::new();
            for value in values {
                let at = value.map(|value| {
                    *known.entry(key(value)).or_insert_with(|| {
                        shared.values.push(&**value);
                        shared.values.len() as u32 - 1
                    })
                });
                shared.of_step.push(at);
            }
            shared
        }
    }

    impl<T: Clone> Shared<T> {
        /// What belongs to the step at this place; `Err` where that was not written.
        fn of_step(&self, at: usize) -> Result<Option<T>, ()> {
            match self.of_step.get(at).ok_or(())? {
                None => Ok(None),
                Some(value) => self.values.get(*value as usize).cloned().map(Some).ok_or(()),
            }
        }
    }

    pub(in crate::machine) fn serialize<S: Serializer>(steps: &[StepState], serializer: S) -> Result<S::Ok, S::Error> {
        let inside = Shared::of(steps.iter().map(|step| step.inside.as_ref()), |set| &**set);
        // Pictures can be large: those that are one are told by their place in memory, in which no order can be seen.
        let previous = Shared::of(steps.iter().map(|step| step.previous.as_ref()), Arc::as_ptr);
        Written { steps, inside, previous }.serialize(serializer)
    }

    pub(in crate::machine) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<StepState>, D::Error> {
        let Read { mut steps, inside, previous } = Read::deserialize(deserializer)?;
        for (at, step) in steps.iter_mut().enumerate() {
            let shared = inside.of_step(at).and_then(|inside| Ok((inside, previous.of_step(at)?)));
            (step.inside, step.previous) = shared.map_err(|()| D::Error::custom("a shared value is missing"))?;
        }
        Ok(steps)
    }
}
