//! The known id that a text probably means.

use super::resolve::{Form, IN_REGION, split};
use super::{Catalog, ModelEntry, checked_on};

/// The longest text that is compared with ids; longer ones are no typing errors, and comparing takes time.
const LONGEST: usize = 128;

/// The least likeness for a hint: ids of one provider are similar, so only a close match helps.
const NEAR: f64 = 0.8;

/// The likeness of an id to its beginning: a version left out is likelier than another version.
const BEGINNING: f64 = 0.99;

/// The likeness of a part of an id (or an id with something around it) to the whole: behind a small slip in a whole id.
const PART: f64 = 0.92;

/// Returns a text in one form for all spellings of an id, such as `Nova Pro`, `nova_pro` and `nova-pro`.
fn normal(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '_', '.'], "-")
}

fn alike(meant: &str, known: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(meant, known)
}

/// Likenesses that differ by less are even.
const EVEN: f64 = 1e-9;
/// The likeness of two ids of which one lacks its date, or has another one.
const UNDATED: f64 = 0.98;
/// The least likeness of the rest of such ids: one slip.
const SLIP: f64 = 0.95;
/// The least likeness of an id that is named where none is near.
const SIMILAR: f64 = 0.6;
/// Ids that are named where none is near.
const MOST_SIMILAR: usize = 3;

/// Returns an id without its date, such as `claude-sonnet-4-5-v1:0`.
fn undated(id: &str) -> String {
    let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    id.split('-').filter(|part| !is_date(part)).collect::<Vec<_>>().join("-")
}

/// Returns the numbers in a text in their order, without dates.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty() && n.len() != 8)
}

/// Returns whether two texts have the same numbers, as far as both have any. If not, another model is meant: `opus-4-7`
/// is no slip of `opus-4-8`.
fn same_version(meant: &str, known: &str) -> bool {
    numbers(meant).zip(numbers(known)).all(|(a, b)| a == b)
}

/// Returns the likeness of a text to an id \[1\]; a text that contains the id, or a large part of it, is near too.
fn alike_id(meant: &str, known: &str) -> f64 {
    let part = meant.len() >= 4 && (known.contains(meant) || meant.contains(known));
    let beginning = part && known.strip_prefix(meant).is_some_and(|rest| rest.starts_with(['-', ':']));
    let of_part = if beginning {
        BEGINNING
    } else if part {
        PART
    } else {
        0.0
    };
    let rest = alike(&undated(meant), &undated(known));
    alike(meant, known).max(of_part).max(if rest >= SLIP { rest * UNDATED } else { 0.0 })
}

/// Returns every id of a model that the written form allows.
fn ids(model: &ModelEntry, form: Form) -> impl Iterator<Item = String> {
    let bare = form.may_be(false).then(|| model.id.clone());
    let profiles = model.paths.iter().filter(move |p| p.path != IN_REGION && form.may_be(true));
    bare.into_iter().chain(profiles.map(|p| format!("{}.{}", p.path, model.id)))
}

impl Catalog {
    /// Returns the known id that is nearest to `text`, when one is near. Of equally near ones a model that has not ended comes
    /// first, then the one that was launched last.
    pub(super) fn nearest(&self, form: Form, text: &str) -> Option<String> {
        if text.len() > LONGEST {
            return None;
        }
        let meant = normal(text);
        let mut best: Option<(f64, bool, &str, String)> = None;
        for model in &self.models {
            let of_name = alike(&meant, &normal(&model.name));
            let (lives, launched) = (!has_ended(model), launched(model));
            for (i, id) in ids(model, form).enumerate().filter(|(_, id)| same_version(&meant, &normal(id))) {
                // A model's name stands for the first of its ids.
                let score = alike_id(&meant, &normal(&id)).max(if i == 0 { of_name } else { 0.0 });
                let is_better = match &best {
                    None => score > NEAR,
                    Some((most, lived, last, _)) => {
                        let ahead = score - most;
                        ahead > EVEN || (ahead > -EVEN && (lives, launched) > (*lived, *last))
                    }
                };
                if is_better {
                    best = Some((score, lives, launched, id));
                }
            }
        }
        best.map(|(.., id)| id)
    }

    /// Returns the ids that are most similar to `text`, of models of the same maker that have not ended, by the same profile.
    pub fn similar(&self, text: &str) -> Vec<String> {
        if text.len() > LONGEST {
            return Vec::new();
        }
        let (path, bare) = split(text);
        let Some((maker, _)) = bare.split_once('.') else { return Vec::new() };
        let meant = normal(bare);
        let of_maker = |model: &&ModelEntry| {
            model.id.split_once('.').is_some_and(|(known, _)| known == maker) && model.path(path).is_some()
        };
        let models = self.models.iter().filter(of_maker).filter(|model| !has_ended(model));
        let mut ranked: Vec<(f64, &ModelEntry)> = models
            .map(|model| (alike(&meant, &normal(&model.id)), model))
            .filter(|(score, _)| *score > SIMILAR)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let id = |model: &ModelEntry| if path == IN_REGION { model.id.clone() } else { format!("{path}.{}", model.id) };
        ranked.into_iter().take(MOST_SIMILAR).map(|(_, model)| id(model)).collect()
    }
}

/// Returns whether a model had ended when the catalogue was last checked.
fn has_ended(model: &ModelEntry) -> bool {
    let ends = model.lifecycle.as_ref().and_then(|life| life.ends.as_ref());
    ends.is_some_and(|ends| *ends <= checked_on())
}

/// Returns the day on which a model was launched, as YYYY-MM-DD; empty where it is not known.
fn launched(model: &ModelEntry) -> &str {
    model.lifecycle.as_ref().and_then(|life| life.launched.as_ref()).map_or("", |day| day.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(text: &str) -> Option<String> {
        Catalog::embedded().resolve(text).unwrap_err()
    }

    #[test]
    fn a_slip_is_recognised() {
        for (text, meant) in [
            ("amazon.nova-por-v1:0", "amazon.nova-pro-v1:0"),
            ("amazon.nova-pro", "amazon.nova-pro-v1:0"),
            ("Amazon.Nova-Pro-v1:0", "amazon.nova-pro-v1:0"),
            (" amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
            ("amazon.nova-pro-v1:0:300k", "amazon.nova-pro-v1:0"),
            ("Nova Pro", "amazon.nova-pro-v1:0"),
            ("us.amazon.nova-pro", "us.amazon.nova-pro-v1:0"),
            ("us.amazon.nova-2-lite-v1", "us.amazon.nova-2-lite-v1:0"),
            ("eu.amazon.nova-por-v1:0", "eu.amazon.nova-pro-v1:0"),
            ("claude-sonnet-4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("llama 3.3 70b instruct", "meta.llama3-3-70b-instruct-v1:0"),
        ] {
            assert_eq!(hint(text).as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn the_hint_fits_the_arn() {
        let model = "arn:aws:bedrock:us-east-1::foundation-model/";
        let profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/";
        assert_eq!(hint(&format!("{model}us.amazon.nova-pro-v1:0")).as_deref(), Some("amazon.nova-pro-v1:0"));
        assert_eq!(hint(&format!("{profile}amazon.nova-pro-v1:0")).as_deref(), Some("us.amazon.nova-pro-v1:0"));
    }

    #[test]
    fn a_version_left_out_is_the_models_own() {
        for (text, meant) in [
            ("us.anthropic.claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic.claude-sonnet-4-5-20250930-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude sonnet 4", "anthropic.claude-sonnet-4-20250514-v1:0"),
            ("amazon.titan-embed-text-v2", "amazon.titan-embed-text-v2:0"),
            ("anthropic.claude-sonet-5", "anthropic.claude-sonnet-5"),
            ("us.anthropic.claude-sonnet-4-5-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("us.anthropic.claude-sonet-4-5-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ] {
            assert_eq!(hint(text).as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn another_model_of_the_same_maker_is_no_hint() {
        for text in [
            "anthropic.claude-3-opus-20240229-v1:0",
            "anthropic.claude-opus-4-9",
            "openai.gpt-7-sol",
            "meta.llama3-5-70b-instruct-v1:0",
            "amazon.titan-text-express-v1",
            "amazon.nova-sonic-v1:0",
            "deepseek.v4-v1:0",
            "gpt-4",
            "x",
            "",
        ] {
            assert_eq!(hint(text), None, "{text}");
        }
        assert_eq!(hint(&"nova-pro".repeat(100)), None);
    }

    #[test]
    fn of_equally_near_models_one_that_has_not_ended_is_preferred() {
        for text in ["sonnet", "haiku", "opus"] {
            let id = hint(text).expect(text);
            let found = Catalog::embedded().resolve(&id).unwrap().model;
            assert!(!has_ended(found), "{text}: {id}");
        }
    }

    #[test]
    fn where_none_is_near_ids_of_the_same_maker_and_profile_are_similar() {
        let similar = Catalog::embedded().similar("us.anthropic.claude-opus-9-9");
        assert!(!similar.is_empty() && similar.len() <= MOST_SIMILAR);
        for id in &similar {
            assert!(id.starts_with("us.anthropic.claude-"), "{id}");
            assert!(Catalog::embedded().resolve(id).unwrap().offer.is_some(), "{id}");
        }
        assert!(Catalog::embedded().similar("gpt-4").is_empty());
        assert!(Catalog::embedded().similar("").is_empty());
    }
}
