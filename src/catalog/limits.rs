//! Writes the limits of a model as text: its life cycle, longest answer, burndown, caching, batch jobs and default quotas.

use super::layout::{FIGURES, Side, hung, row, table};
use super::show::{Sources, UNKNOWN};
use super::{LifecycleEntry, ModelEntry, ModelKind, QuotaEntry};
use crate::units::grouped;

/// Shows when a model came and when it goes.
pub(super) fn life_cycle(entry: &ModelEntry, sources: &mut Sources) -> String {
    let Some(LifecycleEntry { launched, legacy_from, extended_from, ends, successor, source, as_of }) =
        &entry.lifecycle
    else {
        return String::new();
    };
    let days = [
        ("launched", launched, ""),
        ("legacy from", legacy_from, "no new purchase, fine-tuning or quota raise"),
        ("extended access from", extended_from, "the provider may raise prices"),
        ("ends", ends, "calls fail from this day on"),
    ];
    let known = days.iter().filter_map(|(name, day, what)| day.as_ref().map(|day| row([name, day.as_str(), what])));
    let rows: Vec<_> = known.collect();
    let next = successor.as_ref().map_or_else(String::new, |id| hung(20, "successor", id));
    format!("\nLife cycle {}\n{}{next}", sources.note(source, as_of), table(&rows, &[Side::Left; 3]))
}

/// Shows the longest answer, burndown, what can be cached, and the sizes of batch jobs.
pub(super) fn limits(entry: &ModelEntry, sources: &mut Sources) -> String {
    let mut rows = Vec::new();
    if entry.kind == ModelKind::Text {
        rows.push(match &entry.max_output_tokens {
            Some(most) => row(["max output", &grouped(most.value), "tokens", &sources.note(&most.source, &most.as_of)]),
            None => row(["max output", UNKNOWN, "not published", ""]),
        });
        rows.push(match &entry.output_burndown {
            Some(rate) => row([
                "output burndown",
                &rate.value.to_string(),
                "tokens of quota for each token of output",
                &sources.note(&rate.source, &rate.as_of),
            ]),
            None => row(["output burndown", UNKNOWN, "not published", ""]),
        });
    }
    if let Some(cache) = &entry.cache {
        let most = grouped(cache.max_cacheable_tokens);
        rows.push(row(["cached prompt", &most, "tokens at most", &sources.note(&cache.source, &cache.as_of)]));
    }
    if let Some(batch) = &entry.batch {
        let note = sources.note(&batch.source, &batch.as_of);
        let figures = [
            ("batch job", batch.min_records.map(grouped), "records at least"),
            ("", batch.max_records.map(grouped), "records at most"),
            ("", batch.max_job_input_gb.map(|gb| gb.to_string()), "GB of input at most"),
        ];
        rows.extend(figures.iter().filter_map(|(name, n, what)| Some(row([name, n.as_ref()?, what, &note]))));
    }
    if rows.is_empty() {
        return String::new();
    }
    format!("\nLimits\n{}", table(&rows, &[Side::Left, Side::Right, Side::Left, Side::Left]))
}

fn figure(limit: Option<u64>) -> String {
    limit.map_or_else(|| "no limit".to_owned(), grouped)
}

/// Shows the default quotas of each path, and those of source regions that differ.
pub(super) fn quotas(entry: &ModelEntry, sources: &mut Sources) -> String {
    let mut out = String::new();
    if !entry.paths.is_empty() {
        let mut rows = vec![row(["path", "requests/min", "tokens/min", "tokens/day", "source"])];
        rows.extend(entry.paths.iter().map(|path| match &path.quota {
            Some(q) => row([&path.path, &figure(q.rpm), &figure(q.tpm), &figure(q.tpd), &sources.notes(q.facts())]),
            None => row([&path.path, UNKNOWN, UNKNOWN, UNKNOWN, "-"]),
        }));
        out += &format!("\nDefault quotas (your account may have less)\n{}", table(&rows, &FIGURES));
        if entry.paths.iter().any(|path| path.quota.is_none()) {
            out += "  ?: not published, so a scenario states it\n";
        }
        if entry.paths.iter().any(|path| path.quota.as_ref().is_some_and(|quota| quota.tpd.is_some())) {
            out += "  tokens/day: in force only where your account lists it\n";
        }
        out += &by_region(entry, sources);
    }
    out + &mantle(entry, sources)
}

/// Says of which source regions a quota is known, and what holds from others.
fn by_region(entry: &ModelEntry, sources: &mut Sources) -> String {
    let mut out = String::new();
    for path in &entry.paths {
        let known = path.quota.iter().filter(|quota| !quota.regions.is_empty());
        for quota in known {
            out += &hung(9, &path.path, &format!("the quotas above are those of {}", quota.regions.join(", ")));
        }
        for QuotaEntry { regions, rpm, tpm, source, as_of, .. } in &path.quota_by_region {
            let note = sources.note(source, as_of);
            let (rpm, tpm) = (figure(*rpm), figure(*tpm));
            let text = format!("{rpm} requests/min and {tpm} tokens/min from {} {note}", regions.join(", "));
            out += &hung(9, &path.path, &text);
        }
    }
    out
}

/// Shows the default quotas of the bedrock-mantle endpoint.
fn mantle(entry: &ModelEntry, sources: &mut Sources) -> String {
    let Some(mantle) = &entry.mantle else { return String::new() };
    let figure = |limit: Option<u64>| limit.map_or_else(|| UNKNOWN.to_owned(), grouped);
    let note = sources.notes(mantle.facts());
    let rows = [
        row(["", "input tokens/min", "output tokens/min", "source"]),
        row(["mantle", &figure(mantle.itpm), &figure(mantle.otpm), &note]),
    ];
    let mut out = format!("\nDefault quotas at the bedrock-mantle endpoint\n{}", table(&rows, &FIGURES));
    if !mantle.regions.is_empty() {
        out += &hung(9, "", &format!("the quotas above are those of {}", mantle.regions.join(", ")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;

    fn model(id: &str) -> &'static ModelEntry {
        Catalog::embedded().resolve(id).unwrap().model
    }

    fn flowing(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_life_cycle_is_shown_with_its_days_and_successor() {
        let text = life_cycle(model("anthropic.claude-sonnet-4-5-20250929-v1:0"), &mut Sources::default());
        for line in [
            "launched 2025-09-29",
            "legacy from 2026-10-08 no new purchase, fine-tuning or quota raise",
            "extended access from 2027-01-08 the provider may raise prices",
            "ends 2027-04-08 calls fail from this day on",
            "successor anthropic.claude-sonnet-4-6",
        ] {
            assert!(flowing(&text).contains(line), "{line}: {text}");
        }
        assert_eq!(life_cycle(model("amazon.titan-embed-text-v2:0"), &mut Sources::default()), "");
    }

    #[test]
    fn caching_and_batch_jobs_have_their_limits() {
        let text = flowing(&limits(model("amazon.nova-pro-v1:0"), &mut Sources::default()));
        assert!(text.contains("cached prompt 20,000 tokens at most"), "{text}");
        assert!(text.contains("batch job 100 records at least") && text.contains("100 GB of input at most"), "{text}");
        assert_eq!(limits(model("amazon.rerank-v1:0"), &mut Sources::default()), "");
    }

    #[test]
    fn quotas_of_other_regions_stand_below_the_table() {
        let text = flowing(&quotas(model("amazon.nova-micro-v1:0"), &mut Sources::default()));
        assert!(text.contains("in_region the quotas above are those of us-east-1, eu-west-2"), "{text}");
        assert!(text.contains("in_region 200 requests/min and 200,000 tokens/min from us-east-2, us-west-1"), "{text}");
    }

    #[test]
    fn quotas_that_are_not_published_are_asked_for() {
        let text = quotas(model("anthropic.claude-opus-5-5"), &mut Sources::default());
        assert!(flowing(&text).contains("us ? ? ? -") && text.contains("so a scenario states it"), "{text}");
    }

    #[test]
    fn the_mantle_endpoint_has_two_quotas() {
        let text = flowing(&quotas(model("anthropic.claude-opus-4-7"), &mut Sources::default()));
        assert!(text.contains("mantle 20,000,000 2,000,000"), "{text}");
        let text = flowing(&quotas(model("openai.gpt-oss-20b-1:0"), &mut Sources::default()));
        assert!(text.contains("mantle ? ?"), "{text}");
    }
}
