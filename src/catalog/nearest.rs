//! Which known id someone probably meant.

use super::resolve::{Form, IN_REGION};
use super::{Catalog, ModelEntry};

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
    alike(meant, known).max(of_part)
}

/// Returns every id of a model that the written form allows.
fn ids(model: &ModelEntry, form: Form) -> impl Iterator<Item = String> {
    let bare = form.may_be(false).then(|| model.id.clone());
    let profiles = model.paths.iter().filter(move |p| p.path != IN_REGION && form.may_be(true));
    bare.into_iter().chain(profiles.map(|p| format!("{}.{}", p.path, model.id)))
}

impl Catalog {
    /// Returns the known id that is nearest to `text`, when one is near; of equally near ones the first.
    pub(super) fn nearest(&self, form: Form, text: &str) -> Option<String> {
        if text.len() > LONGEST {
            return None;
        }
        let meant = normal(text);
        let mut best: Option<(f64, String)> = None;
        for model in &self.models {
            let of_name = alike(&meant, &normal(&model.name));
            for (i, id) in ids(model, form).enumerate().filter(|(_, id)| same_version(&meant, &normal(id))) {
                // A model's name stands for the first of its ids.
                let score = alike_id(&meant, &normal(&id)).max(if i == 0 { of_name } else { 0.0 });
                if score > best.as_ref().map_or(NEAR, |(most, _)| *most) {
                    best = Some((score, id));
                }
            }
        }
        best.map(|(_, id)| id)
    }
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
}
