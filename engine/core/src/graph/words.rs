//! Words of the graph: each value of a key that has a fixed list of them.

use serde::{Deserialize, Serialize};

/// Declares an enum whose values are words of the YAML.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $( $(#[doc = $meaning:literal])+ $word:literal $variant:ident, )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $( $(#[doc = $meaning])+ $variant, )* }

        impl $name {
            /// All of them, in the order of the language reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the YAML.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it means, in a sentence for people.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+).trim(),)* }
            }
        }
    };
}

words! {
    /// What a schedule does while the run before has not ended.
    Overlap {
        /// Leaves this time out.
        "skip" Skip,
        /// Starts a run that waits for the one before.
        "queue" Queue,
        /// Cancels the one before.
        "cancel_running" CancelRunning,
        /// Starts another beside it.
        "allow" Allow,
    }
}

words! {
    /// What becomes of times that passed while nothing ran.
    Missed {
        /// Nothing.
        "skip" Skip,
        /// One run for all of them.
        "run_once" RunOnce,
        /// A run for each.
        "run_all" RunAll,
    }
}

words! {
    /// Who calls a webhook.
    Provider {
        /// GitHub.
        "github" Github,
        /// GitLab.
        "gitlab" Gitlab,
        /// Gitea and Forgejo.
        "gitea" Gitea,
        /// Anything that signs its body with HMAC-SHA256.
        "generic" Generic,
    }
}

words! {
    /// Ends of another pipeline's run that start one.
    RunEnd {
        /// It succeeded.
        "succeeded" Succeeded,
        /// It failed.
        "failed" Failed,
    }
}

words! {
    /// What becomes of a run whose concurrency group is full.
    WhenFull {
        /// It waits for its turn.
        "queue" Queue,
        /// It waits, and takes the place of those that wait already.
        "replace_queued" ReplaceQueued,
        /// It cancels those that run.
        "cancel_running" CancelRunning,
        /// It is refused.
        "reject" Reject,
    }
}

words! {
    /// What somebody is told about.
    NotifyOn {
        /// A run failed.
        "failed" Failed,
        /// A run succeeded after one that failed.
        "recovered" Recovered,
        /// An approval waits.
        "approval" Approval,
    }
}

words! {
    /// When the image of a container is fetched.
    PullPolicy {
        /// When it is not there.
        "missing" Missing,
        /// Each time.
        "always" Always,
        /// Never: it must be there.
        "never" Never,
    }
}

words! {
    /// Which ends of a run a compensation undoes.
    CompensateOn {
        /// The run failed.
        "failed" Failed,
        /// The run was cancelled.
        "cancelled" Cancelled,
    }
}

words! {
    /// How often a compensation runs.
    CompensatePer {
        /// Once, for the last succeeded visit of its step.
        "step" Step,
        /// Once for each succeeded visit.
        "visit" Visit,
    }
}
