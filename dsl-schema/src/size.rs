//! Sizes in bytes: `512KiB 1GiB`.

/// Why a text is not a size. Reads after "is not a size: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSize {
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
    /// More than can be counted.
    #[error("it is more than 1 PiB")]
    TooLarge,
}

const UNITS: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const LARGEST: u64 = 1 << 50;

/// Bytes.
pub fn parse(text: &str) -> Result<u64, InvalidSize> {
    if text.is_empty() {
        return Err(InvalidSize::Empty);
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(InvalidSize::NoNumber(short(unit)));
    }
    if unit.is_empty() {
        return Err(InvalidSize::NoUnit(short(number)));
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(InvalidSize::UnknownUnit(short(unit)));
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
    bytes.filter(|bytes| *bytes <= LARGEST).ok_or(InvalidSize::TooLarge)
}

/// What was most likely meant by a size with another spelling of the unit: `512k`, `1GB`.
pub fn meant(text: &str) -> Option<String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "b" => "B",
        "k" | "ki" | "kb" | "kib" => "KiB",
        "m" | "mi" | "mb" | "mib" => "MiB",
        "g" | "gi" | "gb" | "gib" => "GiB",
        "t" | "ti" | "tb" | "tib" => "TiB",
        _ => return None,
    };
    (!number.is_empty()).then(|| format!("{number}{unit}"))
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_a_number_and_a_unit_of_1024() {
        for (text, expect) in [("0B", 0), ("512KiB", 524_288), ("1GiB", 1 << 30), ("1024TiB", 1 << 50)] {
            assert_eq!(parse(text), Ok(expect), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size_says_why() {
        for (text, expect, better) in [
            ("", "there is nothing", None),
            ("512", "the unit is missing behind 512", None),
            ("MiB", "a number is missing before `MiB`", None),
            ("1GB", "`GB` is not a unit", Some("1GiB")),
            ("64 MiB", "` MiB` is not a unit", Some("64MiB")),
            ("1.5GiB", "`.5GiB` is not a unit", None),
            ("9999999TiB", "it is more than 1 PiB", Some("9999999TiB")),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expect, "{text:?}");
            assert_eq!(meant(text).as_deref(), better, "{text:?}");
        }
    }
}
