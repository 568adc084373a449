//! Durations: `250ms 30s 5m 2h 1d 1h30m`.

/// Why a text is not a duration. Reads after "is not a duration: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// There is nothing.
    #[error("there is nothing")]
    Empty,
    /// A number without a unit.
    #[error("the unit is missing behind {0}")]
    NoUnit(String),
    /// A unit without a number.
    #[error("a number is missing before `{0}`")]
    NoNumber(String),
    /// A unit that is not known.
    #[error("`{0}` is not a unit")]
    UnknownUnit(String),
    /// A unit that is as large as the one before it, or larger.
    #[error("`{0}` stands behind a unit that is not larger")]
    Order(String),
    /// Longer than can be counted.
    #[error("it is longer than 100 years")]
    TooLong,
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const LONGEST_MS: u64 = 100 * 366 * 86_400_000;

/// Milliseconds.
pub fn parse(text: &str) -> Result<u64, InvalidDuration> {
    if text.is_empty() {
        return Err(InvalidDuration::Empty);
    }
    let (mut rest, mut total, mut last) = (text, 0_u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, behind) = rest.split_at(digits);
        let unit = &behind[..behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len())];
        if number.is_empty() {
            return Err(InvalidDuration::NoNumber(short(unit)));
        }
        if unit.is_empty() {
            return Err(InvalidDuration::NoUnit(short(number)));
        }
        let Some((_, ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(InvalidDuration::UnknownUnit(short(unit)));
        };
        if *ms >= last {
            return Err(InvalidDuration::Order(short(unit)));
        }
        last = *ms;
        let more = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*ms));
        total = more
            .and_then(|more| total.checked_add(more))
            .filter(|sum| *sum <= LONGEST_MS)
            .ok_or(InvalidDuration::TooLong)?;
        rest = &behind[unit.len()..];
    }
    Ok(total)
}

/// Names of units that people write, and what they are here.
const WORDS: [(&str, &[&str]); 5] = [
    ("ms", &["ms", "msec", "msecs", "millis", "millisecond", "milliseconds"]),
    ("s", &["s", "sec", "secs", "second", "seconds"]),
    ("m", &["m", "min", "mins", "minute", "minutes"]),
    ("h", &["h", "hr", "hrs", "hour", "hours"]),
    ("d", &["d", "day", "days"]),
];

/// What a text that is no duration can only have meant: `30 seconds`, `5min`, `30m1h`. A number without a unit could be
/// anything.
pub(crate) fn meant(text: &str) -> Option<String> {
    let mut total = 0_u64;
    let mut rest = text.trim();
    if rest.is_empty() || rest.len() > 40 {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().ok()?;
        let behind = rest[digits..].trim_start();
        let letters = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let word = behind[..letters].to_ascii_lowercase();
        // `M` alone could be a month as well.
        let known =
            WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).filter(|_| &behind[..letters] != "M");
        let (_, ms) = UNITS.iter().find(|(unit, _)| known.is_some_and(|(known, _)| known == unit))?;
        total = total.checked_add(number.checked_mul(*ms)?).filter(|sum| *sum <= LONGEST_MS)?;
        rest = behind[letters..].trim_start();
    }
    Some(write(total))
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

/// The shortest way to write so many milliseconds: `1h30m`.
pub fn write(ms: u64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut rest = ms;
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_falling_units() {
        for (text, expect) in
            [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("1d", 86_400_000), ("0s", 0)]
        {
            assert_eq!(parse(text), Ok(expect), "{text}");
            assert_eq!(write(expect), text);
        }
    }

    #[test]
    fn what_is_not_a_duration_says_why() {
        for (text, expect) in [
            ("", "there is nothing"),
            ("30", "the unit is missing behind 30"),
            ("s", "a number is missing before `s`"),
            ("5 m", "` m` is not a unit"),
            ("1.5h", "`.` is not a unit"),
            ("1m1h", "`h` stands behind a unit that is not larger"),
            ("1s1s", "`s` stands behind a unit that is not larger"),
            ("99999999999999999999d", "it is longer than 100 years"),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expect, "{text:?}");
        }
    }
}
