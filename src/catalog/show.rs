//! The catalogue as text, at most 80 columns wide. Nothing here prints.

use std::collections::BTreeMap;

use super::layout::{Side, WIDTH, hung, row, table, wrap};
use super::sdks::{SdkEntry, SdkMode, SdkRetries, Sdks};
use super::{Catalog, LatencyEntry, ModelEntry, ModelKind, age_days, limits, prices, sales};
use crate::units::grouped;

/// The text for a figure that is not published.
pub(super) const UNKNOWN: &str = "?";

/// The column of ids in [`list`]; a longer id pushes its figures to the next line.
const ID: usize = 44;

/// Lists every model by provider: id, limits and how stale its oldest figure is; name, end of life and ways of sale.
#[must_use]
pub fn list(catalog: &Catalog, today: Option<&str>) -> String {
    let mut providers: BTreeMap<&str, Vec<&ModelEntry>> = BTreeMap::new();
    for model in &catalog.models {
        providers.entry(&model.provider).or_default().push(model);
    }
    let count = format!(
        "{} models of {} providers. `bedload catalog ID` shows one with its quotas, prices and sources.",
        catalog.models.len(),
        providers.len(),
    );
    let mut out: String = wrap(&count, WIDTH).iter().map(|line| format!("{line}\n")).collect();
    for (provider, models) in providers {
        out += "\n";
        out += &line(&format!("{provider} ({})", models.len()), ["max output", "burn", "oldest", "days"], today);
        for model in models {
            out += &in_short(model, today);
        }
    }
    out.push('\n');
    for text in wrap(
        "Burn: how many tokens of quota one token of output takes; ?: not published. Oldest: the date of the model's \
         stalest figure, and how many days ago it was.",
        WIDTH,
    ) {
        out += &format!("{text}\n");
    }
    out
}

/// Lays out a line of [`list`]; the last figure needs today's date.
fn line(name: &str, [output, burndown, oldest, days]: [&str; 4], today: Option<&str>) -> String {
    let days = if today.is_some() { days } else { "" };
    format!("{name:<ID$}{output:>10}{burndown:>6}{oldest:>12}{days:>6}").trim_end().to_owned() + "\n"
}

/// Shows a model in two or three lines.
fn in_short(model: &ModelEntry, today: Option<&str>) -> String {
    let output = match &model.max_output_tokens {
        _ if model.kind != ModelKind::Text => "-".to_owned(),
        Some(most) => grouped(most.value),
        None => UNKNOWN.to_owned(),
    };
    let burndown = match &model.output_burndown {
        _ if model.kind != ModelKind::Text => "-".to_owned(),
        Some(rate) => rate.value.to_string(),
        None => UNKNOWN.to_owned(),
    };
    let days = today.and_then(|today| age_days(model.oldest(), today));
    let days = days.map_or_else(String::new, |days| days.to_string());
    let figures = [output.as_str(), &burndown, model.oldest(), &days];
    let id = format!("  {}", model.id);
    let mut out =
        if id.chars().count() < ID { line(&id, figures, today) } else { format!("{id}\n{}", line("", figures, today)) };
    let end = model.lifecycle.as_ref().and_then(|l| l.ends.as_ref()).map_or_else(String::new, |day| {
        let verb = if today.is_some_and(|today| day.as_str() <= today) { "ended" } else { "ends" };
        format!(" ({verb} {day})")
    });
    let told = wrap(&format!("{}{end}: {}", model.name, sales::in_short(model)), WIDTH - 4);
    out.extend(told.iter().map(|l| format!("    {l}\n")));
    out
}

/// Returns everything about one model as text, each figure with its source and date.
#[must_use]
pub fn show(entry: &ModelEntry, today: Option<&str>) -> String {
    let mut sources = Sources::default();
    let kind = match entry.kind {
        ModelKind::Text => "",
        ModelKind::Embedding => ", embedding",
        ModelKind::Rerank => ", rerank",
    };
    let mut out = format!("{} ({}{kind})\n{}\n", entry.name, entry.provider, entry.id);
    out += "\nSold\n";
    out += &sales::ways(entry);
    out += &limits::life_cycle(entry, &mut sources);
    out += &limits::limits(entry, &mut sources);
    out += &limits::quotas(entry, &mut sources);
    out += &prices::prices(entry, &mut sources);
    out += &sales::reserved(&entry.paths, &mut sources);
    out += &sales::provisioned(entry, &mut sources);
    if let Some(fast) = &entry.latency_optimized {
        out += &sales::latency_optimized(fast, &mut sources);
    }
    out += &sales::custom(entry, &mut sources);
    out += &sales::destinations(&entry.paths, &mut sources);

    if let Some(known) = &entry.latency {
        out += "\nLatency before any load (measured by others, or guessed: put in your own)\n";
        out += &latency(entry.kind, known, &mut sources);
    } else {
        out += "\nLatency\n  not known: state it in the scenario\n";
    }

    out += &sources.written_out(today);
    out
}

fn mode_in_short(row: &SdkMode) -> String {
    let SdkRetries { max_attempts, throttled_ms, transient_ms, .. } = row.retries;
    if !row.is_default {
        return row.mode.clone();
    }
    format!("{} ({max_attempts} attempts, {}/{} ms)", row.mode, grouped(throttled_ms), grouped(transient_ms))
}

/// Returns a list of every SDK: its name in a scenario, the package that decides, and its modes by version.
#[must_use]
pub fn list_sdks(sdks: &Sdks) -> String {
    let mut out =
        "SDKs for client.retries.sdk and their modes by version. The default comes first,\nwith its base delays after a 429 and after another failure.\n".to_owned();
    for sdk in &sdks.sdks {
        let mut since: Vec<_> = sdk.modes.iter().map(|row| row.since).collect();
        since.sort_unstable();
        since.dedup();
        let spans = since.iter().map(|since| {
            let mut modes: Vec<&SdkMode> = sdk.modes_at(*since).collect();
            modes.sort_by_key(|row| !row.is_default);
            let modes: Vec<String> = modes.into_iter().map(mode_in_short).collect();
            format!("{since} {}", modes.join(", "))
        });
        let spans = if sdk.modes.is_empty() { vec!["not known".to_owned()] } else { spans.collect() };
        out += &hung(10, &sdk.name, &format!("{}: {}", sdk.version_of, spans.join("; ")));
    }
    out
}

/// Returns everything about one SDK as text, each row with its source and date.
#[must_use]
pub fn show_sdk(sdk: &SdkEntry, today: Option<&str>) -> String {
    let mut sources = Sources::default();
    let mut out = format!("{}\n{}: versions of {}\n", sdk.title, sdk.name, sdk.version_of);
    if sdk.modes.is_empty() {
        return out + "\nHow it retries is not known: state it.\n";
    }
    for row in &sdk.modes {
        let until = row.until.map_or_else(String::new, |until| format!(", before {until}"));
        let by = if row.is_default { " (default)" } else { "" };
        out += &format!("\n{}{by}, from {}{until}\n", row.mode, row.since);
        let assumed = row.assumed.as_ref().map_or_else(String::new, |why| format!(" Assumption: {why}."));
        let note = sources.note(&row.source, &row.as_of);
        let told = wrap(&format!("{}{assumed} {note}", figures(&row.retries)), WIDTH - 2);
        out.extend(told.iter().map(|line| format!("  {line}\n")));
    }
    out + &sources.written_out(today)
}

fn figures(retries: &SdkRetries) -> String {
    let SdkRetries { max_attempts, throttled_ms, transient_ms, .. } = retries;
    let jitter = if retries.without_jitter { "" } else { "U(0, 1) x " };
    let cap = retries.cap_ms.map_or_else(String::new, |cap| format!(", at most {} ms", grouped(cap)));
    let at_once = if retries.first_at_once { "; the first retry at once" } else { "" };
    let quota = retries.quota.map_or_else(
        || "no retry quota".to_owned(),
        |q| {
            let (capacity, throttled, transient, timed_out) = (q.capacity, q.throttled, q.transient, q.timed_out);
            format!("retry quota {capacity}: a retry costs {throttled} after a 429, {transient} after a transient failure, {timed_out} after a time-out")
        },
    );
    let limiter = if retries.rate_limiter { "; a rate limiter" } else { "" };
    format!(
        "{max_attempts} attempts; {jitter}base x 2^i{cap}, base {} ms after a 429, {} ms otherwise{at_once}; {quota}{limiter}.",
        grouped(*throttled_ms),
        grouped(*transient_ms),
    )
}

fn latency(kind: ModelKind, latency: &LatencyEntry, sources: &mut Sources) -> String {
    let writes = kind == ModelKind::Text;
    let (first, tail) = if writes {
        ("first token, median", "first token, 95th percentile")
    } else {
        ("whole answer, median", "whole answer, 95th percentile")
    };
    let p95 = latency.time_to_first_token_p95_s;
    let mut rows = vec![
        row([first, &latency.time_to_first_token_median_s.to_string(), "s"]),
        row([
            tail,
            &p95.unwrap_or(2.0 * latency.time_to_first_token_median_s).to_string(),
            if p95.is_some() { "s" } else { "s, assumption: twice the median" },
        ]),
        row(["prefill", &latency.prefill_per_1k_tokens_s.to_string(), "s per 1,000 uncached input tokens"]),
    ];
    if writes {
        rows.push(row(["output speed", &latency.output_tokens_per_second.to_string(), "tokens/s"]));
    }
    let mut out = table(&rows, &[Side::Left, Side::Right, Side::Left]);
    let remark = format!("{} {}", latency.remark.trim(), sources.notes(latency.facts()));
    out.extend(wrap(&remark, WIDTH - 2).iter().map(|line| format!("  {line}\n")));
    out
}

/// Footnotes: many figures share a source, which is written out once.
#[derive(Default)]
pub(super) struct Sources(Vec<(String, String)>);

impl Sources {
    pub(super) fn note(&mut self, source: &str, as_of: &str) -> String {
        let known = self.0.iter().position(|(s, d)| s == source && d == as_of);
        let place = known.unwrap_or_else(|| {
            self.0.push((source.to_owned(), as_of.to_owned()));
            self.0.len() - 1
        });
        format!("[{}]", place + 1)
    }

    /// Returns the footnote marks of several sources, each once.
    pub(super) fn notes<'f>(&mut self, facts: impl Iterator<Item = (&'f str, &'f str)>) -> String {
        let mut notes: Vec<String> = Vec::new();
        for (source, as_of) in facts {
            let note = self.note(source, as_of);
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes.concat()
    }

    fn written_out(&self, today: Option<&str>) -> String {
        let mut out = "\nSources\n".to_owned();
        for (i, (source, as_of)) in self.0.iter().enumerate() {
            let age = age(as_of, today).map_or_else(String::new, |age| format!(", {age}"));
            let lines = wrap(&format!("{source}. As of {as_of}{age}."), WIDTH - 7);
            for (j, line) in lines.iter().enumerate() {
                let mark = if j == 0 { format!("[{}]", i + 1) } else { String::new() };
                out += &format!("  {mark:<4} {line}\n");
            }
        }
        out
    }
}

fn age(as_of: &str, today: Option<&str>) -> Option<String> {
    Some(match age_days(as_of, today?)? {
        0 => "of today".to_owned(),
        1 => "1 day old".to_owned(),
        -1 => "1 day ahead".to_owned(),
        days if days < 0 => format!("{} days ahead", grouped(days.unsigned_abs())),
        days => format!("{} days old", grouped(days.unsigned_abs())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Option<&str> = Some("2026-11-23");

    fn fits(text: &str) {
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH && line.trim_end() == line, "{line:?}");
        }
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
    }

    #[test]
    fn everything_fits_the_terminal() {
        let catalog = Catalog::embedded();
        for today in [None, TODAY, Some("soon")] {
            fits(&list(catalog, today));
            for model in &catalog.models {
                fits(&show(model, today));
            }
            Sdks::embedded().sdks.iter().for_each(|sdk| fits(&show_sdk(sdk, today)));
        }
        fits(&list_sdks(Sdks::embedded()));
    }

    #[test]
    fn an_sdk_is_told_with_its_modes_and_figures() {
        let sdks = Sdks::embedded();
        let text = list_sdks(sdks);
        let python = "botocore: 1.40.0 legacy (5 attempts, 1,000/1,000 ms), standard, adaptive; 1.44.0 standard (3 attempts, 1,000/50 ms), adaptive, legacy";
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(python), "{text}");
        assert!(text.contains("aws.sdk.kotlin: not known"), "{text}");
        let java = show_sdk(sdks.get("java").unwrap(), TODAY);
        let flowing = java.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains("legacy (default), from 2.0.0 4 attempts; U(0, 1) x base x 2^i"), "{java}");
        assert!(flowing.contains("base 500 ms after a 429, 100 ms otherwise; retry quota 500"), "{java}");
        assert!(flowing.contains("As of 2026-05-20, 187 days old."), "{java}");
    }

    #[test]
    fn a_long_id_and_many_paths_still_fit() {
        let mut catalog = Catalog::clone(Catalog::embedded());
        let model = &mut catalog.models[0];
        model.id = "provider.a-model-with-a-name-that-never-ends-20991231-v1:0".to_owned();
        model.name = "A model with a name that never ends".to_owned();
        model.paths = [model.paths.clone(), model.paths.clone(), model.paths.clone()].concat();
        fits(&list(&catalog, TODAY));
        fits(&show(&catalog.models[0], TODAY));
    }

    #[test]
    fn the_list_tells_each_model_and_its_age() {
        let text = list(Catalog::embedded(), TODAY);
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|l| l.starts_with("  deepseek.v3.2 ")).unwrap();
        assert_eq!(lines[at].split_whitespace().collect::<Vec<_>>()[1..], ["8,000", "1", "2026-04-01", "236"]);
        assert_eq!(lines[at + 1], "    DeepSeek V3.2: in_region, us, eu; priority, flex");
        assert!(text.contains("\n    Nova Premier (ended 2026-09-14): us; priority, flex\n"), "{text}");
        assert!(text.contains("\n    DeepSeek-R1 (ends 2027-03-30): us\n"), "{text}");
        assert!(!list(Catalog::embedded(), None).contains("days  "));
    }

    #[test]
    fn the_list_is_grouped_by_provider_and_counted() {
        let catalog = Catalog::embedded();
        let text = list(catalog, TODAY);
        assert!(text.starts_with(&format!("{} models of ", catalog.models.len())), "{text}");
        let count = |l: &str| l.split_once(" (").and_then(|(_, rest)| rest.split_once(')')).map(|(n, _)| n.to_owned());
        let heads = text.lines().filter(|l| l.contains("max output"));
        let counted: usize = heads.map(|l| count(l).unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!(counted, catalog.models.len());
    }

    #[test]
    fn the_list_is_compact() {
        let catalog = Catalog::embedded();
        let lines = list(catalog, TODAY).lines().count();
        assert!(lines <= 3 * catalog.models.len(), "{lines} lines");
    }

    #[test]
    fn a_model_is_shown_with_every_figure_and_source() {
        for model in &Catalog::embedded().models {
            let text = show(model, TODAY);
            let words: Vec<&str> = text.split_whitespace().collect();
            let flowing = words.join(" ");
            let quotas = model.paths.iter().flat_map(|p| p.quota.iter().chain(&p.quota_by_region));
            for q in quotas.chain(model.custom_deployment.iter().filter_map(|c| c.quota.as_ref())) {
                for limit in [q.rpm, q.tpm, q.tpd].into_iter().flatten() {
                    assert!(words.contains(&grouped(limit).as_str()), "{limit} of {}", model.id);
                }
            }
            for (source, as_of) in model.sources().filter(|(s, _)| !s.contains("writes no tokens")) {
                assert!(flowing.contains(&format!("{source}. As of {as_of}")), "{source} of {}", model.id);
            }
            let mantle = model.mantle.iter().flat_map(|m| [m.itpm, m.otpm]).flatten();
            let cached = model.cache.iter().map(|cache| cache.max_cacheable_tokens);
            for limit in mantle.chain(cached).chain(model.batch.iter().filter_map(|b| b.max_records)) {
                assert!(words.contains(&grouped(limit).as_str()), "{limit} of {}", model.id);
            }
            if let Some(life) = &model.lifecycle {
                let days = [&life.launched, &life.legacy_from, &life.extended_from, &life.ends];
                assert!(days.into_iter().flatten().all(|day| words.contains(&day.as_str())), "{}", model.id);
            }
            assert!(model.latency.iter().all(|latency| flowing.contains(latency.remark.trim())));
        }
    }

    #[test]
    fn sources_are_written_out_once() {
        let text = show(Catalog::embedded().resolve("amazon.nova-pro-v1:0").unwrap().model, TODAY);
        assert_eq!(text.matches("cache writes at $0").count(), 2);
    }

    #[test]
    fn ages_read_like_english() {
        for (as_of, text) in [("2026-11-23", "of today"), ("2026-11-22", "1 day old"), ("2026-11-25", "2 days ahead")] {
            assert_eq!(age(as_of, TODAY).as_deref(), Some(text));
        }
        assert_eq!(age("2023-12-19", TODAY).as_deref(), Some("1,070 days old"));
    }
}
