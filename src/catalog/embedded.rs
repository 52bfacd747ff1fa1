//! The files of `catalog/models/`, inside the program, so that it needs no files beside it.

use std::sync::LazyLock;

use super::{Catalog, ModelEntry};

macro_rules! shelf {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/models/", $file)))),*]
    };
}

/// Each file's name and text.
const FILES: [(&str, &str); 4] =
    shelf!["claude-sonnet-4-5.toml", "llama-3-3-70b-instruct.toml", "nova-2-lite.toml", "nova-pro.toml"];

fn read(file: &str, text: &str) -> Result<ModelEntry, String> {
    toml::from_str(text).map_err(|fault| format!("catalog/models/{file}: {fault}"))
}

fn load() -> Result<Catalog, String> {
    let mut models = FILES.iter().map(|(file, text)| read(file, text)).collect::<Result<Vec<_>, _>>()?;
    models.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Catalog { models })
}

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| match load() {
    Ok(catalog) => catalog,
    // The text is part of the program and a test loads it, so no user ever meets this.
    Err(fault) => panic!("{fault}"),
});

impl Catalog {
    /// The facts that this version of bedload was built with.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{IN_REGION, PREFIXES, Path, age_days};
    use super::*;
    use crate::units::parse::token_price;

    fn offer(id: &str) -> &'static Path {
        Catalog::embedded().resolve(id).unwrap().offer.unwrap()
    }

    #[test]
    fn every_file_of_the_shelf_is_embedded_and_loads() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/models");
        let on_disk: BTreeSet<String> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(on_disk, FILES.iter().map(|(file, _)| (*file).to_owned()).collect());
        assert_eq!(load().unwrap().models.len(), FILES.len());
        assert!(read("x.toml", "id = 1").unwrap_err().starts_with("catalog/models/x.toml: "));
    }

    #[test]
    fn ids_are_unique_and_sorted() {
        assert!(Catalog::embedded().models.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn every_path_is_known_stands_once_and_in_one_order() {
        let order: Vec<&str> = [IN_REGION].into_iter().chain(PREFIXES).collect();
        for model in &Catalog::embedded().models {
            let places: Vec<usize> =
                model.paths.iter().map(|p| order.iter().position(|o| *o == p.path).expect(&p.path)).collect();
            assert!(!places.is_empty() && places.is_sorted_by(|a, b| a < b), "{}: {places:?}", model.id);
        }
    }

    #[test]
    fn every_figure_has_a_source_and_a_date_and_makes_sense() {
        for model in &Catalog::embedded().models {
            assert!(model.dates().all(|d| age_days(d, "2026-11-23").is_some_and(|age| age >= 0)), "{}", model.id);
            assert!(model.max_output_tokens.value > 0 && model.output_burndown.value >= 1.0);
            let latency = &model.latency;
            assert!(latency.time_to_first_token_median_s > 0.0 && latency.output_tokens_per_second > 0.0);
            assert!(latency.time_to_first_token_p95_s.is_none_or(|p95| p95 > latency.time_to_first_token_median_s));
            assert!(latency.prefill_per_1k_tokens_s >= 0.0 && latency.remark.contains("assumption"));
            let own = [&model.max_output_tokens.source, &model.output_burndown.source, &latency.source];
            let of_paths = model.paths.iter().flat_map(|p| [&p.quota.source, &p.prices.source]);
            assert!(own.into_iter().chain(of_paths).all(|s| !s.is_empty() && !s.contains("http")), "{}", model.id);
        }
    }

    #[test]
    fn every_price_parses() {
        for model in &Catalog::embedded().models {
            for path in &model.paths {
                let p = &path.prices;
                let cache = [&p.cache_read, &p.cache_write_5m, &p.cache_write_1h];
                for text in [&p.input, &p.output].into_iter().chain(cache.into_iter().flatten()) {
                    assert!(token_price(text).is_ok(), "{} {}: {text}", model.id, path.path);
                }
            }
        }
    }

    /// The User Guide's rule; of a profile it is the same figure as its daily quota, doubled.
    #[test]
    fn a_day_is_1440_minutes_of_tokens() {
        for path in Catalog::embedded().models.iter().flat_map(|m| &m.paths) {
            assert_eq!(path.quota.tpd, path.quota.tpm.map(|tpm| tpm * 1_440));
        }
    }

    #[test]
    fn only_claude_burns_output_down_faster() {
        for model in &Catalog::embedded().models {
            let expected = if model.provider == "Anthropic" { 5.0 } else { 1.0 };
            assert_eq!(model.output_burndown.value, expected, "{}", model.id);
        }
    }

    #[test]
    fn figures_are_those_of_the_sources() {
        let sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        let global = &offer(&format!("global.{sonnet}")).prices;
        assert_eq!((global.input.as_str(), global.output.as_str()), ("$3.00/1M", "$15.00/1M"));
        assert_eq!(global.cache_write_1h.as_deref(), Some("$6.00/1M"));
        for prefix in ["us", "eu", "jp", "au"] {
            let path = offer(&format!("{prefix}.{sonnet}"));
            assert_eq!((path.prices.input.as_str(), path.prices.output.as_str()), ("$3.30/1M", "$16.50/1M"));
            assert_eq!(path.prices.cache_write_5m.as_deref(), Some("$4.125/1M"));
            assert_eq!((path.quota.rpm, path.quota.tpm), (Some(10_000), Some(5_000_000)));
            assert_eq!(path.quota.tpd, Some(7_200_000_000));
        }

        let pro = offer("amazon.nova-pro-v1:0");
        assert_eq!((pro.quota.rpm, pro.quota.tpm, pro.quota.tpd), (Some(250), Some(1_000_000), Some(1_440_000_000)));
        let eu = &offer("eu.amazon.nova-pro-v1:0").prices;
        assert_eq!((eu.input.as_str(), eu.cache_read.as_deref()), ("$1.05/1M", Some("$0.2625/1M")));

        let lite = offer("global.amazon.nova-2-lite-v1:0");
        assert_eq!((lite.quota.rpm, lite.quota.tpd), (Some(2_000), Some(11_520_000_000)));
        assert_eq!(lite.prices.output, "$2.50/1M");

        let llama = offer("meta.llama3-3-70b-instruct-v1:0");
        assert_eq!((llama.quota.rpm, llama.quota.tpm), (Some(400), Some(300_000)));
        assert_eq!((llama.prices.input.as_str(), &llama.prices.cache_read), ("$0.72/1M", &None));

        let max_output: Vec<u64> = Catalog::embedded().models.iter().map(|m| m.max_output_tokens.value).collect();
        assert_eq!(max_output, [64_000, 10_000, 64_000, 4_096]);
    }
}
