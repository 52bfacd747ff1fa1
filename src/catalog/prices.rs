//! Prices of a model as a table: one row for each path, for long prompts on it, and for the bedrock-mantle endpoint.

use super::layout::{FIGURES, row, table};
use super::show::{Sources, UNKNOWN};
use super::{LongContextEntry, ModelEntry, Path, PriceEntry};
use crate::units::grouped;
use crate::units::parse::token_price;

pub(super) const STANDARD: &str = "standard";

/// The service tiers besides standard, in the order in which they are shown.
pub(super) const TIERS: [&str; 3] = ["priority", "flex", "reserved"];

/// A column of prices: its head, the service tier that they are of, and the price.
type Column = (&'static str, &'static str, fn(&PriceEntry) -> Option<&str>);

const CALL: [Column; 1] = [("call", STANDARD, |p| p.request.as_deref())];

const TOKENS: [Column; 5] = [
    ("input", STANDARD, |p| p.input.as_deref()),
    ("output", STANDARD, |p| p.output.as_deref()),
    ("cache read", STANDARD, |p| p.cache_read.as_deref()),
    ("write 5 min", STANDARD, |p| p.cache_write_5m.as_deref()),
    ("write 1 h", STANDARD, |p| p.cache_write_1h.as_deref()),
];

const OTHER: [Column; 6] = [
    ("batch in", STANDARD, |p| p.batch_input.as_deref()),
    ("batch out", STANDARD, |p| p.batch_output.as_deref()),
    ("priority in", TIERS[0], |p| p.priority_input.as_deref()),
    ("priority out", TIERS[0], |p| p.priority_output.as_deref()),
    ("flex in", TIERS[1], |p| p.flex_input.as_deref()),
    ("flex out", TIERS[1], |p| p.flex_output.as_deref()),
];

/// A row of the tables of prices.
struct Priced<'a> {
    name: String,
    /// The path that the row is of; `None` for the bedrock-mantle endpoint.
    path: Option<&'a Path>,
    prices: Option<PriceEntry>,
}

impl<'a> Priced<'a> {
    /// Returns a row for each path, one for its long prompts where they cost more, and one for bedrock-mantle.
    fn all(model: &'a ModelEntry) -> Vec<Self> {
        let mut rows = Vec::new();
        for path in &model.paths {
            rows.push(Self { name: path.path.clone(), path: Some(path), prices: path.prices.clone() });
            if let Some(long) = &path.long_context {
                let name = format!("  above {}", grouped(long.above));
                rows.push(Self { name, path: None, prices: Some(of_long_prompts(long)) });
            }
        }
        if let Some(prices) = model.mantle.as_ref().and_then(|mantle| mantle.prices.clone()) {
            rows.push(Self { name: "mantle".to_owned(), path: None, prices: Some(prices) });
        }
        rows
    }

    /// Returns whether the row is of a path that is sold in a service tier besides standard.
    fn is_sold_in(&self, tier: &str) -> bool {
        tier != STANDARD && self.path.is_some_and(|path| path.is_sold_in_tier(tier))
    }
}

/// Returns the prices of long prompts in the form of all others.
fn of_long_prompts(long: &LongContextEntry) -> PriceEntry {
    let LongContextEntry { input, output, cache_read, cache_write_5m, cache_write_1h, source, as_of, .. } =
        long.clone();
    PriceEntry { input, output, cache_read, cache_write_5m, cache_write_1h, source, as_of, ..PriceEntry::default() }
}

/// Shows the prices by the token, or by the call.
pub(super) fn prices(model: &ModelEntry, sources: &mut Sources) -> String {
    let rows = Priced::all(model);
    if rows.is_empty() {
        return String::new();
    }
    if rows.iter().all(|row| row.prices.is_none()) {
        return "\nPrices\n  not published\n".to_owned();
    }
    let has = |columns: &[Column]| {
        let mut prices = rows.iter().filter_map(|row| row.prices.as_ref());
        prices.any(|p| columns.iter().any(|(_, _, price)| price(p).is_some()))
    };
    let mut out = if has(&CALL) {
        format!("\nPrices in USD per 1,000 calls\n{}", price_table(&rows, &CALL, 1_000, Some(sources)))
    } else {
        format!("\nPrices in USD per million tokens\n{}", price_table(&rows, &TOKENS, 1_000_000, Some(sources)))
    };
    if model.paths.iter().any(|path| path.long_context.is_some()) {
        out += "  above: of a request whose prompt has more tokens than that\n";
    }
    if has(&OTHER) {
        let short: Vec<Priced<'_>> = rows.into_iter().filter(|row| !row.name.starts_with(' ')).collect();
        out += "\nPrices in batch and in other service tiers\n";
        out += &price_table(&short, &OTHER, 1_000_000, None);
    }
    if out.split_whitespace().any(|word| word == UNKNOWN) {
        out += "  ?: not published\n";
    }
    out
}

/// Lays out the columns that have a price, or that belong to a tier in which a path is sold.
fn price_table(priced: &[Priced<'_>], columns: &[Column], per: i128, sources: Option<&mut Sources>) -> String {
    let mut rows = vec![row(["path"])];
    rows.extend(priced.iter().map(|p| row([&p.name])));
    for (name, tier, price) in columns {
        let amounts: Vec<Option<String>> =
            priced.iter().map(|p| p.prices.as_ref().and_then(price).map(|text| amount(text, per))).collect();
        if amounts.iter().all(Option::is_none) && !priced.iter().any(|p| p.is_sold_in(tier)) {
            continue;
        }
        rows[0].push((*name).to_owned());
        // The same number of places all the way down, so that the points line up.
        let places = |text: &String| text.split_once('.').map_or(0, |(_, part)| part.len());
        let most = amounts.iter().flatten().map(places).max().unwrap_or(0);
        for ((row, priced), amount) in rows[1..].iter_mut().zip(priced).zip(amounts) {
            row.push(match amount {
                Some(amount) => format!("{amount}{}", "0".repeat(most - places(&amount))),
                None if priced.prices.is_none() || priced.is_sold_in(tier) => UNKNOWN.to_owned(),
                None => "-".to_owned(),
            });
        }
    }
    if let Some(sources) = sources {
        rows[0].push("source".to_owned());
        for (row, priced) in rows[1..].iter_mut().zip(priced) {
            row.push(priced.prices.as_ref().map_or_else(|| "-".to_owned(), |p| sources.notes(p.facts())));
        }
    }
    table(&rows, &FIGURES)
}

/// Writes `$0.0003/1K` as `0.30`: dollars for `per` tokens or calls, exact to the sixth place, with at least two.
pub(super) fn amount(price: &str, per: i128) -> String {
    let Ok(parsed) = token_price(price) else {
        return price.to_owned();
    };
    // 10⁻¹² USD a token are 10⁻⁶ USD a million tokens.
    let micros = parsed.0.0 * per / 1_000_000;
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let shortest = text.len() - 4;
    let kept = text.trim_end_matches('0').len().max(shortest);
    text[..kept].to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;

    fn model(id: &str) -> &'static ModelEntry {
        Catalog::embedded().resolve(id).unwrap().model
    }

    /// Returns the words of the line that starts with a word.
    fn line(text: &str, first: &str) -> Vec<String> {
        let line = text.lines().find(|l| l.split_whitespace().next() == Some(first)).expect(text);
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn prices_are_exact_and_line_up() {
        assert_eq!(amount("$0.0003/1K", 1_000_000), "0.30");
        assert_eq!(amount("$0.10725/1M", 1_000_000), "0.10725");
        assert_eq!(amount("$15/1M", 1_000_000), "15.00");
        assert_eq!(amount("$2.00/1K", 1_000), "2.00");
        assert_eq!(amount("free", 1), "free");
        let text = prices(model("amazon.nova-pro-v1:0"), &mut Sources::default());
        assert_eq!(line(&text, "eu"), ["eu", "1.05", "4.20", "0.2625", "0.00", "[2]"]);
        assert_eq!(line(&text, "in_region"), ["in_region", "0.80", "3.20", "0.2000", "0.00", "[1]"]);
        let (_, other) = text.split_once("other service tiers").unwrap();
        assert_eq!(line(other, "us"), ["us", "0.400", "1.60", "1.40", "5.60", "0.400", "1.60"]);
        assert_eq!(line(other, "eu"), ["eu", "0.525", "2.10", "?", "?", "0.525", "2.10"]);
    }

    #[test]
    fn a_price_that_is_not_published_is_a_question_mark() {
        let text = prices(model("anthropic.claude-sonnet-4-6"), &mut Sources::default());
        assert_eq!(line(&text, "in_region"), ["in_region", "?", "?", "?", "?", "?", "-"]);
        assert!(text.ends_with("  ?: not published\n"));
    }

    #[test]
    fn prices_that_are_all_unknown_make_no_table() {
        let mut rerank = model("amazon.rerank-v1:0").clone();
        rerank.paths[0].prices = None;
        assert_eq!(prices(&rerank, &mut Sources::default()), "\nPrices\n  not published\n");
        rerank.paths.clear();
        assert_eq!(prices(&rerank, &mut Sources::default()), "");
    }

    #[test]
    fn what_is_billed_by_the_call_has_a_price_of_a_call() {
        let text = prices(model("cohere.rerank-v3-5:0"), &mut Sources::default());
        assert!(text.starts_with("\nPrices in USD per 1,000 calls\n"));
        assert_eq!(line(&text, "in_region"), ["in_region", "2.00", "[1]"]);
    }

    #[test]
    fn long_prompts_and_the_mantle_endpoint_have_rows_of_their_own() {
        let text = prices(model("openai.gpt-5.6-sol"), &mut Sources::default());
        let above: Vec<&str> = text.lines().filter(|l| l.trim_start().starts_with("above 272,000")).collect();
        assert_eq!(above.len(), 2, "{text}");
        let first: Vec<&str> = above[0].split_whitespace().collect();
        assert_eq!(first[..6], ["above", "272,000", "8.80", "33.00", "0.88", "11.00"]);
        assert_eq!(line(&text, "mantle")[..5], ["mantle", "4.40", "22.00", "0.44", "5.50"]);
        assert!(text.contains("  above: of a request whose prompt has more tokens than that\n"));
    }
}
