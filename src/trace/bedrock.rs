//! Bedrock's model invocation logs \[AWS user guide, model-invocation-logging\]: JSON lines, as they lie in S3.
//!
//! `inputTokenCount` excludes what the cache read and wrote. The caller's cap stands in the body of the request, and how
//! the answer ended in that of the answer, where bodies are logged at all.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::instant::Clock;
use super::reader::Entry;
use super::table::{MOST_TOKENS, shown};

/// The text by which a line of these logs is recognised.
pub(super) const KEY: &str = "\"modelId\"";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    timestamp: String,
    #[serde(default)]
    model_id: Option<String>,
    #[serde(default)]
    input: Option<Input>,
    #[serde(default)]
    output: Option<Output>,
    #[serde(default)]
    identity: Option<Identity>,
    #[serde(default)]
    request_metadata: Option<BTreeMap<String, Plain>>,
    #[serde(default)]
    error_code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    input_token_count: Option<u64>,
    cache_read_input_token_count: Option<u64>,
    cache_write_input_token_count: Option<u64>,
    input_body_json: Option<Found>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Output {
    output_token_count: Option<u64>,
    output_body_json: Option<Found>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identity {
    arn: Option<String>,
}

/// Returns whether records have this label.
pub(super) fn tells(label: &str) -> bool {
    ["modelId", "identity"].contains(&label)
        || label.strip_prefix("requestMetadata.").is_some_and(|key| !key.is_empty())
}

pub(super) fn read(line: &[u8], label: Option<&str>, clock: &mut Clock, entry: &mut Entry) -> Result<(), String> {
    let mut record: Record =
        serde_json::from_slice(line).map_err(|error| format!("it is no record of a model invocation: {error}"))?;
    entry.instant = clock.read(record.timestamp.as_bytes()).ok_or_else(|| {
        let found = shown(record.timestamp.as_bytes());
        format!("`timestamp` is an instant such as 2026-04-01T00:00:00Z, `{found}` is not")
    })?;
    entry.label = label.map_or_else(String::new, |label| record.label(label).to_owned());
    entry.model = record.model_id.take().unwrap_or_default();
    let (sent, answered) = (record.input.take().unwrap_or_default(), record.output.take().unwrap_or_default());
    let count = |name: &str, n: Option<u64>| match n {
        Some(n) if n <= MOST_TOKENS => Ok(n),
        Some(n) => Err(format!("`{name}` is a number of tokens, {n} is not")),
        None => Err(match &record.error_code {
            Some(code) => format!("the call failed with {}: it has no `{name}`", shown(code.as_bytes())),
            None => format!("`{name}` is missing"),
        }),
    };
    let uncached = count("inputTokenCount", sent.input_token_count)?;
    let read = count("cacheReadInputTokenCount", sent.cache_read_input_token_count.or(Some(0)))?;
    let write = count("cacheWriteInputTokenCount", sent.cache_write_input_token_count.or(Some(0)))?;
    let output = count("outputTokenCount", answered.output_token_count)?;
    if uncached + read + write == 0 || output == 0 {
        return Err("a request has tokens in and out, this one has none".to_owned());
    }
    let input = (uncached + read + write).min(MOST_TOKENS);
    (entry.input, entry.output) = (input as u32, output as u32);
    (entry.cache_read, entry.cache_write) = (read as u32, write as u32);
    let cap = sent.input_body_json.and_then(|body| body.cap);
    // A cap below the answer was none: the answer is what was seen.
    entry.max_tokens = cap.filter(|cap| *cap >= output).unwrap_or(0).min(MOST_TOKENS) as u32;
    let is_cut = answered.output_body_json.is_some_and(|body| body.is_cut);
    entry.cut = is_cut || (entry.max_tokens > 0 && entry.output >= entry.max_tokens);
    Ok(())
}

impl Record {
    /// Returns the text of a label; empty where the record has none.
    fn label(&self, name: &str) -> &str {
        match name {
            "modelId" => self.model_id.as_deref().unwrap_or_default(),
            "identity" => self.identity.as_ref().and_then(|who| who.arn.as_deref()).unwrap_or_default(),
            _ => {
                let key = name.strip_prefix("requestMetadata.").unwrap_or(name);
                let value = self.request_metadata.as_ref().and_then(|metadata| metadata.get(key));
                value.map_or("", |Plain(text, _)| text)
            }
        }
    }
}

/// A text, else empty, and a whole number, else none. A list or an object is passed over without being held.
#[derive(Debug, Default)]
struct Plain(String, Option<u64>);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
        Ok(Plain(text.to_owned(), None))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Plain, E> {
        Ok(Plain(String::new(), Some(number)))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Plain, E> {
        Ok(Plain::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Plain, E> {
        Ok(Plain::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Plain, E> {
        Ok(Plain::default())
    }
    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Plain::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Plain, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Plain::default())
    }
}

/// The cap and the cut of an answer, found where models' own formats put them; never in what was said.
#[derive(Debug, Default)]
struct Found {
    cap: Option<u64>,
    is_cut: bool,
}

/// The names that models give the cap, and the reason for which they stopped.
const CAPS: [&str; 5] = ["maxTokens", "max_tokens", "max_tokens_to_sample", "maxTokenCount", "max_gen_len"];
const REASONS: [&str; 4] = ["stopReason", "stop_reason", "finish_reason", "completionReason"];
/// The keys of a body that may hold a cap or a reason to stop.
const HOLDERS: [&str; 9] = [
    "inferenceConfig",
    "inferenceParams",
    "textGenerationConfig",
    "messageStop",
    "message",
    "delta",
    "results",
    "choices",
    "outputs",
];
const CUT: [&str; 4] = ["max_tokens", "length", "LENGTH", "FINISH_LENGTH"];

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoundVisitor)
    }
}

struct FoundVisitor;

impl<'de> Visitor<'de> for FoundVisitor {
    type Value = Found;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body of a call")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(key) = map.next_key::<String>()? {
            if CAPS.contains(&key.as_str()) {
                found.cap = map.next_value::<Plain>()?.1.or(found.cap);
            } else if REASONS.contains(&key.as_str()) {
                let reason = map.next_value::<Plain>()?.0;
                found.is_cut |= CUT.contains(&reason.as_str());
            } else if HOLDERS.contains(&key.as_str()) {
                found.add(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(next) = list.next_element()? {
            found.add(next);
        }
        Ok(found)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(Found::default())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(Found::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found::default())
    }
    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(Found::default())
    }
    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::default())
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.cap = self.cap.or(other.cap);
        self.is_cut |= other.is_cut;
    }
}
