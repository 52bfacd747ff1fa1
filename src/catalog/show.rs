//! The catalogue as text, at most 80 columns wide. Nothing here prints.

use super::layout::{FIGURES, Side, grouped, row, table, wrap};
use super::{Catalog, LatencyEntry, ModelEntry, Path, age_days};
use crate::units::parse::token_price;

const WIDTH: usize = 80;

/// The column of ids in [`list`]; a longer id pushes its figures to the next line.
const ID: usize = 44;

/// Every model: id, name, paths, limits, and how stale its oldest figure is.
#[must_use]
pub fn list(catalog: &Catalog, today: Option<&str>) -> String {
    let line = |id: &str, output: &str, burndown: &str, oldest: &str| {
        format!("{id:<ID$}{output:>10}  {burndown:>8}  {oldest:>12}").trim_end().to_owned() + "\n"
    };
    let mut out = line("model", "max output", "burndown", "oldest");
    for model in &catalog.models {
        let output = grouped(model.max_output_tokens.value);
        let burndown = model.output_burndown.value.to_string();
        out.push('\n');
        if model.id.chars().count() < ID {
            out += &line(&model.id, &output, &burndown, model.oldest());
        } else {
            out += &format!("{}\n{}", model.id, line("", &output, &burndown, model.oldest()));
        }
        let paths: Vec<&str> = model.paths.iter().map(|p| p.path.as_str()).collect();
        let mut lines = wrap(&format!("{}: {}", model.name, paths.join(", ")), WIDTH - 22);
        if let Some(age) = age(model.oldest(), today) {
            let first = lines.remove(0);
            lines.insert(0, format!("{first:<58}{age:>20}"));
        }
        out.extend(lines.iter().map(|l| format!("  {l}\n")));
    }
    out.push('\n');
    for text in wrap(
        "Burndown: how many tokens of quota one token of output takes. Oldest: the date of the model's \
         stalest figure.",
        WIDTH,
    ) {
        out += &format!("{text}\n");
    }
    out
}

/// Everything about one model, each figure with its source and date.
#[must_use]
pub fn show(entry: &ModelEntry, today: Option<&str>) -> String {
    let mut sources = Sources::default();
    let mut out = format!("{} ({})\n{}\n", entry.name, entry.provider, entry.id);

    out += "\nLimits\n";
    let output = &entry.max_output_tokens;
    let burndown = &entry.output_burndown;
    out += &table(
        &[
            row(["max output", &grouped(output.value), "tokens", &sources.note(&output.source, &output.as_of)]),
            row([
                "output burndown",
                &burndown.value.to_string(),
                "tokens of quota for each token of output",
                &sources.note(&burndown.source, &burndown.as_of),
            ]),
        ],
        &[Side::Left, Side::Right, Side::Left, Side::Left],
    );

    out += "\nDefault quotas (your account may have less)\n";
    let mut rows = vec![row(["path", "requests/min", "tokens/min", "tokens/day", "source"])];
    rows.extend(entry.paths.iter().map(|p| {
        let limit = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), grouped);
        let q = &p.quota;
        row([&p.path, &limit(q.rpm), &limit(q.tpm), &limit(q.tpd), &sources.note(&q.source, &q.as_of)])
    }));
    out += &table(&rows, &FIGURES);

    out += "\nPrices in USD per million tokens\n";
    out += &table(&prices(&entry.paths, &mut sources), &FIGURES);

    out += "\nLatency before any load (measured by others: put in your own)\n";
    out += &latency(&entry.latency, &mut sources);

    out += "\nSources\n";
    for (i, (source, as_of)) in sources.0.iter().enumerate() {
        let age = age(as_of, today).map_or_else(String::new, |age| format!(", {age}"));
        let lines = wrap(&format!("{source}. As of {as_of}{age}."), WIDTH - 7);
        for (j, line) in lines.iter().enumerate() {
            let mark = if j == 0 { format!("[{}]", i + 1) } else { String::new() };
            out += &format!("  {mark:<4} {line}\n");
        }
    }
    out
}

fn prices(paths: &[Path], sources: &mut Sources) -> Vec<Vec<String>> {
    let columns: [fn(&Path) -> Option<&str>; 5] = [
        |p| Some(&p.prices.input),
        |p| Some(&p.prices.output),
        |p| p.prices.cache_read.as_deref(),
        |p| p.prices.cache_write_5m.as_deref(),
        |p| p.prices.cache_write_1h.as_deref(),
    ];
    let mut rows = vec![row(["path", "input", "output", "cache read", "write 5 min", "write 1 h", "source"])];
    rows.extend(paths.iter().map(|p| vec![p.path.clone()]));
    for column in columns {
        let amounts: Vec<Option<String>> = paths.iter().map(|p| column(p).map(per_million)).collect();
        // The same number of places all the way down, so that the points line up.
        let places = |text: &String| text.split_once('.').map_or(0, |(_, part)| part.len());
        let most = amounts.iter().flatten().map(places).max().unwrap_or(0);
        for (row, amount) in rows[1..].iter_mut().zip(amounts) {
            row.push(amount.map_or_else(|| "-".to_owned(), |a| format!("{a}{}", "0".repeat(most - places(&a)))));
        }
    }
    for (row, path) in rows[1..].iter_mut().zip(paths) {
        row.push(sources.note(&path.prices.source, &path.prices.as_of));
    }
    rows
}

fn latency(latency: &LatencyEntry, sources: &mut Sources) -> String {
    let p95 = latency.time_to_first_token_p95_s;
    let mut out = table(
        &[
            row(["first token, median", &latency.time_to_first_token_median_s.to_string(), "s"]),
            row([
                "first token, 95th percentile",
                &p95.unwrap_or(2.0 * latency.time_to_first_token_median_s).to_string(),
                if p95.is_some() { "s" } else { "s, assumption: twice the median" },
            ]),
            row(["prefill", &latency.prefill_per_1k_tokens_s.to_string(), "s per 1,000 uncached input tokens"]),
            row(["output speed", &latency.output_tokens_per_second.to_string(), "tokens/s"]),
        ],
        &[Side::Left, Side::Right, Side::Left],
    );
    let remark = format!("{} {}", latency.remark.trim(), sources.note(&latency.source, &latency.as_of));
    out.extend(wrap(&remark, WIDTH - 2).iter().map(|line| format!("  {line}\n")));
    out
}

/// Footnotes: many figures share a source, which is written out once.
#[derive(Default)]
struct Sources(Vec<(String, String)>);

impl Sources {
    fn note(&mut self, source: &str, as_of: &str) -> String {
        let known = self.0.iter().position(|(s, d)| s == source && d == as_of);
        let place = known.unwrap_or_else(|| {
            self.0.push((source.to_owned(), as_of.to_owned()));
            self.0.len() - 1
        });
        format!("[{}]", place + 1)
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

/// `$0.0003/1K` as `0.30`: dollars for a million tokens, exact, with at least two places.
fn per_million(price: &str) -> String {
    // 10⁻¹² USD a token are 10⁻⁶ USD a million tokens.
    let Ok(price) = token_price(price) else {
        return price.to_owned();
    };
    let micros = price.0.0;
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let shortest = text.len() - 4;
    let kept = text.trim_end_matches('0').len().max(shortest);
    text[..kept].to_owned()
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
        }
    }

    #[test]
    fn a_long_id_and_many_paths_still_fit() {
        let mut catalog = Catalog::embedded().clone();
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
        let at = lines.iter().position(|l| l.starts_with("amazon.nova-pro-v1:0 ")).unwrap();
        assert_eq!(lines[at].split_whitespace().collect::<Vec<_>>()[1..], ["10,000", "1", "2026-04-01"]);
        assert!(lines[at + 1].starts_with("  Nova Pro: in_region, us, eu, apac "), "{}", lines[at + 1]);
        assert!(lines[at + 1].ends_with("236 days old"));
        assert!(!list(Catalog::embedded(), None).contains("days"));
    }

    #[test]
    fn a_model_is_shown_with_every_figure_and_source() {
        for model in &Catalog::embedded().models {
            let text = show(model, TODAY);
            let words: Vec<&str> = text.split_whitespace().collect();
            let flowing = words.join(" ");
            for path in &model.paths {
                let q = &path.quota;
                for limit in [q.rpm, q.tpm, q.tpd].into_iter().flatten() {
                    assert!(words.contains(&grouped(limit).as_str()), "{limit} of {}", model.id);
                }
                for source in [&q.source, &path.prices.source, &model.latency.source, &model.output_burndown.source] {
                    assert!(flowing.contains(source.as_str()), "{source} of {}", model.id);
                }
            }
            assert!(flowing.contains(model.latency.remark.trim()));
        }
    }

    #[test]
    fn sources_are_written_out_once() {
        let text = show(Catalog::embedded().resolve("amazon.nova-pro-v1:0").unwrap().model, TODAY);
        assert_eq!(text.matches("cache writes at $0").count(), 1);
    }

    #[test]
    fn prices_are_exact_and_line_up() {
        assert_eq!(per_million("$0.0003/1K"), "0.30");
        assert_eq!(per_million("$0.10725/1M"), "0.10725");
        assert_eq!(per_million("$15/1M"), "15.00");
        assert_eq!(per_million("free"), "free");
        let eu = Catalog::embedded().resolve("amazon.nova-pro-v1:0").unwrap().model;
        let rows = prices(&eu.paths, &mut Sources::default());
        assert_eq!(rows[3], ["eu", "1.05", "4.20", "0.2625", "0.00", "-", "[1]"]);
        assert_eq!(rows[1][3], "0.2000");
    }

    #[test]
    fn ages_read_like_english() {
        for (as_of, text) in [("2026-11-23", "of today"), ("2026-11-22", "1 day old"), ("2026-11-25", "2 days ahead")] {
            assert_eq!(age(as_of, TODAY).as_deref(), Some(text));
        }
        assert_eq!(age("2023-12-19", TODAY).as_deref(), Some("1,070 days old"));
    }
}
