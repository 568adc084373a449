//! "Did you mean …": the known name that is nearest to a wrong one.

/// Finds near names, with a bound on all its work: a hostile file may have a hundred thousand wrong names.
pub(crate) struct Nearest {
    comparisons_left: usize,
}

impl Default for Nearest {
    fn default() -> Self {
        Self { comparisons_left: 50_000 }
    }
}

impl Nearest {
    /// The nearest of `known`, if it is near enough to be meant.
    pub(crate) fn to<'a>(&mut self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        if name.len() > 64 {
            return None;
        }
        let mut best: Option<(f64, &str)> = None;
        for candidate in known {
            self.comparisons_left = self.comparisons_left.checked_sub(1)?;
            let likeness = likeness(name, candidate);
            if likeness > best.map_or(0.0, |(most, _)| most) {
                best = Some((likeness, candidate));
            }
        }
        best.filter(|(likeness, candidate)| *likeness >= 0.7 && *candidate != name).map(|(_, candidate)| candidate)
    }
}

fn likeness(name: &str, candidate: &str) -> f64 {
    let (name, plain) = (name.replace('-', "_").to_lowercase(), candidate.replace('-', "_").to_lowercase());
    let distance = strsim::damerau_levenshtein(&name, &plain);
    // One slip in a short word is a slip too; the start of a word is what was meant.
    let allowed = if distance <= 1 && plain.chars().count() >= 3 { 0.8 } else { 0.0 };
    strsim::jaro_winkler(&name, &plain)
        .mul_add(0.5, strsim::normalized_damerau_levenshtein(&name, &plain) * 0.5)
        .max(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["needs", "name", "timeout", "interruptible", "build_all"];
        for (wrong, expect) in [
            ("need", Some("needs")),
            ("neds", Some("needs")),
            ("time_out", Some("timeout")),
            ("Timeout", Some("timeout")),
            ("build-all", Some("build_all")),
            ("colour", None),
            ("xyz", None),
        ] {
            assert_eq!(Nearest::default().to(wrong, known), expect, "{wrong}");
        }
    }
}
