//! The files of `catalog/`, inside the program, so that it needs no files beside it.

use std::sync::{LazyLock, OnceLock};

use super::sdks::Sdks;
use super::{AccountEntry, Catalog, ModelEntry};

macro_rules! shelf {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/models/", $file)))),*]
    };
}

/// The embedded files, each with its name and its text. A new model is one more line here.
const FILES: &[(&str, &str)] = &shelf![
    "amazon-rerank-1-0.toml",
    "claude-3-5-haiku.toml",
    "claude-3-5-sonnet-v2.toml",
    "claude-3-5-sonnet.toml",
    "claude-3-7-sonnet.toml",
    "claude-3-haiku.toml",
    "claude-fable-5-1.toml",
    "claude-fable-5.toml",
    "claude-haiku-4-5.toml",
    "claude-haiku-5-5.toml",
    "claude-mythos-5-1.toml",
    "claude-mythos-5.toml",
    "claude-mythos-preview.toml",
    "claude-opus-4-1.toml",
    "claude-opus-4-5.toml",
    "claude-opus-4-6.toml",
    "claude-opus-4-7.toml",
    "claude-opus-4-8.toml",
    "claude-opus-4.toml",
    "claude-opus-5-5.toml",
    "claude-opus-5.toml",
    "claude-sonnet-4-5.toml",
    "claude-sonnet-4-6.toml",
    "claude-sonnet-4.toml",
    "claude-sonnet-5-5.toml",
    "claude-sonnet-5.toml",
    "cohere-embed-english-v3.toml",
    "cohere-embed-multilingual-v3.toml",
    "cohere-embed-v4.toml",
    "cohere-rerank-3-5.toml",
    "deepseek-r1.toml",
    "deepseek-v3-1.toml",
    "deepseek-v3-2.toml",
    "devstral-2-123b.toml",
    "gemma-3-12b.toml",
    "gemma-3-27b.toml",
    "gemma-3-4b.toml",
    "gemma-4-26b-a4b.toml",
    "gemma-4-31b.toml",
    "gemma-4-e2b.toml",
    "glm-4-7-flash.toml",
    "glm-4-7.toml",
    "glm-5-3.toml",
    "glm-5.toml",
    "gpt-5-4.toml",
    "gpt-5-5.toml",
    "gpt-5-6-luna.toml",
    "gpt-5-6-sol.toml",
    "gpt-5-6-terra.toml",
    "gpt-6-1-sol.toml",
    "gpt-6-1-terra.toml",
    "gpt-6-astra.toml",
    "gpt-6-luna.toml",
    "gpt-6-sol.toml",
    "gpt-oss-120b.toml",
    "gpt-oss-20b.toml",
    "gpt-oss-safeguard-120b.toml",
    "gpt-oss-safeguard-20b.toml",
    "grok-4-3.toml",
    "grok-4-6.toml",
    "grok-4-7.toml",
    "jamba-1-5-large.toml",
    "jamba-1-5-mini.toml",
    "kimi-k2-5.toml",
    "kimi-k2-thinking.toml",
    "kimi-k3.toml",
    "llama-3-1-405b-instruct.toml",
    "llama-3-1-70b-instruct.toml",
    "llama-3-1-8b-instruct.toml",
    "llama-3-2-11b-instruct.toml",
    "llama-3-2-1b-instruct.toml",
    "llama-3-2-3b-instruct.toml",
    "llama-3-2-90b-instruct.toml",
    "llama-3-3-70b-instruct.toml",
    "llama-3-70b-instruct.toml",
    "llama-3-8b-instruct.toml",
    "llama-4-maverick.toml",
    "llama-4-scout.toml",
    "magistral-small-2509.toml",
    "minimax-m2-1.toml",
    "minimax-m2-5.toml",
    "minimax-m2.toml",
    "ministral-3-14b.toml",
    "ministral-3-3b.toml",
    "ministral-3-8b.toml",
    "mistral-7b-instruct.toml",
    "mistral-large-2402.toml",
    "mistral-large-2407.toml",
    "mistral-large-3.toml",
    "mistral-small-2402.toml",
    "mixtral-8x7b-instruct.toml",
    "nemotron-nano-12b-v2.toml",
    "nemotron-nano-3-30b.toml",
    "nemotron-nano-9b-v2.toml",
    "nemotron-super-3-120b.toml",
    "nova-2-lite.toml",
    "nova-2-pro-preview.toml",
    "nova-lite.toml",
    "nova-micro.toml",
    "nova-multimodal-embeddings.toml",
    "nova-premier.toml",
    "nova-pro.toml",
    "palmyra-vision-7b.toml",
    "palmyra-x4.toml",
    "palmyra-x5.toml",
    "pixtral-large.toml",
    "qwen3-235b.toml",
    "qwen3-32b.toml",
    "qwen3-coder-30b.toml",
    "qwen3-coder-480b.toml",
    "qwen3-coder-next.toml",
    "qwen3-next-80b.toml",
    "qwen3-vl-235b.toml",
    "titan-embed-image-v1.toml",
    "titan-embed-text-v1.toml",
    "titan-embed-text-v2.toml",
    "voxtral-mini-3b-2507.toml",
    "voxtral-small-24b-2507.toml",
];

const ACCOUNT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/account.toml"));

const SDKS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/sdks.toml"));

fn read(file: &str, text: &str) -> Result<ModelEntry, String> {
    toml::from_str(text).map_err(|fault| format!("catalog/models/{file}: {fault}"))
}

/// Returns the text of a model's file, found by the model's id.
pub(super) fn text_of(id: &str) -> Option<&'static str> {
    let line = format!("id = \"{id}\"");
    // The first `id` of a file is that of the model; one of another endpoint stands further down.
    let names = |text: &str| text.lines().find(|l| l.starts_with("id = ")).is_some_and(|l| l.trim_end() == line);
    FILES.iter().map(|(_, text)| *text).find(|text| names(text))
}

/// Returns the text of every embedded file.
pub fn texts() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(_, text)| *text).chain([ACCOUNT, SDKS])
}

/// The entries that were read by themselves, in the order of [`FILES`].
static ENTRIES: [OnceLock<Option<ModelEntry>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// Returns whether any file has this id, be it that of a model or of one at another endpoint.
pub(super) fn has_id(id: &str) -> bool {
    files_with(id).next().is_some()
}

/// Returns the entry of a model, and reads no other one; `None`: no file is known to be that model's alone, and the whole
/// catalogue tells.
pub(super) fn entry(id: &str) -> Option<&'static ModelEntry> {
    let mut files = files_with(id);
    let (Some(index), None) = (files.next(), files.next()) else { return None };
    let (file, text) = FILES[index];
    ENTRIES[index].get_or_init(|| read(file, text).ok()).as_ref().filter(|entry| entry.id == id)
}

/// Returns the indices of the files that have this id.
fn files_with(id: &str) -> impl Iterator<Item = usize> {
    let written = format!("id = \"{id}\"");
    let has = move |text: &str| memchr::memmem::find(text.as_bytes(), written.as_bytes()).is_some();
    FILES.iter().enumerate().filter(move |(_, (_, text))| has(text)).map(|(index, _)| index)
}

fn load() -> Result<Catalog, String> {
    let mut models = FILES.iter().map(|(file, text)| read(file, text)).collect::<Result<Vec<_>, _>>()?;
    models.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Catalog { models })
}

fn load_account() -> Result<AccountEntry, String> {
    toml::from_str(ACCOUNT).map_err(|fault| format!("catalog/account.toml: {fault}"))
}

fn load_sdks() -> Result<Sdks, String> {
    toml::from_str(SDKS).map_err(|fault| format!("catalog/sdks.toml: {fault}"))
}

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| match load() {
    Ok(catalog) => catalog,
    // The text is part of the program and a test loads it, so no user ever meets this.
    Err(fault) => panic!("{fault}"),
});

static EMBEDDED_ACCOUNT: LazyLock<AccountEntry> = LazyLock::new(|| match load_account() {
    Ok(account) => account,
    // As above.
    Err(fault) => panic!("{fault}"),
});

static EMBEDDED_SDKS: LazyLock<Sdks> = LazyLock::new(|| match load_sdks() {
    Ok(sdks) => sdks,
    // As above.
    Err(fault) => panic!("{fault}"),
});

impl Catalog {
    /// Returns the catalogue that this version of bedload was built with; it is parsed at its first use.
    #[must_use]
    pub fn embedded() -> &'static LazyLock<Self> {
        &EMBEDDED
    }
}

impl AccountEntry {
    /// Returns the defaults of an account that this version of bedload was built with.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED_ACCOUNT
    }
}

impl Sdks {
    /// Returns the SDKs that this version of bedload was built with.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED_SDKS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_shelf_is_embedded_and_loads() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/models");
        let on_disk: BTreeSet<String> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(on_disk, FILES.iter().map(|(file, _)| (*file).to_owned()).collect());
        assert_eq!(load().unwrap().models.len(), FILES.len());
        assert!(read("x.toml", "id = 1").unwrap_err().starts_with("catalog/models/x.toml: "));
        assert_eq!(load_account().unwrap().cross_model_tpd.value, 700_000_000);
        assert!(load_sdks().unwrap().get("python").is_some());
    }

    #[test]
    fn no_key_is_misspelt_in_silence() {
        let (file, text) = FILES[0];
        for (right, wrong) in [
            ("kind = ", "colour = "),
            ("[latency]", "[latency]\nspeed = 1"),
            ("[paths.quota]", "[paths.quota]\nrps = 1"),
        ] {
            let text = text.replacen(right, wrong, 1);
            assert!(text.contains(wrong) && read(file, &text).is_err(), "{wrong}");
        }
    }
}
