//! The summary of a run, as rows of a label and lines of text, which text and Markdown share.

mod owners;
mod requests;

use super::doubt;
use super::figures::{Palette, amount, count, figure, interval, share, three_figures, time, unknown};
use crate::results::{Estimate, Expectation, Judgement, Point, Results};
use crate::terms::{self, Unit};

/// A labelled section of the summary.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub label: &'static str,
    pub lines: Vec<String>,
    /// The table that stands after the lines; `None`: there is none.
    pub table: Option<Table>,
}

/// A table of figures for things of one kind.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The name of each column; the first is that of the things themselves.
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Row {
    /// Returns every line, with each row of the table as a sentence, for where columns cannot be aligned.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        if let Some(table) = &self.table {
            let mut name = "";
            for row in &table.rows {
                // A row without a name is of the thing that the row above it is of.
                name = if row[0].is_empty() { name } else { &row[0] };
                let cells = table.columns.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
                let figures = cells.map(|(column, cell)| format!("{column} {cell}"));
                lines.push(format!("{name}: {}", figures.collect::<Vec<_>>().join(" · ")));
            }
        }
        lines
    }
}

/// The builder of the summary of a point.
pub(super) struct Story<'r> {
    results: &'r Results,
    point: &'r Point,
    palette: Palette,
    rows: Vec<Row>,
}

/// The mean use of a daily limit below which it is not worth a line \[1\].
const WORTH_A_LINE: f64 = 0.2;
/// The peak use of a limit below which being throttled by it needs an explanation \[1\].
const SURPRISINGLY_IDLE: f64 = 0.5;

impl<'r> Story<'r> {
    pub(super) fn of(results: &'r Results, point: &'r Point, palette: Palette) -> Vec<Row> {
        let mut story = Self { results, point, palette, rows: Vec::new() };
        story.row("Decision", super::decision::lines(results, point));
        if story.value("requests") == 0.0 {
            let none = "none arrived in the measured time: is the rate too low, or the run too short?";
            story.row("Requests", vec![palette.doubtful(none)]);
        } else {
            story.requests();
            story.throttling();
            story.latency();
        }
        story.use_of_supply();
        story.owners();
        story.cost();
        story.verdict();
        story.expectations();
        story.row("Doubt", doubt::lines(results, palette));
        story.assumptions();
        story.notes();
        story.rows
    }

    fn row(&mut self, label: &'static str, lines: Vec<String>) {
        if !lines.is_empty() {
            self.rows.push(Row { label, lines, table: None });
        }
    }

    fn value(&self, name: &str) -> f64 {
        self.point.value(name).unwrap_or(f64::NAN)
    }

    fn with_interval(&self, name: &str) -> String {
        let unit = terms::parse_metric(name).map_or(Unit::Count, |m| m.term.unit);
        let known = self.point.metrics.get(name).filter(|e| e.estimate.is_some());
        known.map_or_else(|| unknown(name), |e| interval(Some(e), unit))
    }

    fn names(&self, family: &str) -> Vec<String> {
        terms::parts(&self.results.metric_names, family.trim_end_matches('.'))
    }

    fn with_interval_short(&self, name: &str) -> String {
        self.point.value(name).map_or_else(|| unknown(name), time)
    }

    /// Returns a share, or why it is not known.
    fn share_of(&self, name: &str) -> String {
        self.point.value(name).map_or_else(|| unknown(name), share)
    }

    fn throttling(&mut self) {
        if self.value("throttled_attempts") == 0.0 && self.value("unavailable_rate") == 0.0 {
            let refusals = self.refusals();
            let made_good =
                if refusals.is_empty() { "" } else { ": the next capacity of the route served what one refused" };
            let mut lines = vec![format!("{}{made_good}", self.palette.good("nothing"))];
            lines.extend(refusals);
            self.row("Throttled", lines);
            return;
        }
        let mut lines = vec![format!("{} of attempts", self.with_interval("throttle_rate"))];
        let worst = self.point.value("worst_minute_throttle_rate");
        let worst = worst.map(|w| format!(" · {} in the worst minute", share(w))).unwrap_or_default();
        lines.push(format!("{} of first attempts{worst}", self.share_of("first_attempt_throttle_rate")));
        if self.value("unavailable_rate") > 0.0 {
            lines.push(format!("{} of attempts met a 503", self.with_interval("unavailable_rate")));
        }
        let amplification = self.value("retry_amplification");
        if amplification > 1.0005 {
            let worst = self.point.value("worst_minute_retry_amplification");
            let worst = worst.map(|w| format!(", {} in the worst minute", three_figures(w))).unwrap_or_default();
            lines.push(format!("attempts per request: {}{worst}", three_figures(amplification)));
        }
        lines.extend(self.aftermath());
        lines.extend(self.refusals());
        lines.extend(self.surprise());
        self.row("Throttled", lines);
    }

    /// Returns whether and when throttling and retries returned to their earlier level after a burst.
    fn aftermath(&self) -> Option<String> {
        let bursts = self.point.value("bursts").filter(|n| *n > 0.0)?;
        let is_one = bursts == 1.0;
        let burst = if is_one { "the burst" } else { "each burst" };
        let recovered = |of: &str| self.value(&format!("{of}bursts_recovered_rate"));
        let took = |of: &str| self.point.value(&format!("{of}burst_recovery_mean_ms"));
        let workloads = self.names("workloads.");
        if workloads.len() > 1 {
            let parts: Vec<String> = workloads
                .iter()
                .map(|name| {
                    let of = format!("workloads.{name}.");
                    match (recovered(&of), took(&of)) {
                        (0.0, _) if is_one => self.palette.bad(&format!("{name} not within the run")),
                        (0.0, _) => self.palette.bad(&format!("{name} never before the next burst")),
                        (1.0, Some(0.0)) => format!("{name} immediate"),
                        (1.0, Some(took)) => format!("{name} {}", time(took)),
                        (some, _) => format!("{name} only from {} of the bursts", share(some)),
                    }
                })
                .collect();
            let end = if is_one { "the burst's end" } else { "a burst's end" };
            return Some(format!("recovery after {end}: {}", parts.join(" · ")));
        }
        Some(match (recovered(""), took("")) {
            (0.0, _) => {
                let what = if is_one { "the burst within the run" } else { "any burst before the next one" };
                self.palette.bad(&format!("the system did not recover from {what}"))
            }
            (1.0, Some(0.0)) => format!("the system recovered from {burst} as it ended"),
            (1.0, Some(took)) => format!("the system recovered from {burst} {} after its end", time(took)),
            (some, _) => format!("the system recovered from {} of the bursts", share(some)),
        })
    }

    /// Returns the reasons for which offers were refused, one line for each capacity.
    fn refusals(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for capacity in self.names("capacities.") {
            let prefix = format!("capacities.{capacity}.refused_");
            let mut reasons: Vec<(f64, &str)> = self
                .results
                .metric_names
                .iter()
                .filter_map(|m| Some((self.value(m), m.strip_prefix(&prefix)?)))
                .filter(|(n, _)| *n > 0.0)
                .collect();
            reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
            if !reasons.is_empty() {
                let told = |(i, (n, reason)): (usize, &(f64, &str))| match (i, count(*n)) {
                    (0, one) if one == "1" => format!("1 attempt by {reason}"),
                    (0, n) => format!("{n} attempts by {reason}"),
                    (_, n) => format!("{n} by {reason}"),
                };
                let reasons: Vec<String> = reasons.iter().enumerate().map(told).collect();
                lines.push(format!("refused by {capacity}: {}", reasons.join(" · ")));
            }
        }
        lines
    }

    /// Returns lines on token limits that throttle although they are mostly idle, because reservations fill them.
    fn surprise(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for limit in self.limits() {
            let of = |metric: &str| self.value(&format!("{limit}.{metric}"));
            let is_idle = of("utilization_peak") < SURPRISINGLY_IDLE;
            if limit.ends_with(".tpm") && of("refused") > 0.0 && is_idle {
                lines.push(self.palette.doubtful(&format!(
                    "{limit} throttles though at most {} of it is charged:",
                    share(of("utilization_peak"))
                )));
                let (highest, of_which) = self.highest(&limit);
                lines.push(format!(
                    "max_tokens is reserved until an answer ends; {} of {} are reserved and used at the peak{of_which}",
                    amount(highest),
                    amount(of("limit_per_min")),
                ));
            }
        }
        lines
    }

    /// Returns the prefixes of limits per minute, such as `quotas.us.tpm`.
    fn limits(&self) -> Vec<String> {
        self.prefixes(".limit_per_min")
    }

    /// Returns the part before `ending` of each metric of the whole run that ends so, sorted as people sort names.
    fn prefixes(&self, ending: &str) -> Vec<String> {
        let names = self.results.metric_names.iter().filter_map(|m| m.strip_suffix(ending));
        let mut names: Vec<String> = names.filter(|m| !m.starts_with("windows.")).map(str::to_owned).collect();
        names.sort_by(|a, b| terms::natural_order(a, b));
        names
    }

    fn latency(&mut self) {
        if self.value("served") == 0.0 {
            return;
        }
        let mut lines = Vec::new();
        for (stem, what) in [("e2e", "last token"), ("ttft", "first token")] {
            let name = |p: &str| format!("{stem}_{p}_ms");
            let percentiles = [
                format!("p50 {}", self.with_interval_short(&name("p50"))),
                format!("p95 {}", self.with_interval_short(&name("p95"))),
                format!("p99 {}", self.with_interval(&name("p99"))),
            ];
            lines.push(format!("{what:<11} {}", percentiles.join("  ")));
        }
        let (waited, mean) = (self.value("queue_delay_mean_ms"), self.value("e2e_mean_ms"));
        lines.push(if waited > 0.0 {
            format!(
                "queueing and retries account for {} ({}) of the mean latency of {}",
                time(waited),
                share(waited / mean),
                time(mean)
            )
        } else {
            format!("the mean latency is {}; no served request had to wait", time(mean))
        });
        let truncated = self.value("truncation_rate");
        if truncated > 0.0 {
            lines.push(format!("{} of answers are cut short by {}", share(truncated), self.what_cuts()));
        }
        self.row("Latency", lines);
    }

    /// Names what cuts answers short: `max_tokens`, and each output quota that stops streams.
    fn what_cuts(&self) -> String {
        let stops = |limit: &String| limit.ends_with(".otpm") && self.value(&format!("{limit}.refused")) > 0.0;
        let quotas: Vec<String> = self.limits().into_iter().filter(stops).collect();
        if quotas.is_empty() { "max_tokens".to_owned() } else { format!("max_tokens or by {}", quotas.join(", ")) }
    }

    fn use_of_supply(&mut self) {
        let mut lines = Vec::new();
        for limit in self.limits() {
            let of = |metric: &str| self.value(&format!("{limit}.{metric}"));
            if of("limit_per_min") == 0.0 {
                lines.push(format!("{limit}: 0/min, so that it admits nothing and has no use"));
                continue;
            }
            lines.push(format!(
                "{limit}: mean {}, peak minute {} of the limit of {}/min",
                share(of("utilization_mean")),
                share(of("utilization_peak")),
                amount(of("limit_per_min")),
            ));
            if of("utilization_peak") > 1.0 {
                // Only a debit takes a limiter itself past its limit, or a refused request that counts.
                let why = match of("occupied_peak_per_min") > of("limit_per_min") {
                    true if limit.ends_with(".rpm") => "refused requests count too",
                    true => "answers cost more than they had reserved, and the difference is debited",
                    false => "tokens are charged in the minute in which an answer ends, not in which it was admitted",
                };
                lines.push(format!("  over 100 %: {why}"));
            }
            if limit.ends_with(".tpm") {
                lines.push(self.reserved_line(&limit));
            }
        }
        // Daily limits, where the day is felt.
        for of in self.prefixes(".tpd.utilization_mean") {
            let used = self.value(&format!("{of}.tpd.utilization_mean"));
            let refused = self.value(&format!("{of}.tpd.refused"));
            if used >= WORTH_A_LINE || refused > 0.0 {
                let used = self.share_of(&format!("{of}.tpd.utilization_mean"));
                lines.push(match self.point.metrics.get(&format!("{of}.tpd.utilization_mean")) {
                    Some(e) if e.estimate.is_none() => {
                        format!("{of}.tpd: a limit of 0 admits nothing, {} refused", count(refused))
                    }
                    _ => format!("{of}.tpd: {used} of the daily quota used, {} refused", count(refused)),
                });
            }
        }
        for capacity in &self.names("capacities.") {
            let of = |metric: &str| self.value(&format!("capacities.{capacity}.{metric}"));
            if of("jobs") > 0.0 {
                lines.push(self.jobs_line(capacity));
            }
            if !of("in_flight_mean").is_finite() {
                continue;
            }
            let mut line = format!(
                "capacities.{capacity}: in flight {} on average, {} at the peak",
                figure(of("in_flight_mean"), Unit::Count),
                figure(of("in_flight_peak"), Unit::Count),
            );
            if of("rerouted_rate") > 0.0 {
                line += &format!("; {} served in another region", share(of("rerouted_rate")));
            }
            if of("waiting_peak") > 0.0 {
                line += &format!("; up to {} waiting", figure(of("waiting_peak"), Unit::Count));
            }
            lines.push(line);
        }
        self.row("Use", lines);
    }

    fn jobs_line(&self, capacity: &str) -> String {
        let name = |metric: &str| format!("capacities.{capacity}.{metric}");
        let jobs = self.value(&name("jobs"));
        format!(
            "capacities.{capacity}: {} {}, {} in time; on average a job waits {} and runs for {}",
            count(jobs),
            if jobs == 1.0 { "job" } else { "jobs" },
            self.share_of(&name("jobs_in_time_rate")),
            self.with_interval_short(&name("job_wait_mean_ms")),
            self.with_interval_short(&name("job_makespan_mean_ms")),
        )
    }

    /// Returns a line on what reservations did to a token limit.
    fn reserved_line(&self, limit: &str) -> String {
        let of = |metric: &str| self.value(&format!("{limit}.{metric}"));
        let facts = self.point.detail.as_ref().and_then(|d| d.limits.get(limit));
        let unused = amount(of("reserved_unused_tokens"));
        if facts.is_some_and(|f| f.limiter == "token_bucket") {
            return format!("  {unused} reserved but never used");
        }
        let capped = if of("refused") > 0.0 { " (capped: a higher limit shows the need)" } else { "" };
        let (highest, of_which) = self.highest(limit);
        let highest = amount(highest);
        format!("  {highest} reserved and used at the peak{of_which}{capped}; {unused} reserved but never used")
    }

    /// Returns the most that was reserved and used of a limit, per minute, and of which replications that is. The mean
    /// of the replications' peaks may lie far below a limit that refuses.
    fn highest(&self, limit: &str) -> (f64, &'static str) {
        let facts = self.point.detail.as_ref().and_then(|d| d.limits.get(limit));
        let mean = self.value(&format!("{limit}.occupied_peak_per_min"));
        match facts.and_then(|facts| facts.occupied_peak_per_min) {
            _ if self.point.replications == 1 => (mean, ""),
            Some(highest) => (highest, " of any replication"),
            None => (mean, ", on average over the replications"),
        }
    }

    fn cost(&mut self) {
        let lines = super::cost::lines(self.results, self.point);
        self.row("Cost", lines);
    }

    fn verdict(&mut self) {
        let lines = super::verdict::lines(self.results, self.point, self.palette);
        self.row("Verdict", lines);
    }

    fn expectations(&mut self) {
        let all = &self.results.expectations;
        let told = super::verdict::goals(all, &self.point.basis);
        // Where there is a decision, it has said this already.
        let is_worth_it = self.results.decision.is_none()
            && (all.len() > 1 || super::verdict::unbounded_failures(all, &self.point.basis).is_some());
        let first = (is_worth_it && !all.is_empty()).then_some(told);
        let lines = first.into_iter().chain(all.iter().map(|e| judged(e, self.palette))).collect();
        self.row("Goals", lines);
    }

    fn assumptions(&mut self) {
        let n = self.results.assumptions.len();
        if n == 0 {
            return;
        }
        let inputs = if n == 1 { "input is" } else { "inputs are" };
        let mut out = vec![format!("{n} {inputs} assumed, not measured (results.json says why):")];
        let all = self.results.assumptions.iter();
        out.extend(terms::folded(all.map(|a| terms::Assumed { path: &a.path, value: &a.value, why: &a.why })));
        self.row("Assumed", out);
    }

    fn notes(&mut self) {
        let lines = self
            .results
            .notes
            .iter()
            // The outermost percentile is asked for by few.
            .filter(|n| n.metric.as_deref() != Some("e2e_p99_9_ms"))
            // The section on cost explains its month itself.
            .filter(|n| n.metric.as_deref() != Some("cost_per_month_usd"))
            // The decision lists it as a caveat.
            .filter(|n| self.results.decision.as_ref().is_none_or(|decision| !decision.caveats.contains(&n.text)))
            .map(|n| n.metric.as_ref().map_or_else(|| n.text.clone(), |m| format!("{m}: {}", n.text)))
            .collect();
        self.row("Notes", lines);
    }
}

/// Returns an expectation and its judgement, in one line without colour.
#[must_use]
pub fn expectation(e: &Expectation) -> String {
    judged(e, Palette { colour: false }).replace('\u{a0}', " ")
}

/// Returns a bound as text: `<= 1 %`
pub(super) fn bound(at_least: Option<f64>, at_most: Option<f64>, unit: Unit) -> String {
    match (at_least, at_most) {
        (Some(low), Some(high)) => format!("between {} and {}", figure(low, unit), figure(high, unit)),
        (None, Some(bound)) => format!("<= {}", figure(bound, unit)),
        (Some(bound), None) => format!(">= {}", figure(bound, unit)),
        (None, None) => String::new(),
    }
}

pub(super) fn judged(e: &Expectation, palette: Palette) -> String {
    let unit = terms::parse_metric(&e.metric).map_or(Unit::Count, |m| m.term.unit);
    let bound = bound(e.at_least, e.at_most, unit);
    let verdict = match e.verdict {
        Judgement::Held => palette.good("held"),
        Judgement::Failed => palette.bad("FAILED"),
        Judgement::Inconclusive => palette.doubtful("inconclusive"),
    };
    let open = e.undecided.as_ref().map(|open| format!("; {}", open.why)).unwrap_or_default();
    let is = e.estimate.map_or_else(|| unknown(&e.metric), |_| measured(e, unit));
    format!("{verdict}: {} {bound}, is {is}{open}", e.metric)
}

/// Returns the estimate of an expectation with its interval; where the interval seems to say otherwise than the
/// judgement, with the margin that decided.
pub(super) fn measured(e: &Expectation, unit: Unit) -> String {
    let shown = interval(Some(&Estimate { estimate: e.estimate, half_width: e.half_width, n: 0 }), unit);
    let (Some(estimate), Some(half), Some(margin)) = (e.estimate, e.half_width, e.margin) else { return shown };
    let is_inside = |bound: f64| (estimate - bound).abs() <= half;
    let seems_open = [e.at_least, e.at_most].into_iter().flatten().any(is_inside);
    if half == 0.0 || seems_open == (e.verdict == Judgement::Inconclusive) {
        return shown;
    }
    let margin = interval(Some(&Estimate { estimate: e.estimate, half_width: Some(margin), n: 0 }), unit);
    let why = if seems_open { "for the side of the bound" } else { "so that all goals together are sure enough" };
    format!("{shown}, judged as {margin} {why}")
}
