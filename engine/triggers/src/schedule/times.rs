//! The moments that a schedule names.
//!
//! A pattern is read on the clock of its time zone by `croner`; what happens where that clock jumps is decided here, as the
//! language says it (rule W4), with the transitions of the zone from `jiff`.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use loopline_core::graph::{Schedule, When};
use loopline_core::time::Timestamp;

/// Why a schedule names no moments: what it was compiled from would have been refused.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTimes {
    /// Not a pattern.
    #[error("`{pattern}` is not a cron pattern: {why}")]
    Pattern {
        /// As it was written.
        pattern: String,
        /// What the parser says.
        why: String,
    },
    /// Not a zone of the database that this machine or this program has.
    #[error("there is no time zone `{0}`")]
    Zone(String),
    /// No time between two starts.
    #[error("no time passes between two starts")]
    Never,
}

/// The moments of one schedule, in order. They depend on nothing but the schedule: asking again, or elsewhere, gives the same.
#[derive(Debug, Clone)]
pub struct Times(Rule);

#[derive(Debug, Clone)]
enum Rule {
    /// Multiples of so many milliseconds since 1970, so that no restart moves them.
    Every(i64),
    Cron {
        cron: Box<Cron>,
        zone: TimeZone,
        /// The hour field is `*` or `*/n`: the pattern follows the time that passes, not the wall clock.
        follows_elapsed: bool,
    },
}

impl Times {
    /// Those of `schedule`.
    pub fn of(schedule: &Schedule) -> Result<Self, InvalidTimes> {
        match &schedule.when {
            When::EveryMs(0) => Err(InvalidTimes::Never),
            When::EveryMs(ms) => Ok(Self(Rule::Every(i64::try_from(*ms).unwrap_or(i64::MAX)))),
            When::Cron(pattern) => {
                let zone = TimeZone::get(&schedule.timezone);
                Self::of_pattern(pattern, zone.map_err(|_| InvalidTimes::Zone(schedule.timezone.clone()))?)
            }
        }
    }

    /// Those of a pattern of five or six fields on the clock of `zone`.
    pub fn of_pattern(pattern: &str, zone: TimeZone) -> Result<Self, InvalidTimes> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser
            .parse(pattern)
            .map_err(|error| InvalidTimes::Pattern { pattern: pattern.to_owned(), why: error.to_string() })?;
        let follows_elapsed = cron.pattern.hours.from_wildcard;
        Ok(Self(Rule::Cron { cron: Box::new(cron), zone, follows_elapsed }))
    }

    /// The first moment behind `after`; `None` if none comes before the calendar ends.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Rule::Every(ms) => Some(Timestamp(after.0.div_euclid(*ms).checked_add(1)?.checked_mul(*ms)?)),
            Rule::Cron { cron, zone, follows_elapsed } => {
                let after = jiff::Timestamp::from_millisecond(after.0).ok()?;
                let next = if *follows_elapsed {
                    next_elapsed(cron, zone, after)
                } else {
                    next_on_the_clock(cron, zone, after)
                };
                next.map(|at| Timestamp(at.as_millisecond()))
            }
        }
    }

    /// All moments behind `after`, as far as `until`, which belongs to them.
    pub fn between(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.next(after), |last| self.next(*last)).take_while(move |at| *at <= until)
    }
}

/// A time in a gap of the clock fires at its end; one that comes twice, the first time. So the moments rise with the times
/// on the clock, and all times of one gap are one moment.
fn next_on_the_clock(cron: &Cron, zone: &TimeZone, after: jiff::Timestamp) -> Option<jiff::Timestamp> {
    let mut clock = zone.to_datetime(after);
    loop {
        clock = next_civil(cron, clock, false)?;
        let moment = match zone.to_ambiguous_timestamp(clock).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(clock).ok()?,
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(clock).ok()?,
            AmbiguousOffset::Gap { before, .. } => {
                let behind = before.to_timestamp(clock).ok()?.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
                zone.preceding(behind).next()?.timestamp()
            }
        };
        if moment > after {
            return Some(moment);
        }
    }
}

/// Between two transitions of the zone the clock runs evenly: the times that it shows there, and no others.
fn next_elapsed(cron: &Cron, zone: &TimeZone, after: jiff::Timestamp) -> Option<jiff::Timestamp> {
    let (mut from, mut inclusive) = (after, false);
    loop {
        let offset = zone.to_offset(from);
        let clock = next_civil(cron, offset.to_datetime(from), inclusive)?;
        let moment = offset.to_timestamp(clock).ok()?;
        match zone.following(from).next() {
            Some(transition) if moment >= transition.timestamp() => (from, inclusive) = (transition.timestamp(), true),
            _ => return Some(moment),
        }
    }
}

/// The next time on the clock that the pattern names, whether the clock ever shows it or not.
fn next_civil(cron: &Cron, clock: DateTime, inclusive: bool) -> Option<DateTime> {
    cron.find_next_occurrence(&clock, inclusive).ok()
}
