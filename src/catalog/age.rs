//! The age of facts. Prices and quotas change without notice, so a figure is shown with its age.

use jiff::civil::Date;

use super::{LatencyEntry, LongContextEntry, ModelEntry, PriceEntry, ProvisionedEntry, QuotaEntry};

/// Reads a date in the form YYYY-MM-DD; jiff alone would also accept a time after it.
pub(super) fn date(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

/// Returns the age of a figure \[d\]: the whole days from `as_of` to `today`, negative when `as_of` lies ahead.
#[must_use]
pub fn age_days(as_of: &str, today: &str) -> Option<i64> {
    let span = date(as_of)?.until(date(today)?).ok()?;
    Some(i64::from(span.get_days()))
}

impl ModelEntry {
    /// Returns the source and the date of every figure of the entry; there is at least one.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        found.extend(self.max_output_tokens.iter().map(|d| (d.source.as_str(), d.as_of.as_str())));
        found.extend(self.output_burndown.iter().map(|d| (d.source.as_str(), d.as_of.as_str())));
        found.extend(self.latency.iter().flat_map(LatencyEntry::facts));
        found.extend(self.lifecycle.iter().map(|l| (l.source.as_str(), l.as_of.as_str())));
        found.extend(self.cache.iter().map(|c| (c.source.as_str(), c.as_of.as_str())));
        found.extend(self.batch.iter().map(|b| (b.source.as_str(), b.as_of.as_str())));
        for path in &self.paths {
            found.extend(path.quota.iter().chain(&path.quota_by_region).flat_map(QuotaEntry::facts));
            found.extend(path.prices.iter().flat_map(PriceEntry::facts));
            found.extend(path.long_context.iter().flat_map(LongContextEntry::facts));
            found.extend(path.reserved.iter().map(|r| (r.source.as_str(), r.as_of.as_str())));
            found.extend(path.regions.iter().map(|r| (r.source.as_str(), r.as_of.as_str())));
        }
        if let Some(mantle) = &self.mantle {
            found.extend(mantle.facts());
            found.extend(mantle.prices.iter().map(|p| (p.source.as_str(), p.as_of.as_str())));
        }
        found.extend(self.provisioned.iter().flat_map(ProvisionedEntry::facts));
        if let Some(fast) = &self.latency_optimized {
            found.extend([
                (fast.source.as_str(), fast.as_of.as_str()),
                (fast.quota.source.as_str(), fast.quota.as_of.as_str()),
            ]);
            found.extend(fast.prices.iter().map(|p| (p.source.as_str(), p.as_of.as_str())));
            found.extend(fast.latency.iter().map(|l| (l.source.as_str(), l.as_of.as_str())));
        }
        if let Some(custom) = &self.custom_deployment {
            found.push((custom.source.as_str(), custom.as_of.as_str()));
            found.extend(custom.quota.iter().map(|q| (q.source.as_str(), q.as_of.as_str())));
            found.extend(custom.prices.iter().map(|p| (p.source.as_str(), p.as_of.as_str())));
        }
        found.extend(self.customization.iter().map(|c| (c.source.as_str(), c.as_of.as_str())));
        found.extend(self.custom_import.iter().map(|i| (i.source.as_str(), i.as_of.as_str())));
        found.into_iter()
    }

    /// Returns the date of every figure of the entry; there is at least one.
    pub(super) fn dates(&self) -> impl Iterator<Item = &str> {
        self.sources().map(|(_, as_of)| as_of)
    }

    /// Returns the date of the oldest figure.
    #[must_use]
    pub fn oldest(&self) -> &str {
        // Dates of this form sort as text.
        self.dates().min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;

    #[test]
    fn days_are_counted_over_the_calendar() {
        assert_eq!(age_days("2026-09-01", "2026-11-23"), Some(83));
        assert_eq!(age_days("2024-02-28", "2024-03-01"), Some(2));
        assert_eq!(age_days("2026-11-23", "2026-11-23"), Some(0));
        assert_eq!(age_days("2026-11-24", "2026-11-23"), Some(-1));
        assert_eq!(age_days("-009999-01-01", "9999-12-31"), None);
        for text in ["", "2026-13-01", "2026-02-30", "2026-9-1", "20260901", "yesterday", "2026-09-01T00:00"] {
            assert_eq!(age_days(text, "2026-11-23"), None, "{text}");
            assert_eq!(age_days("2026-11-23", text), None, "{text}");
        }
    }

    #[test]
    fn the_oldest_date_is_the_stalest() {
        for model in &Catalog::embedded().models {
            assert!(model.dates().all(|d| age_days(model.oldest(), d).unwrap() >= 0), "{}", model.id);
        }
        let llama = Catalog::embedded().resolve("meta.llama3-3-70b-instruct-v1:0").unwrap().model;
        assert_eq!(llama.oldest(), "2023-12-19");
    }
}
