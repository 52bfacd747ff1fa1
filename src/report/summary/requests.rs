//! The summary of what became of the requests: in total, of sessions, of attempts that were given up, and by workload.

use std::cmp::Ordering;

use super::{Row, Story, Table};
use crate::report::figures::{UNKNOWN_IN_TABLE, amount, count, figure, money, share, time};
use crate::report::text::shortened;
use crate::terms::{self, Unit};

/// The longest name of a workload that a column shows whole \[characters\].
const LONGEST_NAME: usize = 20;

/// Writes a part of an amount of money to the same digit as the whole \[USD\].
fn part_of(part: f64, whole: f64) -> String {
    match part {
        _ if whole < 0.1 => money(part),
        part if part < 0.005 => "less than $0.01".to_owned(),
        part => money((part * 100.0).round() / 100.0),
    }
}

impl Story<'_> {
    pub(super) fn requests(&mut self) {
        let offered = self.value("requests");
        let mut line = format!("{} offered", count(offered));
        for (outcome, said) in
            [("served", "served"), ("failed", "refused"), ("timed_out", "timed out"), ("unfinished", "unfinished")]
        {
            let n = self.value(outcome);
            if n > 0.0 || outcome == "served" {
                line += &format!(" · {} {said} ({})", count(n), share(n / offered));
            }
        }
        let mut lines = vec![line];
        lines.extend(self.unanswered());
        lines.extend(self.never_sent());
        lines.extend(self.abandoned());
        if self.point.replications > 1 {
            let level = self.results.confidence.map(|level| format!("{} ", share(level))).unwrap_or_default();
            let means = format!("means of the replications; ± is the half-width of the {level}confidence interval");
            lines.push(self.palette.faint(&means));
        }
        let spilled = self.value("spillover_rate");
        if spilled > 0.0 {
            lines
                .push(format!("{} of the served requests went past the first capacity of their route", share(spilled)));
        }
        lines.extend(self.sessions());
        let table = self.workloads();
        if table.iter().flat_map(|table| &table.rows).flatten().any(|cell| cell == "?") {
            lines.push(self.palette.faint(UNKNOWN_IN_TABLE));
        }
        self.rows.push(Row { label: "Requests", lines, table });
    }

    /// Returns the share of requests without an answer, and how soon that was known.
    fn unanswered(&self) -> Option<String> {
        (self.value("failure_rate") > 0.0).then(|| {
            let soon = self.point.value("time_to_failure_p50_ms");
            let soon = soon.filter(|ms| *ms > 0.0);
            let soon = soon.map(|ms| format!(", half of them within {}", time(ms))).unwrap_or_default();
            format!("{} of requests failed or timed out{soon}", self.with_interval("failure_rate"))
        })
    }

    /// Returns how many requests never left their client: they are in no rate of attempts.
    fn never_sent(&self) -> Option<String> {
        let never_sent = self.value("never_sent");
        (never_sent > 0.0).then(|| {
            let [what, whom, whose] = match never_sent {
                1.0 => ["request was", "it", "its"],
                _ => ["requests were", "them", "their"],
            };
            self.palette.doubtful(&format!(
                "{} {what} never sent: client-side pacing delayed {whom} until {whose} timeout or the end of the run",
                count(never_sent)
            ))
        })
    }

    /// Returns the tokens and the cost of attempts that continued after the client's timeout; `None` when there are none.
    fn abandoned(&self) -> Option<String> {
        let attempts = self.value("abandoned_attempts");
        (attempts > 0.0).then(|| {
            let tokens = amount(self.value("abandoned_tokens"));
            let cost = self.point.value("abandoned_usd").filter(|usd| *usd > 0.0);
            let mut cost = cost.map(|usd| format!(", {} of the cost", money(usd))).unwrap_or_default();
            if let Some(usd) = self.point.value("abandoned_retries_usd").filter(|usd| *usd > 0.0) {
                let whole = self.value("abandoned_usd");
                cost += &format!(" ({} of it for retries)", part_of(usd, whole));
            }
            let attempts =
                if attempts == 1.0 { "1 attempt".to_owned() } else { format!("{} attempts", count(attempts)) };
            format!("{attempts} continued after the client's timeout: {tokens} tokens{cost}")
        })
    }

    fn sessions(&self) -> Option<String> {
        let mean = self.point.value("concurrent_sessions_mean")?;
        let peak = figure(self.value("concurrent_sessions_peak"), Unit::Count);
        let completed = self.point.value("sessions_completed_rate");
        let completed = completed.map(|rate| format!("; {} had every turn served", share(rate))).unwrap_or_default();
        Some(format!("sessions: {} in progress on average, {peak} at the peak{completed}", figure(mean, Unit::Count)))
    }

    /// Returns the workloads, where there are several: the worst first if requests fail or are throttled, else by name.
    fn workloads(&self) -> Option<Table> {
        let names = self.names("workloads.");
        if names.len() < 2 {
            return None;
        }
        let of = |name: &str, metric: &str| self.point.value(&format!("workloads.{name}.{metric}")).unwrap_or(0.0);
        let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
        sorted.sort_by(|a, b| {
            let worse = |metric: &str| of(b, metric).total_cmp(&of(a, metric));
            let by_harm = ["failure_rate", "throttle_rate", "unavailable_rate"].into_iter().map(worse);
            by_harm.fold(Ordering::Equal, Ordering::then).then_with(|| terms::natural_order(a, b))
        });
        let meets_503 = names.iter().any(|name| of(name, "unavailable_rate") > 0.0);
        let mut columns = vec!["workload", "offered", "failed (requests)", "throttled (attempts)"];
        columns.extend(meets_503.then_some("503"));
        columns.extend(["p50", "p99"]);
        let row = |name: &str| {
            let latency = |p: &str| {
                let known = self.point.value(&format!("workloads.{name}.e2e_{p}_ms"));
                known.map_or_else(|| "?".to_owned(), time)
            };
            let mut cells = vec![shortened(name, LONGEST_NAME), count(of(name, "requests"))];
            cells.extend([share(of(name, "failure_rate")), share(of(name, "throttle_rate"))]);
            cells.extend(meets_503.then(|| share(of(name, "unavailable_rate"))));
            cells.extend([latency("p50"), latency("p99")]);
            cells
        };
        Some(Table { columns, rows: sorted.into_iter().map(row).collect() })
    }
}
