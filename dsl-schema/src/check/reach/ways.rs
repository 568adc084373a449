//! The ways a visit ends, as forward edges see it, and what each of them makes of an edge (E3, E5).

use std::ops::BitOr;

use loopline_core::graph::Condition;

/// Some of the four ways: succeeded, failed, skipped by choice, skipped behind a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ways(u8);

impl Ways {
    pub(super) const NONE: Self = Self(0);
    pub(super) const SUCCEEDED: Self = Self(1);
    pub(super) const FAILED: Self = Self(2);
    /// Skipped: `condition` or `not_taken`.
    pub(super) const NOT_TAKEN: Self = Self(4);
    /// Skipped: `upstream_failed`.
    pub(super) const UPSTREAM_FAILED: Self = Self(8);
    pub(super) const SKIPPED: Self = Self(4 | 8);
    pub(super) const ALL: Self = Self(15);

    /// Each by itself, in the order in which tables hold them.
    pub(super) const EACH: [Self; 4] = [Self::SUCCEEDED, Self::FAILED, Self::NOT_TAKEN, Self::UPSTREAM_FAILED];

    /// Whether one of them is in both.
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of them are in the other.
    pub(super) fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Those, if `so`.
    pub(super) fn when(self, so: bool) -> Self {
        if so { self } else { Self::NONE }
    }

    /// The others.
    pub(super) fn others(self) -> Self {
        Self(!self.0 & 15)
    }

    /// The ways that `steps.x.status` calls by this word, where it is one of a step that has ended.
    pub(super) fn of_status(word: &str) -> Option<Self> {
        match word {
            "succeeded" => Some(Self::SUCCEEDED),
            "failed" => Some(Self::FAILED),
            "skipped" => Some(Self::SKIPPED),
            "pending" | "queued" | "running" | "waiting" => Some(Self::NONE),
            _ => None,
        }
    }
}

impl BitOr for Ways {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Which ways of its source make an edge what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EdgeWays {
    pub(super) live: Ways,
    pub(super) neutral: Ways,
    /// Blocked, and no failure stands behind it.
    pub(super) blocked: Ways,
    /// Blocked behind a failure: whoever is stopped by it is skipped as `upstream_failed`.
    pub(super) blocked_by_failure: Ways,
}

impl EdgeWays {
    /// By the condition of the edge, and whether its source may fail without harm.
    pub(super) fn of(on: Condition, allow_failure: bool) -> Self {
        let (succeeded, failed) = (Ways::SUCCEEDED, Ways::FAILED);
        let live = match on {
            Condition::Ok => succeeded | failed.when(allow_failure),
            Condition::Succeeded => succeeded,
            Condition::Failed | Condition::Catch => failed,
            Condition::Completed => succeeded | failed,
            Condition::Skipped => Ways::SKIPPED,
            Condition::Always => Ways::ALL,
        };
        let neutral = Ways::NOT_TAKEN.when(on == Condition::Ok);
        let sees_failures = matches!(on, Condition::Ok | Condition::Succeeded | Condition::Completed);
        let blocked = (live | neutral).others();
        let behind_failure = (failed | Ways::UPSTREAM_FAILED).when(sees_failures);
        Self {
            live,
            neutral,
            blocked: Ways(blocked.0 & !behind_failure.0),
            blocked_by_failure: Ways(blocked.0 & behind_failure.0),
        }
    }

    /// Live or neutral: it does not stand in the way.
    pub(super) fn open(self) -> Ways {
        self.live | self.neutral
    }
}
