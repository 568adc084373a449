//! "Did you mean …": the known name that is nearest to a wrong one.

/// Longer names are told without a guess.
const LONGEST: usize = 64;

/// Finds near names, with a bound on all its work: a hostile file may have a hundred thousand wrong names.
pub(crate) struct Nearest {
    /// Pairs of letters that may still be looked at.
    pairs_left: usize,
}

impl Default for Nearest {
    fn default() -> Self {
        Self { pairs_left: 4_000_000 }
    }
}

impl Nearest {
    /// The nearest of `known`, if it is near enough to be meant.
    pub(crate) fn to<'a>(&mut self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        if name.len() > LONGEST || self.pairs_left == 0 {
            return None;
        }
        let mut best: Option<(f64, &str)> = None;
        for candidate in known {
            self.pairs_left = self.pairs_left.saturating_sub(1 + cost(name, candidate));
            if self.pairs_left == 0 {
                return None;
            }
            if cost(name, candidate) == 0 {
                continue;
            }
            let likeness = likeness(name, candidate);
            if likeness > best.map_or(0.0, |(most, _)| most) {
                best = Some((likeness, candidate));
            }
        }
        best.filter(|(likeness, candidate)| *likeness >= 0.7 && *candidate != name).map(|(_, candidate)| candidate)
    }
}

/// Pairs of letters that a comparison looks at; none where the lengths alone say that the names are not alike.
fn cost(name: &str, candidate: &str) -> usize {
    let (short, long) = (name.len().min(candidate.len()), name.len().max(candidate.len()));
    if long > LONGEST || short * 5 < long * 2 { 0 } else { short * long }
}

fn likeness(name: &str, candidate: &str) -> f64 {
    let (name, plain) = (name.replace('-', "_").to_lowercase(), candidate.replace('-', "_").to_lowercase());
    let distance = strsim::osa_distance(&name, &plain);
    let longest = name.chars().count().max(plain.chars().count()).max(1);
    // One slip in a short word is a slip too; the start of a word is what was meant.
    let allowed = if distance <= 1 && plain.chars().count() >= 3 { 0.8 } else { 0.0 };
    let kept = 1.0 - distance as f64 / longest as f64;
    strsim::jaro_winkler(&name, &plain).mul_add(0.5, kept * 0.5).max(allowed)
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
            ("nmae", Some("name")),
            ("colour", None),
            ("xyz", None),
        ] {
            assert_eq!(Nearest::default().to(wrong, known), expect, "{wrong}");
        }
    }

    #[test]
    fn the_work_is_bounded_whatever_is_compared() {
        let long = "x".repeat(1_000_000);
        assert_eq!(Nearest::default().to("needs", [long.as_str(), "need"]), Some("need"));
        let mut nearest = Nearest::default();
        let names: Vec<String> = (0..5_000).map(|at| format!("{at:060}")).collect();
        let known = || names.iter().map(String::as_str);
        assert_eq!(nearest.to(&format!("{:060}", 99_999), known()), None);
        assert_eq!(nearest.pairs_left, 0);
        assert_eq!(nearest.to("need", ["needs"]), None);
    }
}
