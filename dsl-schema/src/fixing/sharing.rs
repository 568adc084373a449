//! How often each value and key of a text is used: once where it stands, and again through each alias and merge.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::yaml::{Node, Value};

/// Uses by place in the text. What keys with `x-` hold is not counted: nothing reads it there.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    of: BTreeMap<(usize, usize), u32>,
}

impl Uses {
    /// Counts them. The number of values is bounded, each alias counted as often as it is used.
    pub(crate) fn of(root: Option<&Node>) -> Self {
        let mut uses = Self::default();
        let mut open: Vec<&Node> = root.into_iter().collect();
        while let Some(node) = open.pop() {
            uses.count(&node.span);
            match &node.value {
                Value::Sequence(items) => open.extend(items.iter().map(|item| &**item)),
                Value::Mapping(entries) => {
                    for entry in entries.iter().filter(|entry| !entry.key.text.starts_with("x-")) {
                        uses.count(&entry.key.span);
                        open.push(&entry.value);
                    }
                }
                Value::Scalar(_) => {}
            }
        }
        uses
    }

    fn count(&mut self, span: &Range<usize>) {
        *self.of.entry((span.start, span.end)).or_default() += 1;
    }

    /// Whether what stands there is used more than once.
    pub(super) fn are_several(&self, span: &Range<usize>) -> bool {
        self.of.get(&(span.start, span.end)).is_some_and(|uses| *uses > 1)
    }
}
