//! The offers of a model as text: the ways of sale, terms of commitments, custom models, destinations.

use super::layout::{FIGURES, Side, WIDTH, hung, row, table, wrap};
use super::prices::{STANDARD, TIERS, amount};
use super::show::{Sources, UNKNOWN};
use super::{CustomDeploymentEntry, LatencyOptimizedEntry, ModelEntry, Path, PriceEntry, QuotaEntry};
use crate::units::grouped;

/// Returns how a model is sold in one line, for [`list`](super::show::list): paths; tiers; other ways of sale.
pub(super) fn in_short(entry: &ModelEntry) -> String {
    let paths: Vec<&str> = entry.paths.iter().map(|p| p.path.as_str()).collect();
    let besides = [
        (entry.is_sold_provisioned(), "Model Units"),
        (entry.latency_optimized.is_some(), "latency-optimized"),
        (entry.customization.is_some(), "fine-tuning"),
        (entry.custom_deployment.is_some(), "custom on demand"),
        (entry.custom_import.is_some(), "import"),
        (entry.mantle.is_some(), "bedrock-mantle"),
    ];
    let besides = besides.into_iter().filter(|(offered, _)| *offered).map(|(_, name)| name.to_owned());
    let by_token = [paths.join(", "), tiers(entry).join(", ")].into_iter().filter(|part| !part.is_empty());
    by_token.chain(besides).collect::<Vec<_>>().join("; ")
}

/// Returns the tiers besides standard in which at least one path is sold.
fn tiers(entry: &ModelEntry) -> Vec<&'static str> {
    TIERS.into_iter().filter(|tier| entry.paths.iter().any(|p| p.is_sold_in_tier(tier))).collect()
}

/// Returns the ways in which a model is sold, as text.
pub(super) fn ways(entry: &ModelEntry) -> String {
    let names = |paths: &mut dyn Iterator<Item = &Path>| paths.map(|p| p.path.as_str()).collect::<Vec<_>>().join(", ");
    let or_no = |text: String| if text.is_empty() { "no".to_owned() } else { text };
    let in_batch = |p: &&Path| p.prices.as_ref().is_some_and(|prices| prices.batch_input.is_some());
    let tiers = [STANDARD].into_iter().chain(tiers(entry)).collect::<Vec<_>>().join(", ");
    let variants: Vec<&str> = entry.provisioned.iter().map(|p| p.variant.as_deref().unwrap_or("yes")).collect();
    let mut out = String::new();
    let mut way = |name: &str, text: &str| out += &hung(17, name, text);
    way("on demand", &or_no(names(&mut entry.paths.iter())));
    if let Some(mantle) = &entry.mantle {
        way("at bedrock-mantle", &format!("as {}", mantle.id.as_deref().unwrap_or(&entry.id)));
    }
    if !entry.paths.is_empty() {
        way("service tiers", &tiers);
        way("in batch", &or_no(names(&mut entry.paths.iter().filter(in_batch))));
    }
    way("as Model Units", &or_no(variants.join(", ")));
    if let Some(fast) = &entry.latency_optimized {
        way("latency-optimized", &format!("from {}", fast.regions.join(", ")));
    }
    out
}

/// Returns the terms of the reserved tier as text; paths with the same terms share a line.
pub(super) fn reserved(paths: &[Path], sources: &mut Sources) -> String {
    let mut groups: Vec<(Vec<&str>, Vec<Vec<String>>)> = Vec::new();
    let mut least = None;
    for path in paths {
        let Some(entry) = &path.reserved else { continue };
        least = Some((entry.min_input_tpm, entry.min_output_tpm));
        let note = sources.note(&entry.source, &entry.as_of);
        let bare = |price: &str| price.trim_start_matches('$').to_owned();
        let mut terms: Vec<Vec<String>> = entry
            .terms
            .iter()
            .map(|t| {
                let (input, output) = (bare(&t.input_per_1k_tpm_hour), bare(&t.output_per_1k_tpm_hour));
                vec![t.commitment.clone(), input, output, note.clone()]
            })
            .collect();
        if terms.is_empty() {
            terms.push(row([UNKNOWN, UNKNOWN, UNKNOWN, &note]));
        }
        match groups.iter_mut().find(|(_, known)| *known == terms) {
            Some((names, _)) => names.push(&path.path),
            None => groups.push((vec![&path.path], terms)),
        }
    }
    let Some((input, output)) = least else { return String::new() };
    let mut rows = vec![row(["path", "commitment", "input", "output", "source"])];
    for (names, terms) in groups {
        for (i, term) in terms.into_iter().enumerate() {
            let name = if i == 0 { names.join(", ") } else { String::new() };
            rows.push([vec![name], term].concat());
        }
    }
    format!(
        "\nReserved tier in USD per hour and 1,000 tokens/min\n{}  at least {} tokens/min of input and {} of output\n",
        table(&rows, &[Side::Left, Side::Left, Side::Right]),
        grouped(input),
        grouped(output),
    )
}

pub(super) fn provisioned(entry: &ModelEntry, sources: &mut Sources) -> String {
    if !entry.is_sold_provisioned() {
        return String::new();
    }
    let mut rows = vec![row(["variant", "no commitment", "1 month", "6 months", "source"])];
    for unit in &entry.provisioned {
        let price = |text: &Option<String>| {
            text.as_deref().map_or(UNKNOWN, |t| t.trim_start_matches('$').trim_end_matches("/h")).to_owned()
        };
        rows.push(vec![
            unit.variant.clone().unwrap_or_else(|| "-".to_owned()),
            price(&unit.no_commitment),
            price(&unit.one_month),
            price(&unit.six_months),
            sources.notes(unit.facts()),
        ]);
    }
    let mut out =
        format!("\nModel Units in USD per hour each (what one delivers is not published)\n{}", table(&rows, &FIGURES));
    for unit in entry.provisioned.iter().filter(|unit| !unit.regions.is_empty()) {
        let variant = unit.variant.as_deref().unwrap_or("-");
        out += &hung(7, variant, &format!("sold in {}", unit.regions.join(", ")));
    }
    out
}

pub(super) fn latency_optimized(entry: &LatencyOptimizedEntry, sources: &mut Sources) -> String {
    let QuotaEntry { rpm, tpm, tpd, source, as_of, .. } = &entry.quota;
    let limit = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), grouped);
    let price = |column: fn(&PriceEntry) -> Option<&str>| {
        entry.prices.as_ref().and_then(column).map_or_else(|| UNKNOWN.to_owned(), |text| amount(text, 1_000_000))
    };
    let mut notes = vec![sources.note(source, as_of)];
    notes.extend(entry.prices.iter().map(|p| sources.note(&p.source, &p.as_of)));
    notes.push(sources.note(&entry.source, &entry.as_of));
    notes.dedup();
    let rows = [
        row(["requests/min", "tokens/min", "tokens/day", "input", "output", "source"]),
        vec![
            limit(*rpm),
            limit(*tpm),
            limit(*tpd),
            price(|p| p.input.as_deref()),
            price(|p| p.output.as_deref()),
            notes.concat(),
        ],
    ];
    let mut out = format!("\nLatency-optimized (calls above its quota are standard)\n{}", table(&rows, &[Side::Right]));
    if let Some(latency) = &entry.latency {
        let text = format!(
            "First token {} s (median), output {} tokens/s. {} {}",
            latency.time_to_first_token_median_s,
            latency.output_tokens_per_second,
            latency.remark.trim(),
            sources.note(&latency.source, &latency.as_of),
        );
        out.extend(wrap(&text, WIDTH - 2).iter().map(|line| format!("  {line}\n")));
    }
    out
}

/// Returns the terms of training, serving and importing custom models, as text.
pub(super) fn custom(entry: &ModelEntry, sources: &mut Sources) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: String| out += &hung(11, name, &text);
    if let Some(c) = &entry.customization {
        let methods = c.methods.join(", ").replace('_', "-");
        let training = c.training.as_ref().map_or_else(
            || "price of training not published".to_owned(),
            |t| format!("USD {} per million tokens of training", amount(t, 1_000_000)),
        );
        let stored = c.storage_per_month.trim_start_matches('$');
        let note = sources.note(&c.source, &c.as_of);
        line("training", format!("{methods}; {training}; USD {stored} a month for each model {note}"));
    }
    if let Some(CustomDeploymentEntry { quota, prices, regions, source, as_of }) = &entry.custom_deployment {
        let note = sources.note(source, as_of);
        let price = prices.as_ref().map_or_else(
            || "price not published".to_owned(),
            |p| {
                let of = |text: &Option<String>| text.as_deref().map_or(UNKNOWN.to_owned(), |t| amount(t, 1_000_000));
                let note = sources.note(&p.source, &p.as_of);
                format!("USD {} per million tokens of input, {} of output {note}", of(&p.input), of(&p.output))
            },
        );
        let quota = quota.as_ref().map_or_else(String::new, |q| {
            let limits = [(q.rpm, "requests/min"), (q.tpm, "tokens/min"), (q.tpd, "tokens/day")];
            let limits = limits.iter().filter_map(|(n, unit)| Some(format!("{} {unit}", grouped((*n)?))));
            format!("; {} {}", limits.collect::<Vec<_>>().join(", "), sources.note(&q.source, &q.as_of))
        });
        line("on demand", format!("in {} {note}; {price}{quota}", regions.join(", ")));
    }
    if let Some(import) = &entry.custom_import {
        let (minute, month) =
            [&import.per_unit_minute, &import.storage_per_unit_month].map(|t| t.trim_start_matches('$')).into();
        let note = sources.note(&import.source, &import.as_of);
        line(
            "import",
            format!(
                "{} custom model units for each copy, USD {minute} a minute and USD {month} of storage a month for \
                 each unit {note}",
                import.units_per_copy
            ),
        );
    }
    if out.is_empty() { out } else { format!("\nCustom models\n{out}") }
}

/// Returns the regions that serve the calls of each profile, as text.
pub(super) fn destinations(paths: &[Path], sources: &mut Sources) -> String {
    let profiles: Vec<&Path> = paths.iter().filter(|p| p.path != super::IN_REGION).collect();
    if profiles.is_empty() {
        return String::new();
    }
    let mut out = "\nWhere calls are served, by the region that they are made from\n".to_owned();
    for path in profiles {
        if path.regions.is_empty() {
            out += &hung(8, &path.path, "not known");
        }
        for (i, entry) in path.regions.iter().enumerate() {
            let label = if i == 0 { path.path.as_str() } else { "" };
            let note = sources.note(&entry.source, &entry.as_of);
            let (from, to) = (entry.from.join(", "), entry.to.join(", "));
            out += &if from == to {
                hung(8, label, &format!("among {from} {note}"))
            } else {
                hung(8, label, &format!("from {from}")) + &hung(8, "", &format!("to {to} {note}"))
            };
        }
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

    /// Returns the words of the lines that start with a word.
    fn line(text: &str, first: &str) -> Vec<String> {
        let line = text.lines().find(|l| l.split_whitespace().next() == Some(first)).expect(text);
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn paths_of_the_same_terms_stand_together() {
        let text = reserved(&model("anthropic.claude-sonnet-4-5-20250929-v1:0").paths, &mut Sources::default());
        assert_eq!(line(&text, "us,")[..7], ["us,", "eu,", "jp,", "au", "1-month", "0.198", "0.99"]);
        assert_eq!(line(&text, "global")[..4], ["global", "1-month", "0.18", "0.90"]);
        assert!(text.contains("at least 100,000 tokens/min of input and 10,000 of output"));
        assert_eq!(reserved(&model("amazon.nova-pro-v1:0").paths, &mut Sources::default()), "");
    }

    #[test]
    fn the_ways_are_told() {
        let text = ways(model("amazon.nova-pro-v1:0"));
        for way in [
            "  on demand          in_region, us, eu, apac\n",
            "  service tiers      standard, priority, flex\n",
            "  as Model Units     24k, 300k\n",
            "  latency-optimized  from us-east-1, us-east-2\n",
        ] {
            assert!(text.contains(way), "{text}");
        }
        assert!(ways(model("openai.gpt-oss-20b-1:0")).contains("  at bedrock-mantle  as openai.gpt-oss-20b\n"));
        let mut units_only = model("amazon.titan-embed-text-v1").clone();
        units_only.paths.clear();
        assert_eq!(ways(&units_only), "  on demand          no\n  as Model Units     8k\n");
    }

    #[test]
    fn destinations_are_told_by_source() {
        let text = destinations(&model("au.anthropic.claude-sonnet-4-5-20250929-v1:0").paths, &mut Sources::default());
        assert!(
            text.contains("  au        among ap-southeast-2, ap-southeast-4 [1]\n            from ap-southeast-6\n")
        );
        assert!(text.contains("            to ap-southeast-2, ap-southeast-4, ap-southeast-6 [1]\n"));
        let sonnet = destinations(&model("us.anthropic.claude-sonnet-5").paths, &mut Sources::default());
        assert!(sonnet.contains("  us        not known\n"));
        assert_eq!(destinations(&model("openai.gpt-oss-120b-1:0").paths, &mut Sources::default()), "");
    }

    #[test]
    fn custom_models_have_their_prices() {
        let text = custom(model("amazon.nova-2-lite-v1:0"), &mut Sources::default());
        assert!(text.contains("USD 3.78 per million tokens of training"));
        assert!(text.contains("USD 0.30 per million tokens of input, 2.50"));
        let llama = custom(model("meta.llama3-1-70b-instruct-v1:0"), &mut Sources::default());
        assert!(llama.contains("8 custom model units for each copy, USD 0.0785 a minute"));
        assert_eq!(custom(model("deepseek.v3.2"), &mut Sources::default()), "");
    }
}
