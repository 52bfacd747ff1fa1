//! The metrics of a run: the recorder listens to the engine, and [`evaluate`] computes metrics from its counts.

mod abandoned;
mod abandoned_cost;
mod aftermath;
mod backlog;
mod blocks;
mod counters;
mod early_ends;
mod evaluate;
mod ledger;
mod minutes;
mod neck;
mod record;
mod recorder;
mod sessions;
mod takes;
mod timeline;
mod used_up;
mod verdict;

pub use abandoned::Abandoned;
pub use aftermath::Aftermath;
pub use counters::Counts;
pub use early_ends::EarlyEnds;
pub use evaluate::{Measure, Measured, Metrics, detail, evaluate};
pub use ledger::{Item, component_of, ledger, list_term, no_month_of, term};
pub use minutes::Minutes;
pub use record::{CapacityRecord, Clock, Cohort, Latencies, QuotaRecord, Record, WorstMinutes};
pub use recorder::{Recorder, Recorders};
pub use sessions::Sessions;
pub use takes::takes;
pub use timeline::{MOST_BUCKETS, MOST_COURSES, bucket_width};
pub use used_up::{DayUsedUp, UsedUp};
pub use verdict::verdict;
