//! Types as people read them.

use std::fmt;

use super::super::eval::shortened;
use super::super::spelling::quoted;
use super::{Kinds, Type};

/// Words and keys that are shown of one type.
const MAX_SHOWN: usize = 8;
/// How deep lists and maps are shown.
const MAX_DEPTH: usize = 2;

/// As people say it: `number`, `"a" | "b"`, `list of string`, `{count: number, …}`, `string or null`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl Type {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        if Kinds::JSON.within(self.kinds) {
            return f.write_str("any");
        }
        let mut between = "";
        let mut number = false;
        for kind in self.kinds.without(Kinds::NULL).each().chain((self.kinds & Kinds::NULL).each()) {
            if kind.within(Kinds::NUMBER) && std::mem::replace(&mut number, true) {
                continue;
            }
            f.write_str(between)?;
            between = " or ";
            match kind {
                Kinds::NULL => f.write_str("null")?,
                Kinds::TEXT => self.write_words(f)?,
                Kinds::LIST => {
                    f.write_str("list")?;
                    if let Some(element) =
                        self.element.as_ref().filter(|element| depth < MAX_DEPTH && !element.is_never())
                    {
                        f.write_str(" of ")?;
                        element.write(f, depth + 1)?;
                    }
                }
                Kinds::MAP => self.write_entries(f, depth)?,
                kind if kind.within(Kinds::NUMBER) => f.write_str("number")?,
                kind => f.write_str(kind.described().trim_start_matches("a "))?,
            }
        }
        if self.is_never() { f.write_str("nothing") } else { Ok(()) }
    }

    fn write_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(words) = &self.words else { return f.write_str("string") };
        for (index, word) in words.iter().take(MAX_SHOWN).enumerate() {
            f.write_str(if index > 0 { " | " } else { "" })?;
            f.write_str(&quoted(&shortened(word)))?;
        }
        f.write_str(if words.len() > MAX_SHOWN { " | …" } else { "" })
    }

    fn write_entries(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let Some(entries) = self.entries.as_ref().filter(|_| depth < MAX_DEPTH) else { return f.write_str("map") };
        match &entries.rest {
            Some(rest) if entries.fields.is_empty() => {
                f.write_str("map of ")?;
                return rest.write(f, depth + 1);
            }
            _ => f.write_str("{")?,
        }
        for (index, (key, field)) in entries.fields.iter().take(MAX_SHOWN).enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            write!(f, "{}{}: ", shortened(key), if field.sure { "" } else { "?" })?;
            field.ty.write(f, depth + 1)?;
        }
        let more = entries.rest.is_some() || entries.fields.len() > MAX_SHOWN;
        f.write_str(if more { ", …}" } else { "}" })
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
