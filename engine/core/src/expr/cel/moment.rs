//! `timestamp` and `duration`: moments that a value brings along, in UTC. Nothing here asks what time it is.

use jiff::Timestamp;

const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;
/// Longest duration either way, as CEL has it: about 10,000 years.
const MAX_SECONDS: i128 = 315_576_000_000;

/// Reads RFC 3339.
pub(super) fn parse_timestamp(text: &str) -> Option<i128> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond)
}

/// The moment, if it lies in the years that can be written.
pub(super) fn timestamp(nanoseconds: i128) -> Option<i128> {
    Timestamp::from_nanosecond(nanoseconds).ok().map(Timestamp::as_nanosecond)
}

/// The duration, if it is not too long.
pub(super) fn duration(nanoseconds: i128) -> Option<i128> {
    (nanoseconds.abs() <= MAX_SECONDS * NANOSECONDS_PER_SECOND).then_some(nanoseconds)
}

/// RFC 3339 in UTC.
pub(super) fn write_timestamp(nanoseconds: i128) -> String {
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(at) => at.to_string(),
        Err(_) => format!("{nanoseconds}ns"),
    }
}

/// Seconds with their fraction, as CEL writes a duration: `5400s`, `0.25s`.
pub(super) fn write_duration(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let seconds = nanoseconds.abs() / NANOSECONDS_PER_SECOND;
    let rest = nanoseconds.abs() % NANOSECONDS_PER_SECOND;
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    format!("{sign}{seconds}.{}s", format!("{rest:09}").trim_end_matches('0'))
}

/// Reads `1h30m`, `-1.5s`, `250ms`, `2d`.
pub(super) fn parse_duration(text: &str) -> Option<i128> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut amount: i128 = rest.get(..digits)?.parse().ok()?;
        rest = &rest[digits..];
        let mut scale: i128 = 1;
        if let Some(behind) = rest.strip_prefix('.') {
            let fraction = behind.bytes().take_while(u8::is_ascii_digit).count();
            if fraction == 0 || fraction > 9 {
                return None;
            }
            scale = 10_i128.pow(fraction as u32);
            amount = amount.checked_mul(scale)?.checked_add(behind[..fraction].parse().ok()?)?;
            rest = &behind[fraction..];
        }
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &rest[..letters] {
            "d" => 86_400 * NANOSECONDS_PER_SECOND,
            "h" => 3_600 * NANOSECONDS_PER_SECOND,
            "m" => 60 * NANOSECONDS_PER_SECOND,
            "s" => NANOSECONDS_PER_SECOND,
            "ms" => 1_000_000,
            "us" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(amount.checked_mul(unit)? / scale)?;
    }
    duration(if negative { -total } else { total })
}

/// A part of a moment or of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl Part {
    /// The part of a moment in UTC. As in CEL, months, days of the month (`getDayOfMonth`), of the week and of the year count
    /// from 0, `getDate` from 1.
    pub(super) fn of_timestamp(self, nanoseconds: i128) -> Option<i64> {
        let at = Timestamp::from_nanosecond(nanoseconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        Some(match self {
            Self::FullYear => i64::from(at.year()),
            Self::Month => i64::from(at.month()) - 1,
            Self::Date => i64::from(at.day()),
            Self::DayOfMonth => i64::from(at.day()) - 1,
            Self::DayOfWeek => i64::from(at.weekday().to_sunday_zero_offset()),
            Self::DayOfYear => i64::from(at.day_of_year()) - 1,
            Self::Hours => i64::from(at.hour()),
            Self::Minutes => i64::from(at.minute()),
            Self::Seconds => i64::from(at.second()),
            Self::Milliseconds => i64::from(at.millisecond()),
        })
    }

    /// The whole duration in this unit; none where a duration has no such part.
    pub(super) fn of_duration(self, nanoseconds: i128) -> Option<i64> {
        let unit = match self {
            Self::Hours => 3_600 * NANOSECONDS_PER_SECOND,
            Self::Minutes => 60 * NANOSECONDS_PER_SECOND,
            Self::Seconds => NANOSECONDS_PER_SECOND,
            Self::Milliseconds => return i64::try_from(nanoseconds % NANOSECONDS_PER_SECOND / 1_000_000).ok(),
            _ => return None,
        };
        i64::try_from(nanoseconds / unit).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        let check = |text, expect: Option<&str>| {
            assert_eq!(parse_duration(text).map(write_duration).as_deref(), expect, "{text}");
        };
        check("1h30m", Some("5400s"));
        check("-1.5s", Some("-1.5s"));
        check("250ms", Some("0.25s"));
        check("2d", Some("172800s"));
        check("", None);
        check("5", None);
        check("1.h", None);
        check("99999999999999999999999999999999h", None);
        check("1y", None);
    }
}
