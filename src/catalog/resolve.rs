//! The meaning of an id in a scenario: a model, and the path by which it is reached.

use super::{Catalog, ModelEntry, Resolved, embedded};

/// The path of a model that is called in its own region, by its bare id.
pub const IN_REGION: &str = "in_region";

/// The path of an id that is sold at the bedrock-mantle endpoint only.
pub const MANTLE: &str = "mantle";

/// The prefixes of ids of inference profiles. The catalogue need not have offers for each.
pub const PREFIXES: [&str; 8] = ["us", "us-gov", "eu", "jp", "au", "apac", "in", "global"];

/// The kinds of things that a text may name, told by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An id of a model or of a profile, not as an ARN.
    Id,
    /// An ARN of a model: `arn:…:foundation-model/ID`.
    Model,
    /// An ARN of a profile: `arn:…:inference-profile/PREFIX.ID`.
    Profile,
}

impl Form {
    pub(super) const fn may_be(self, profile: bool) -> bool {
        matches!((self, profile), (Self::Id, _) | (Self::Model, false) | (Self::Profile, true))
    }
}

/// Splits an ARN into its form and the id in it; any other text is an id. The region and the account may be anything:
/// they do not change what the model is, and people blot accounts out.
fn unwrap_arn(text: &str) -> Option<(Form, &str)> {
    let Some(rest) = text.strip_prefix("arn:") else {
        return Some((Form::Id, text));
    };
    // A resource has colons of its own, as in `nova-pro-v1:0`.
    let mut parts = rest.splitn(5, ':');
    let partition = parts.next()?;
    if partition != "aws" && !partition.starts_with("aws-") {
        return None;
    }
    if parts.next()? != "bedrock" {
        return None;
    }
    let (kind, id) = parts.nth(2)?.split_once('/')?;
    match kind {
        "foundation-model" => Some((Form::Model, id)),
        "inference-profile" => Some((Form::Profile, id)),
        _ => None,
    }
}

/// Splits an id into its path and the bare id of the model.
pub(super) fn split(id: &str) -> (&'static str, &str) {
    id.split_once('.')
        .and_then(|(head, bare)| PREFIXES.iter().find(|p| **p == head).map(|p| (*p, bare)))
        .unwrap_or((IN_REGION, id))
}

/// Returns what [`Catalog::resolve`] returns of an id in the embedded catalogue, and reads that model's entry alone;
/// `None`: the whole catalogue tells.
#[must_use]
pub fn resolve_embedded(id: &str) -> Option<Resolved<'static>> {
    let (form, id) = unwrap_arn(id)?;
    let (path, bare) = split(id);
    let is_profile = path != IN_REGION;
    if (is_profile && embedded::has_id(id)) || !form.may_be(is_profile) {
        return None;
    }
    let model = embedded::entry(bare)?;
    Some(Resolved { model, path, offer: model.path(path) })
}

/// Returns the entry of a model of the embedded catalogue, found by its bare id; it reads that entry alone where it can.
#[must_use]
pub fn entry_embedded(id: &str) -> Option<&'static ModelEntry> {
    embedded::entry(id).or_else(|| Catalog::embedded().entry(id))
}

impl Catalog {
    /// Returns the entry of a model, found by its bare id.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<&ModelEntry> {
        self.models.iter().find(|model| model.id == id)
    }

    /// Returns the model that a bare id, a profile id or the ARN of either names.
    ///
    /// # Errors
    /// The text names no known model in that form; carries the nearest id that would, when one is near.
    pub fn resolve(&self, id: &str) -> Result<Resolved<'_>, Option<String>> {
        let (form, id) = unwrap_arn(id).ok_or(None)?;
        let (path, bare) = split(id);
        if let Some(model) = self.models.iter().find(|m| m.mantle_id() == Some(id)).filter(|_| form == Form::Id) {
            return Ok(Resolved { model, path: MANTLE, offer: None });
        }
        let model = self.models.iter().find(|m| m.id == bare).filter(|_| form.may_be(path != IN_REGION));
        let model = model.ok_or_else(|| self.nearest(form, id))?;
        Ok(Resolved { model, path, offer: model.paths.iter().find(|p| p.path == path) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRO: &str = "amazon.nova-pro-v1:0";
    const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    /// The model's id, the path, and whether it is sold that way.
    fn meaning(text: &str) -> (&'static str, &'static str, bool) {
        let found = Catalog::embedded().resolve(text).unwrap();
        (&found.model.id, found.path, found.offer.is_some())
    }

    #[test]
    fn every_form_resolves() {
        for (text, expected) in [
            (PRO.to_owned(), (PRO, "in_region", true)),
            (format!("us.{PRO}"), (PRO, "us", true)),
            (format!("eu.{PRO}"), (PRO, "eu", true)),
            (format!("apac.{PRO}"), (PRO, "apac", true)),
            (format!("jp.{SONNET}"), (SONNET, "jp", true)),
            (format!("au.{SONNET}"), (SONNET, "au", true)),
            (format!("global.{SONNET}"), (SONNET, "global", true)),
            (format!("arn:aws:bedrock:us-east-1::foundation-model/{PRO}"), (PRO, "in_region", true)),
            (format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{SONNET}"), (SONNET, "us", true)),
            (format!("arn:aws-cn:bedrock:cn-north-1::foundation-model/{PRO}"), (PRO, "in_region", true)),
            (
                format!("arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.{SONNET}"),
                (SONNET, "us-gov", false),
            ),
        ] {
            assert_eq!(meaning(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_known_model_by_a_path_not_sold_has_no_offer() {
        assert_eq!(meaning(SONNET), (SONNET, "in_region", false));
        assert_eq!(meaning(&format!("global.{PRO}")), (PRO, "global", false));
        assert_eq!(meaning("apac.amazon.nova-2-lite-v1:0"), ("amazon.nova-2-lite-v1:0", "apac", false));
    }

    #[test]
    fn an_entry_that_is_read_alone_is_that_of_the_whole_catalogue() {
        let meaning = |found: Resolved<'_>| format!("{} {:?} {:?}", found.path, found.model, found.offer);
        let mut alone = 0;
        for model in &Catalog::embedded().models {
            let profiles = PREFIXES.iter().map(|prefix| format!("{prefix}.{}", model.id));
            for id in profiles.chain([model.id.clone()]).chain(model.mantle_id().map(str::to_owned)) {
                let whole = Catalog::embedded().resolve(&id).unwrap();
                if let Some(found) = resolve_embedded(&id) {
                    assert_eq!(meaning(found), meaning(whole), "{id}");
                    alone += 1;
                }
            }
            assert_eq!(entry_embedded(&model.id).unwrap().id, model.id);
        }
        assert!(alone > Catalog::embedded().models.len() * PREFIXES.len(), "most entries are read alone: {alone}");
        for id in
            ["", "x", "us.", "amazon.nova-pro", "arn:aws:bedrock:us-east-1::foundation-model/us.amazon.nova-pro-v1:0"]
        {
            assert!(resolve_embedded(id).is_none(), "{id}");
        }
    }

    #[test]
    fn every_offer_resolves_to_itself() {
        for model in &Catalog::embedded().models {
            for path in &model.paths {
                let id = if path.path == IN_REGION { model.id.clone() } else { format!("{}.{}", path.path, model.id) };
                let found = Catalog::embedded().resolve(&id).unwrap();
                assert!(std::ptr::eq(found.model, model) && std::ptr::eq(found.offer.unwrap(), path), "{id}");
            }
        }
    }

    #[test]
    fn an_arn_of_another_kind_is_refused() {
        for text in [
            "",
            "arn:",
            "arn:aws:bedrock",
            "arn:aws:bedrock:us-east-1::",
            "arn:aws:bedrock:us-east-1::foundation-model",
            "arn:aws:s3:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            "arn:azure:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
        ] {
            assert_eq!(Catalog::embedded().resolve(text).err(), Some(None), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = Catalog::embedded().resolve(&text);
        }

        #[test]
        fn no_arn_makes_it_panic(
            text in "(arn:)?(aws|aws-cn)?:?(bedrock)?:?(us-east-1)?:{0,2}(foundation-model|inference-profile)?/?(us|global)?\\.?.{0,60}"
        ) {
            let _ = Catalog::embedded().resolve(&text);
        }
    }
}
