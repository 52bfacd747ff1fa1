//! The resolved model in words, for `validate`: what will run, and what was assumed.

mod arrivals;
mod study;

use std::fmt::Write;

use crate::escape::visible;
use crate::model::capacity::limiter::LimiterSpec;
use crate::model::capacity::quota::{Limit, LimitKind, Quota};
use crate::model::capacity::{Capacity, Room, Saturation};
use crate::model::client::Client;
use crate::model::client::app_retries::AppDelay;
use crate::model::client::retry::RetryPolicy;
use crate::model::coverage;
use crate::model::daily::{Outlook, daily_limit};
use crate::model::workload::cache::Cache;
use crate::model::workload::tokens::TokensOf;
use crate::model::workload::{Failover, Workload};
use crate::model::{Assumption, Bound, Model, Replications};
use crate::random::{Law, Shape};
use crate::terms;
use crate::units::{SimTime, grouped};

pub use study::describe_study;

const WIDTH: usize = 79;

/// Returns a readable list under 80 columns.
#[must_use]
pub fn describe(model: &Model) -> String {
    let mut out = Page::default();
    if !model.title.is_empty() {
        out.line(0, &model.title);
    }
    let run = &model.run;
    out.line(0, "run");
    out.line(2, &format!("measured {} after {}, at most {} longer", run.duration, run.warmup, run.cooldown));
    out.line(2, &format!("starts at {}, seed {}, {}", run.start.written, run.seed, replications(run.replications)));
    for workload in &model.workloads {
        out.workload(workload, model);
    }
    for capacity in &model.capacities {
        out.capacity(capacity, model);
    }
    for quota in &model.quotas {
        out.quota(quota);
    }
    if model.quotas.iter().any(|quota| daily_limit(quota).is_some()) {
        let outlook = Outlook::new(model);
        (0..model.quotas.len()).filter_map(|quota| outlook.forecast(quota)).for_each(|text| out.line(0, &text));
    }
    for remark in coverage::remarks(model) {
        out.line(0, &remark);
    }
    for window in &model.windows {
        out.line(0, &format!("window {}: {} to {}", window.name, window.from, window.to));
    }
    if !model.expectations.is_empty() {
        out.line(0, "expected");
    }
    for expectation in &model.expectations {
        let bound = match expectation.bound {
            Bound::AtMost(x) => format!("at most {x}"),
            Bound::AtLeast(x) => format!("at least {x}"),
            Bound::Between(low, high) => format!("between {low} and {high}"),
        };
        out.line(2, &format!("{} {bound}", expectation.metric));
    }
    out.assumptions(model);
    out.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, indent: usize, words: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.wrap(indent, indent + 4, words);
    }

    /// Writes a label, and in a second column the words about it.
    fn row(&mut self, label: &str, words: &str) {
        const COLUMN: usize = 12;
        let _ = write!(self.text, "  {label:0$}", COLUMN - 2);
        self.wrap(COLUMN, COLUMN, words);
    }

    /// Words from `column` on, broken where a line would be too long; what follows is indented by `hanging`.
    fn wrap(&mut self, mut column: usize, hanging: usize, words: &str) {
        let mut first = true;
        for word in visible(words).split_whitespace() {
            let width = word.chars().count();
            if !first && column + 1 + width > WIDTH {
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', hanging));
                column = hanging;
                first = true;
            }
            if !first {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += width;
            first = false;
        }
        self.text.push('\n');
    }

    fn workload(&mut self, workload: &Workload, model: &Model) {
        self.line(0, &format!("workload {}", workload.name));
        self.row("arrivals", &arrivals::arrivals(&workload.arrivals));
        let cap = grouped(workload.main().output_cap);
        let extra = match workload.tokens.extra_input {
            0 => String::new(),
            extra => format!(", {} more in each input", grouped(extra)),
        };
        match &workload.tokens.of {
            TokensOf::Laws { input, output, correlation } => {
                self.row("input", &format!("{} [tokens]{extra}", law(input, 1.0)));
                let tied = if *correlation == 0.0 { String::new() } else { format!(", correlation {correlation}") };
                if workload.tokens.writes {
                    self.row("output", &format!("{} [tokens], at most {cap}{tied}", law(output, 1.0)));
                } else {
                    self.row("output", "none: the model writes no answer");
                }
            }
            TokensOf::Trace => self.row("tokens", &format!("as recorded{extra}, output at most {cap}")),
        }
        match workload.cache {
            Cache::Shares(shares) if workload.cache.is_used() => {
                self.row("cache", &format!("{} read, {} written", shares.read, shares.write));
            }
            Cache::Shares(_) => {}
            Cache::Recorded => self.row("cache", "as recorded"),
            Cache::Modelled(modelled) => {
                let prefix = modelled.prefix.map(|prefix| {
                    let keys = if prefix.keys == 1 { "prefix" } else { "prefixes" };
                    format!("{} {keys} of {} tokens", grouped(prefix.keys), grouped(prefix.tokens))
                });
                let context = modelled.context.then(|| "each session's context".to_owned());
                let blocks = modelled.blocks.then(|| "the blocks of the trace".to_owned());
                let what: Vec<String> = [prefix, context, blocks].into_iter().flatten().collect();
                self.row("cache", &format!("{}, live for {}", what.join(", "), SimTime(modelled.ttl)));
            }
        }
        for stage in &workload.stages {
            self.row(if stage.tokens.is_some() { "first" } else { "model" }, &stage.facts.name);
            let route: Vec<&str> =
                stage.route.iter().filter_map(|c| model.capacities.get(*c)).map(|c| c.name.as_str()).collect();
            let then = match workload.failover {
                Failover::AtOnce => ", then ",
                Failover::AfterRetries => ", after its retries ",
            };
            self.row("route", &route.join(then));
        }
        if workload.main().tier.name != "standard" {
            self.row("tier", workload.main().tier.name);
        }
        self.row("client", &client(&workload.client));
        let slo = [("ttft", workload.slo.ttft), ("e2e", workload.slo.e2e)];
        let slo: Vec<String> = slo.iter().filter_map(|(name, t)| t.map(|t| format!("{name} within {t}"))).collect();
        if !slo.is_empty() {
            self.row("slo", &slo.join(", "));
        }
    }

    fn capacity(&mut self, capacity: &Capacity, model: &Model) {
        self.line(0, &format!("capacity {} ({})", capacity.name, capacity.kind));
        let quotas: Vec<&str> =
            capacity.quotas.iter().filter_map(|q| model.quotas.get(*q)).map(|q| q.prefix.as_str()).collect();
        let quotas = if quotas.is_empty() { "none".to_owned() } else { quotas.join(", ") };
        self.row("limits", &quotas);
        let standing = capacity.standing.first();
        if let Some(n) = standing.concurrency {
            self.row("at once", &grouped(n));
        }
        if let Saturation::Queue { max_wait, max_queue } = capacity.on_saturation {
            let wait = max_wait.map_or_else(String::new, |w| format!(", each at most {w}"));
            self.row("queue", &format!("up to {} wait{wait}", grouped(max_queue)));
        }
        if standing.unavailable_probability > 0.0 {
            self.row("503", &format!("with probability {}", standing.unavailable_probability));
        }
        match &capacity.room {
            Room::Regions(pool) => {
                let regions: Vec<&str> = pool.regions.iter().map(|r| r.name.as_str()).collect();
                self.row("regions", &regions.join(", "));
            }
            Room::Copies(plan) => {
                self.row("copies", &format!("up to {}, each serves {} at once", plan.max_copies, plan.per_copy));
            }
            Room::Jobs(plan) => {
                self.row("jobs", &format!("every {}", SimTime(plan.collect_every)));
            }
            Room::Limits => {}
        }
        for purchase in capacity.billing.purchases() {
            let price = purchase.price.map_or("at an unknown price".to_owned(), |p| format!("at {} an hour", p.0));
            self.row("bought", &format!("{} {price}, commitment {}", purchase.what, purchase.commitment.name()));
        }
        for at in &capacity.changes_at {
            let out = if capacity.standing.at(*at).is_out { ": out" } else { "" };
            self.row("changes", &format!("at {at}{out}"));
        }
    }

    fn quota(&mut self, quota: &Quota) {
        self.line(0, &format!("limits of {}", quota.prefix));
        let is_account = quota.limit(LimitKind::AccountTpd).is_some();
        for kind in LimitKind::ALL {
            // What nobody has need not be said, but for what most have.
            let is_usual = matches!(kind, LimitKind::Rpm | LimitKind::Tpm | LimitKind::Tpd);
            let is_bought = quota.limit(LimitKind::Input).is_some();
            match quota.limit(kind) {
                Some(one) => self.row(kind.name(), &limit(one)),
                None if is_usual && !is_bought && !is_account => self.row(kind.name(), "none"),
                None => {}
            }
        }
    }

    /// Lists the assumptions, grouped by their reasons.
    fn assumptions(&mut self, model: &Model) {
        if model.assumptions.is_empty() {
            return;
        }
        self.line(0, "assumed, because the scenario does not say");
        let mut by_reason: Vec<(&str, Vec<&Assumption>)> = Vec::new();
        for assumption in &model.assumptions {
            match by_reason.iter_mut().find(|(why, _)| *why == assumption.why) {
                Some((_, group)) => group.push(assumption),
                None => by_reason.push((&assumption.why, vec![assumption])),
            }
        }
        for (why, group) in by_reason {
            let group = group.into_iter().map(|a| terms::Assumed { path: &a.path, value: &a.value, why });
            terms::folded(group).iter().for_each(|line| self.line(2, line));
            self.line(6, why);
        }
        if let Some(date) = &model.catalog_as_of {
            self.line(0, &format!("the oldest figure of the catalogue in use is of {date}"));
        }
    }
}

fn replications(r: Replications) -> String {
    match r.relative_precision {
        None if r.min == 1 => "1 replication".to_owned(),
        None => format!("{} replications", r.min),
        Some(p) => format!("{} to {} replications, until the half-width is within {} %", r.min, r.max, p * 100.0),
    }
}

/// Returns a law, its figures in a unit of so many of its own.
fn law(law: &Law, unit: f64) -> String {
    let figures = |x: f64| figures(x / unit);
    match &law.shape {
        Shape::Constant(x) => figures(*x),
        Shape::Uniform { low, high } => format!("uniform from {} to {}", figures(*low), figures(*high)),
        Shape::Lognormal { mu, sigma } => {
            let mean = libm::exp(mu + sigma * sigma / 2.0);
            format!("lognormal, median {}, mean {}", figures(libm::exp(*mu)), figures(mean))
        }
        Shape::Gamma { shape, scale } => format!("gamma, mean {}", figures(shape * scale)),
        Shape::Exponential { mean } => format!("exponential, mean {}", figures(*mean)),
        Shape::Normal { mean, sd } => format!("normal, mean {}, sd {}", figures(*mean), figures(*sd)),
        Shape::Weibull { power, .. } => format!("weibull of shape {}", self::figures(1.0 / power)),
        Shape::Empirical { values, cumulative } => {
            let shares = cumulative.iter().scan(0.0, |below, c| Some(c - std::mem::replace(below, *c)));
            let mean: f64 = values.iter().zip(shares).map(|(value, share)| value * share).sum();
            format!("one of {}, mean {}", counted(values.len(), "value"), figures(mean))
        }
        Shape::Quantiles { values, .. } => {
            format!(
                "{} from {} to {}",
                counted(values.len(), "quantile"),
                figures(values[0]),
                figures(values[values.len() - 1])
            )
        }
        Shape::Mixture(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| format!("{} % {}", self::figures(part.share * 100.0), self::law(&part.law, unit)))
                .collect();
            parts.join("; ")
        }
    }
}

fn client(client: &Client) -> String {
    let mut text = retries(client);
    if client.app_retries.attempts > 1 {
        let app = client.app_retries;
        let apart = match app.delay {
            AppDelay::Constant(delay) => format!("{} apart", SimTime(delay)),
            AppDelay::Exponential { base, cap, .. } => format!("{} to {} apart", SimTime(base), SimTime(cap)),
        };
        let _ = write!(text, ", {} times {apart}", app.attempts);
    }
    if client.processes > 1 {
        let _ = write!(text, ", {} processes", client.processes);
    }
    if let Some(connections) = client.max_connections {
        let _ = write!(text, ", {}", counted(connections as usize, "connection"));
    }
    if let Some(pace) = client.pace {
        let of = |amount: Option<u64>, unit: &str| amount.map(|n| format!("{} {unit}", grouped(n)));
        let limits: Vec<String> = [of(pace.rpm, "calls"), of(pace.tpm, "tokens")].into_iter().flatten().collect();
        let _ = write!(text, ", paced at {} a minute", limits.join(" and "));
    }
    for (name, time) in [("an attempt", client.attempt_timeout), ("a request", client.timeout)] {
        if let Some(time) = time {
            let _ = write!(text, ", gives up {name} after {time}");
        }
    }
    text
}

fn retries(client: &Client) -> String {
    let n = client.retries.max_attempts;
    if let Some(preset) = &client.preset {
        let by = if preset.is_default { "by default" } else { "as set" };
        return format!("{}: {} retries {by}, {}", preset.sdk, preset.mode, counted(n as usize, "attempt"));
    }
    let of = |mode: RetryPolicy| RetryPolicy { max_attempts: n, ..mode } == client.retries;
    match n {
        1 if !client.retries.adaptive => "no retries".to_owned(),
        _ if of(RetryPolicy::STANDARD) => format!("standard retries, {n} attempts"),
        _ if of(RetryPolicy::STANDARD_2025) => format!("standard retries of 2025, {n} attempts"),
        _ if of(RetryPolicy::ADAPTIVE) => format!("adaptive retries, {n} attempts"),
        _ if of(RetryPolicy::LEGACY) => format!("legacy retries, {n} attempts"),
        _ => format!("{n} attempts"),
    }
}

fn limit(limit: &Limit) -> String {
    let amount = grouped(limit.amount);
    match limit.limiter {
        LimiterSpec::FixedWindow { window, .. } => format!("{amount} in fixed windows of {}", SimTime(window)),
        LimiterSpec::SlidingWindow { window } => format!("{amount} in any {}", SimTime(window)),
        LimiterSpec::TokenBucket { window, burst, .. } => {
            format!("a bucket of {} that refills {amount} in {}", grouped(burst), SimTime(window))
        }
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{} {what}s", grouped(n as u64)) }
}

/// Large numbers in groups, small ones with a few places.
fn figures(x: f64) -> String {
    if x >= 1_000.0 {
        return grouped(crate::units::round_half_up(x));
    }
    let text = if x >= 100.0 { format!("{x:.1}") } else { format!("{x:.3}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
