//! Metrics of requests that failed, of attempts that were abandoned, of sessions and of bursts.

use super::{Measure, Sheet};
use crate::metrics::abandoned_cost::AbandonedCost;
use crate::metrics::aftermath::Aftermath;
use crate::metrics::sessions::Sessions;
use crate::stats::Histogram;
use crate::units::SimTime;

impl Sheet<'_> {
    pub(super) fn abandoned(&mut self, of: &str, cost: AbandonedCost) {
        self.usd(&format!("{of}abandoned_usd"), cost.all);
        self.usd(&format!("{of}abandoned_retries_usd"), cost.retries);
    }

    pub(super) fn time_to_failure(&mut self, times: Option<&Histogram>) {
        let value = times.and_then(|h| h.quantile(0.5)).map(|us| us * 1e-3);
        let count = times.map_or(0, Histogram::count);
        self.put("time_to_failure_p50_ms", Measure::Percentile { share: 0.5, value, count });
    }

    pub(super) fn sessions(&mut self, s: Sessions, duration: SimTime) {
        self.value("concurrent_sessions_mean", (duration.0 > 0).then(|| s.time as f64 / duration.0 as f64));
        self.count("concurrent_sessions_peak", s.peak);
        self.rate("sessions_completed_rate", s.completed, s.completed + s.broken);
    }

    pub(super) fn aftermath(&mut self, a: Aftermath) {
        let millis = |us: u64| (a.recovered > 0).then_some(us as f64 * 1e-3);
        self.count("bursts", a.bursts);
        self.rate("bursts_recovered_rate", a.recovered, a.bursts);
        self.value("burst_recovery_mean_ms", millis(a.time).map(|sum| sum / a.recovered as f64));
        self.value("burst_recovery_worst_ms", millis(a.longest));
    }
}
