//! The scenario's text: traffic as it was measured, and placeholders that say so.

use super::fit::{Arrivals, Drawn, Fit, LengthLaw};
use super::profile::Figures;
use super::words::{integer, number, rate, round_up, short};
use crate::catalog::{Catalog, checked_on};
use crate::escape::{toml as quoted, visible as one_line};
use crate::figures::{plain, span};
use crate::stats::dispersion;
use crate::trace::{Format, Selection};
use crate::units::{SimTime, grouped};

/// The contents of a scenario that is made from a record.
#[derive(Debug)]
pub struct Plan<'p> {
    /// The record's name, for people.
    pub source: &'p str,
    /// The length of the record.
    pub span: SimTime,
    pub workloads: Vec<Workload<'p>>,
}

/// One workload of the scenario.
#[derive(Debug)]
pub struct Workload<'p> {
    pub name: &'p str,
    /// The model as the record calls it.
    pub model: Option<&'p str>,
    pub figures: &'p Figures,
    pub traffic: Traffic<'p>,
}

#[derive(Debug)]
pub enum Traffic<'p> {
    /// The record again, from a path relative to the scenario.
    Replayed {
        file: &'p str,
        selection: &'p Selection,
    },
    Drawn(&'p Drawn),
    /// Drawn, with a comment that says how well.
    Fitted(&'p Fit),
}

impl Workload<'_> {
    fn drawn(&self) -> Option<&Drawn> {
        match self.traffic {
            Traffic::Replayed { .. } => None,
            Traffic::Drawn(drawn) => Some(drawn),
            Traffic::Fitted(fit) => Some(&fit.drawn),
        }
    }

    /// The key of the workload's cap, and whether it is known; `None` where every row has its own.
    fn cap(&self) -> Option<(u64, CapFrom)> {
        match self.figures.caps {
            Some(caps) if caps.rows == self.figures.rows => {
                let mean = libm::ceil(caps.mean()) as u64;
                let from = if caps.least == caps.greatest { CapFrom::Rows } else { CapFrom::Mean };
                self.drawn().map(|_| (mean, from))
            }
            // It also holds beside the caps that some rows have, and is to lower none of them.
            some => {
                let recorded = some.map_or(0, |caps| u64::from(caps.greatest));
                let longest = self.figures.output.greatest.next_power_of_two();
                Some((longest.max(LEAST_CAP).max(recorded), CapFrom::Nobody))
            }
        }
    }

    /// Returns the most that an answer may have \[tokens\].
    fn longest_answer(&self) -> u64 {
        let recorded = self.figures.caps.map_or(0, |caps| u64::from(caps.greatest)).max(self.figures.output.greatest);
        self.cap().map_or(recorded, |(cap, _)| cap.max(recorded))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CapFrom {
    Rows,
    Mean,
    Nobody,
}

/// The least output cap that is written for a workload whose callers state none \[tokens\].
const LEAST_CAP: u64 = 256;
/// A model of which nothing is known writes at least as much \[tokens\].
const LEAST_OUTPUT: u64 = 4_096;
/// The busiest minute is one of those that begin with the record; a limiter's minute lies across two of them.
const ACROSS_TWO: f64 = 2.0;

/// The goal of the scenario: the largest share of attempts that may be throttled \[1\].
const MOST_THROTTLED: f64 = 0.01;
/// The confidence at which a scenario that states none is judged \[1\].
const CONFIDENCE: f64 = 0.95;

/// Returns the whole scenario.
#[must_use]
pub fn scenario(plan: &Plan<'_>) -> String {
    let mut out = Vec::new();
    head(&mut out, plan);
    let models = models(plan);
    for model in &models {
        write_model(&mut out, model);
    }
    for workload in &plan.workloads {
        let model = models.iter().find(|model| model.known_as == workload.model);
        let name = model.map_or("", |model| &model.name);
        write_workload(&mut out, workload, name);
        if models.len() > 1 {
            out.push(format!("route = [\"{}\"]", capacity_of(name, models.len())));
        }
    }
    for model in &models {
        let name = capacity_of(&model.name, models.len());
        let of = plan.workloads.iter().filter(|workload| workload.model == model.known_as);
        write_capacity(&mut out, &name, &of.collect::<Vec<_>>());
    }
    out.push(format!("\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"{}%\"\n", number(100.0 * MOST_THROTTLED)));
    write_placeholders(&mut out, plan, &models);
    out.join("\n")
}

/// Lists the values that the trace does not state, so that a run reports those that were not replaced.
fn write_placeholders(out: &mut Vec<String>, plan: &Plan<'_>, models: &[Model<'_>]) {
    out.push("# A key below that still holds this value is reported as assumed.".to_owned());
    out.push("[placeholders]".to_owned());
    let mut put = |path: String, value: String| out.push(format!("\"{path}\" = {value}"));
    for model in models.iter().filter(|model| model.found().is_none()) {
        let of = |key: &str| format!("models.{}.{key}", model.name);
        put(of("time_to_first_token.lognormal.median"), "\"500ms\"".to_owned());
        put(of("prefill_per_1k_tokens"), "\"40ms\"".to_owned());
        put(of("output_tokens_per_second"), "80".to_owned());
    }
    for workload in &plan.workloads {
        if let Some((cap, CapFrom::Nobody)) = workload.cap() {
            put(format!("workloads.{}.max_tokens", workload.name), integer(cap));
        }
        put(format!("workloads.{}.client.retries", workload.name), "\"standard\"".to_owned());
    }
    for model in models {
        let name = capacity_of(&model.name, models.len());
        let of: Vec<&Workload<'_>> = plan.workloads.iter().filter(|w| w.model == model.known_as).collect();
        let [rpm, tpm] = limits(&of);
        put(format!("capacities.{name}.rpm"), integer(rpm));
        put(format!("capacities.{name}.tpm"), integer(tpm));
    }
    out.push(String::new());
}

/// Returns the name of the capacity that serves a model, of so many models.
fn capacity_of(model: &str, models: usize) -> String {
    if models == 1 { "account".to_owned() } else { format!("account-{model}") }
}

fn head(out: &mut Vec<String>, plan: &Plan<'_>) {
    let rows: u64 = plan.workloads.iter().map(|w| w.figures.rows).sum();
    let (what, question) = if plan.workloads.iter().any(|w| w.drawn().is_some()) {
        ("Drawn like", format!("Does the quota carry traffic like that of {}?", plan.source))
    } else {
        ("Replays", format!("Does the quota carry what {} recorded?", plan.source))
    };
    let source = one_line(plan.source);
    out.push(format!("# {what} {source}: {} calls in {}.", grouped(rows), plain(&span(plan.span))));
    out.push("# Written by `bedload import trace`. What the trace does not tell is marked `replace`.".to_owned());
    out.push(format!("title = {}", quoted(&question)));
    out.push("\n[run]".to_owned());
    if plan.workloads.iter().any(|w| w.drawn().is_some()) {
        let whole = SimTime::from_secs(plan.span.0 / 1_000_000 + 1);
        out.push(format!("duration = \"{whole}\"    # as long as the trace"));
        out.push("warmup = \"0s\"".to_owned());
    } else {
        out.push("warmup = \"0s\"         # it runs as long as the trace".to_owned());
    }
    let replications = replications(plan);
    out.push(format!("replications = {replications}    # as many as decide the goal below where no call is refused"));
}

/// Returns the number of replications that decide the goal on throttling where none is seen: it takes a number of busy
/// minutes.
fn replications(plan: &Plan<'_>) -> u64 {
    /// The fewest replications, of replays and of drawn traffic; fewer give no useful interval of other metrics.
    const LEAST: [u64; 2] = [5, 10];
    let busy = plan.workloads.iter().map(|w| w.figures.busy_minutes).max().unwrap_or(0).max(1);
    let minutes = dispersion::trials_for(1.0 - CONFIDENCE, MOST_THROTTLED).ceil() as u64;
    let is_drawn = plan.workloads.iter().any(|w| w.drawn().is_some());
    // Random states are independent by their cycles, where these are longer than a minute.
    let cycle = |w: &Workload<'_>| match w.drawn().map(|drawn| &drawn.arrivals) {
        Some(Arrivals::Mmpp(states)) => (1.0 / states.leave_high + 1.0 / states.leave_low) / 60.0,
        _ => 1.0,
    };
    let longest = plan.workloads.iter().map(cycle).fold(1.0, f64::max);
    let blocks = libm::ceil(minutes as f64 * longest) as u64;
    blocks.div_ceil(busy).max(LEAST[usize::from(is_drawn)])
}

/// A model that workloads of a plan have in common.
struct Model<'p> {
    name: String,
    /// The model's name in the trace.
    known_as: Option<&'p str>,
    /// The longest answer that is asked of it \[tokens\].
    longest: u64,
}

impl<'p> Model<'p> {
    /// Returns the id and the model of the catalogue; `None`: the catalogue does not know it.
    fn found(&self) -> Option<(&'p str, crate::catalog::Resolved<'static>)> {
        self.known_as.and_then(|id| Some((id, Catalog::embedded().resolve(id).ok()?)))
    }
}

/// Returns the models of a plan, in the order of their first workloads.
fn models<'p>(plan: &Plan<'p>) -> Vec<Model<'p>> {
    let mut found: Vec<Model<'p>> = Vec::new();
    for workload in &plan.workloads {
        let (known_as, longest) = (workload.model, workload.longest_answer());
        match found.iter_mut().find(|model| model.known_as == known_as) {
            Some(known) => known.longest = known.longest.max(longest),
            None => found.push(Model { name: format!("model{}", found.len() + 1), known_as, longest }),
        }
    }
    if let [only] = &mut found[..] {
        only.name = "model".to_owned();
    }
    found
}

fn write_model(out: &mut Vec<String>, model: &Model<'_>) {
    out.push(format!("\n[models.{}]", model.name));
    if let Some((id, found)) = model.found() {
        out.push(format!("id = {}    # limits, prices and latency come from the catalogue", quoted(id)));
        let ends = found.model.lifecycle.as_ref().and_then(|life| life.ends.as_ref());
        if let Some(ends) = ends.filter(|ends| **ends <= checked_on()) {
            out.push(format!("after_end = \"play\"    # it ended on {ends}, and the record shows that it served"));
        }
        return;
    }
    if let Some(id) = model.known_as {
        out.push(format!("# The catalogue does not know {}.", one_line(id)));
    }
    out.push("# replace: the keys of your model, or its id for those of the catalogue".to_owned());
    out.push("# id = \"us.amazon.nova-pro-v1:0\"".to_owned());
    out.push(format!("max_output_tokens = {}", integer(model.longest.next_power_of_two().max(LEAST_OUTPUT))));
    out.push("time_to_first_token.lognormal = { median = \"500ms\", p95 = \"1.2s\" }".to_owned());
    out.push("prefill_per_1k_tokens = \"40ms\"\noutput_tokens_per_second = 80".to_owned());
}

fn write_workload(out: &mut Vec<String>, workload: &Workload<'_>, model: &str) {
    out.push(String::new());
    match workload.traffic {
        Traffic::Fitted(fit) => told(out, fit),
        Traffic::Replayed { .. } | Traffic::Drawn(_) => measured(out, workload.figures),
    }
    out.push(format!("[workloads.{}]\nmodel = \"{model}\"", workload.name));
    match (&workload.traffic, workload.drawn()) {
        (Traffic::Replayed { file, selection }, _) => {
            out.push(format!("arrivals.trace = {{ {} }}", trace_keys(file, selection)));
        }
        (_, Some(drawn)) => write_drawn(out, drawn, workload.figures),
        (_, None) => {}
    }
    match workload.cap() {
        None => {}
        Some((cap, CapFrom::Rows)) => out.push(format!("max_tokens = {}", integer(cap))),
        Some((cap, CapFrom::Mean)) => {
            out.push(format!("max_tokens = {}    # the mean of the trace; its caps differ", integer(cap)));
        }
        Some((cap, CapFrom::Nobody)) => {
            out.push(format!("max_tokens = {}    # replace: what your callers send; it is reserved", integer(cap)));
        }
    }
    out.push("client = { retries = \"standard\" }    # replace: what your callers do".to_owned());
}

/// Returns the keys of `arrivals.trace` as TOML.
fn trace_keys(file: &str, selection: &Selection) -> String {
    let mut keys = vec![format!("file = {}", quoted(file))];
    let named = Format::NAMED.iter().find(|(_, format)| Some(*format) == selection.format);
    keys.extend(named.map(|(name, _)| format!("format = \"{name}\"")));
    let names = &selection.columns;
    let columns: Vec<String> = [
        ("arrival", &names.arrival),
        ("input_tokens", &names.input),
        ("output_tokens", &names.output),
        ("max_tokens", &names.max_tokens),
        ("cache_read_tokens", &names.cache_read),
        ("cache_write_tokens", &names.cache_write),
    ]
    .iter()
    .filter_map(|(key, column)| Some(format!("{key} = {}", quoted(column.as_ref()?))))
    .collect();
    if !columns.is_empty() {
        keys.push(format!("columns = {{ {} }}", columns.join(", ")));
    }
    let only = selection.only.as_ref();
    keys.extend(only.map(|only| format!("only = {{ label = {}, is = {} }}", quoted(&only.label), quoted(&only.is))));
    keys.extend((selection.from > 0).then(|| format!("from = \"{}\"", SimTime(selection.from))));
    keys.extend(selection.to.map(|to| format!("to = \"{}\"", SimTime(to))));
    keys.extend(selection.skip_bad_lines.then(|| "skip_bad_lines = true".to_owned()));
    keys.join(", ")
}

fn write_drawn(out: &mut Vec<String>, drawn: &Drawn, figures: &Figures) {
    out.push(format!("arrivals.{} = {}", drawn.arrivals.kind(), drawn.arrivals.value(figures.rate)));
    write_lengths(out, "input_tokens", &drawn.input.law);
    write_lengths(out, "output_tokens", &drawn.output.law);
    if let Some(correlation) = drawn.correlation {
        out.push(format!("correlation = {}", number(correlation)));
    }
    let shares: Vec<String> = [("read_share", figures.cache_read), ("write_share", figures.cache_write)]
        .iter()
        .filter(|(_, share)| *share > 0.0)
        .map(|(key, share)| format!("{key} = {}", number(*share)))
        .collect();
    if !shares.is_empty() {
        out.push(format!("cache = {{ {} }}", shares.join(", ")));
    }
}

fn write_lengths(out: &mut Vec<String>, key: &str, law: &LengthLaw) {
    match law {
        LengthLaw::Constant(tokens) => out.push(format!("{key} = {}", integer(*tokens))),
        LengthLaw::Lognormal { median, p95, max } => {
            let [median, p95, max] = [*median, *p95, *max].map(integer);
            out.push(format!("{key}.lognormal = {{ median = {median}, p95 = {p95}, max = {max} }}"));
        }
        LengthLaw::Quantiles(rows) => {
            out.push(format!("{key}.empirical.quantiles = ["));
            let rows: Vec<String> = rows
                .iter()
                .map(|(share, value)| format!("{{ share = {share}, value = {} }},", integer(*value)))
                .collect();
            rows.chunks(3).for_each(|three| out.push(format!("    {}", three.join(" "))));
            out.push("]".to_owned());
        }
    }
}

/// Writes the measured figures as comments.
fn measured(out: &mut Vec<String>, f: &Figures) {
    let known = |x: Option<f64>| x.map_or_else(|| "not known".to_owned(), number);
    let (calls, mean) = (grouped(f.rows), rate(f.rate));
    out.push(format!(
        "# Measured: {calls} calls, {mean}; at most {} in a second, {} in a minute.",
        f.peak_second, f.peak_minute
    ));
    let [second, minute] = [f.dispersion_1s, f.dispersion_60s].map(known);
    out.push(format!(
        "# cv of the gaps {}; dispersion {second} over a second, {minute} over a minute (1: Poisson).",
        known(f.cv)
    ));
}

/// Writes how well drawn traffic fits, as comments.
fn told(out: &mut Vec<String>, fit: &Fit) {
    out.push("#                              trace       fit".to_owned());
    for c in &fit.compared {
        let mark = if c.is_off() { format!("    off by {:.1} times", c.factor()) } else { String::new() };
        out.push(format!("# {:<24} {:>9} {:>9}{mark}", c.what, short(c.recorded), short(c.drawn)));
    }
    if !fit.matches() {
        out.push("# Drawn traffic does not match the trace. To replay it is the honest choice:".to_owned());
        out.push("# import it again without --fit.".to_owned());
    }
}

fn write_capacity(out: &mut Vec<String>, name: &str, of: &[&Workload<'_>]) {
    let [rpm, tpm] = limits(of);
    out.push(format!("\n[capacities.{name}.on_demand]"));
    out.push(
        "# replace: your account's, from `aws service-quotas list-service-quotas --service-code bedrock`".to_owned(),
    );
    out.push("# These are twice the busiest minute of the trace, with each answer's cap reserved.".to_owned());
    out.push(format!("rpm = {}\ntpm = {}\ntpd = \"none\"", integer(rpm), integer(tpm)));
}

/// Returns the placeholders of the limits of a capacity \[requests/min, tokens/min\].
fn limits(of: &[&Workload<'_>]) -> [u64; 2] {
    let minute = |w: &Workload<'_>| w.figures.peak_minute;
    let tokens = |w: &Workload<'_>| w.figures.peak_minute_tokens + w.figures.peak_minute * w.longest_answer();
    let rpm = of.iter().map(|w| minute(w)).sum::<u64>() as f64 * ACROSS_TWO;
    let tpm = of.iter().map(|w| tokens(w)).sum::<u64>() as f64 * ACROSS_TWO;
    [rpm, tpm].map(round_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_cannot_leave_its_line() {
        assert_eq!(quoted("a\"\n[b]"), "\"a\\\"\\u000A[b]\"");
        assert_eq!(one_line("a\nb"), "a\\u{a}b");
    }
}
