//! How much work the schemas of a file may make.
//!
//! To hold a value against a schema can cost as much as all values of the one times all of the other, and a pattern of ten
//! letters can compile to megabytes. Both are estimated before anything is done.

use jsonschema::Validator;
use serde_json::Value as Json;

/// What the patterns of a file may come to; see [`Size::patterns`].
pub(crate) const MAX_PATTERNS: u64 = 50_000;

/// Each pattern counts for at least so much.
const LEAST_PATTERN: u64 = 50;

/// Values of schemas times values that are held against them.
const MAX_COMPARISONS: u64 = 4_000_000;

/// What schemas may still cost.
pub(crate) struct SchemaWork {
    patterns_left: u64,
    comparisons_left: u64,
}

impl Default for SchemaWork {
    fn default() -> Self {
        Self { patterns_left: MAX_PATTERNS, comparisons_left: MAX_COMPARISONS }
    }
}

/// A schema that is ready to be asked.
pub(crate) struct Checker {
    validator: Validator,
    size: Size,
}

/// Why a schema cannot be asked.
pub(crate) enum NotReady {
    /// Its patterns and those before it come to more than [`MAX_PATTERNS`].
    Patterns,
    /// It is no schema: what the library says.
    Invalid(String),
}

impl SchemaWork {
    /// Makes a schema ready.
    pub(crate) fn ready(&mut self, schema: &Json) -> Result<Checker, NotReady> {
        let size = Size::of_schema(schema);
        self.patterns_left = self.patterns_left.checked_sub(size.patterns).ok_or(NotReady::Patterns)?;
        match jsonschema::draft202012::options().offline().build(schema) {
            Ok(validator) => Ok(Checker { validator, size }),
            Err(error) => Err(NotReady::Invalid(error.to_string())),
        }
    }

    /// Holds a value against a schema; the error says why it does not fit. None where that would be too much work.
    pub(crate) fn check(&mut self, checker: &Checker, value: &Json) -> Option<Result<(), String>> {
        let size = Size::of(value);
        // A pattern looks at a text about eight letters at a time.
        let texts = checker.size.patterns / LEAST_PATTERN * (size.bytes / 8);
        let work = checker.size.values.saturating_mul(size.values).saturating_add(texts);
        self.comparisons_left = self.comparisons_left.checked_sub(work)?;
        Some(checker.validator.validate(value).map_err(|error| error.to_string()))
    }
}

/// How large a schema or a value is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Size {
    /// Values in it, itself included.
    values: u64,
    /// Letters of its texts and keys.
    bytes: u64,
    /// Signs of its patterns, with repetitions written out.
    patterns: u64,
}

impl Size {
    fn of(value: &Json) -> Self {
        let mut size = Self::default();
        size.add(value);
        size
    }

    /// Of a schema without its default, which is not held against anything.
    fn of_schema(schema: &Json) -> Self {
        let mut size = Self::of(schema);
        if let Some(default) = schema.get("default") {
            size.values -= Self::of(default).values;
        }
        size
    }

    fn add(&mut self, value: &Json) {
        self.values += 1;
        match value {
            Json::String(text) => self.bytes += text.len() as u64,
            Json::Array(items) => items.iter().for_each(|item| self.add(item)),
            Json::Object(map) => {
                for (key, value) in map {
                    self.bytes += key.len() as u64;
                    match (key.as_str(), value) {
                        ("pattern", Json::String(pattern)) => self.pattern(pattern),
                        ("patternProperties", Json::Object(all)) => {
                            all.keys().for_each(|pattern| self.pattern(pattern))
                        }
                        _ => {}
                    }
                    self.add(value);
                }
            }
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &str) {
        self.patterns = self.patterns.saturating_add(written_out(pattern).max(LEAST_PATTERN));
    }
}

/// About how many signs a pattern has when each `{n}` is replaced by what it repeats.
fn written_out(pattern: &str) -> u64 {
    // Signs of the groups that are open, and of the last thing that a repetition could stand behind.
    let mut open: Vec<u64> = vec![0];
    let mut last = 0_u64;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let length = match letter {
            '(' => {
                open.push(0);
                last = 0;
                continue;
            }
            ')' if open.len() > 1 => open.pop().unwrap_or_default().saturating_add(1),
            '{' => {
                let inside: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                let times = inside.split(',').filter_map(|number| number.parse::<u64>().ok()).max().unwrap_or(1).max(1);
                // The first time is counted already.
                let more = last.saturating_mul(times - 1).saturating_add(inside.len() as u64);
                last = last.saturating_add(more);
                more
            }
            '\\' => {
                last = 1 + u64::from(letters.next().is_some());
                last
            }
            '*' | '+' | '?' => 1,
            _ => {
                last = 1;
                1
            }
        };
        if letter == ')' {
            last = length;
        }
        if let Some(group) = open.last_mut() {
            *group = group.saturating_add(length);
        }
    }
    open.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repetitions_count_as_if_they_were_written_out() {
        for (pattern, least, most) in [
            ("abc", 3, 3),
            ("a?b*", 4, 4),
            ("a{1000}", 1_000, 1_010),
            ("(a{10}){10}", 100, 200),
            ("(\\w{200}){500}", 200_000, 250_000),
            ("((((a{999}){999}){999}){999}){999}){999}", 1_000_000_000, u64::MAX),
            ("a{2,}b{,3}", 3, 12),
            ("a{", 1, 2),
            ("))((", 2, 4),
        ] {
            let length = written_out(pattern);
            assert!((least..=most).contains(&length), "{pattern}: {length}");
        }
    }

    #[test]
    fn work_beyond_the_limits_is_not_begun() {
        let mut work = SchemaWork::default();
        let many: Vec<Json> = (0..3_000).map(Json::from).collect();
        let checker = work.ready(&json!({"items": {"enum": many}})).ok().expect("a schema");
        assert!(work.check(&checker, &json!([1, 2])).expect("little work").is_ok());
        assert!(work.check(&checker, &json!([1, -2])).expect("little work").is_err());
        assert!(work.check(&checker, &Json::from(many)).is_none());
        assert!(matches!(work.ready(&json!({"pattern": "(a{999}){999}"})), Err(NotReady::Patterns)));
        assert!(matches!(work.ready(&json!({"pattern": "("})), Err(NotReady::Invalid(_))));
    }
}
