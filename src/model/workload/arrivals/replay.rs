//! The replay of recorded arrivals.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Duration, Flag, Number, Text};
use crate::model::spec::{At, words};
use crate::trace::{ColumnNames, Format, Only, Selection, Trace};

/// A trace, and the rules by which it is replayed.
#[derive(Debug, Clone)]
pub struct Replay {
    pub trace: Arc<Trace>,
    /// The mean number of requests made of each row: the whole part always, and one more with the fraction as its
    /// probability \[1\].
    pub scale: f64,
    /// True if the trace begins again, a mean gap after its last row.
    pub repeat: bool,
}

/// Recorded arrivals with their tokens. Time zero is the first row of the file, or `from`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TraceArrivals")]
pub struct TraceSpec {
    /// A file, or a folder of files; a path relative to the scenario file. Gzip is unpacked.
    pub file: At<Text>,
    /// The format of the file; recognised from the file when left out.
    pub format: Option<At<TraceFormat>>,
    /// Names of the columns of a table, where they are not the usual ones.
    pub columns: Option<At<ColumnsSpec>>,
    /// The label that a row must have to be read; rows with other labels are skipped.
    pub only: Option<At<OnlySpec>>,
    /// The start of the part that is read, and t = 0 of the run: a time since the first row of the file; default 0s.
    pub from: Option<At<Duration>>,
    /// The end of the part that is read: a time since the first row of the file.
    pub to: Option<At<Duration>>,
    /// The number of requests made of each row: 2.5 is two, and a third for half of the rows; default 1 \[1\].
    pub rate_scale: Option<At<Number>>,
    /// True if the trace begins again when it has ended; default false.
    pub repeat: Option<At<Flag>>,
    /// True if lines that are no request are left out instead of refused; default false.
    pub skip_bad_lines: Option<At<Flag>>,
}

/// Names of the columns of a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TraceColumns")]
pub struct ColumnsSpec {
    /// The column with the arrival: an instant, or a number of seconds.
    pub arrival: Option<At<Text>>,
    /// The column with the number of tokens of the whole prompt.
    pub input_tokens: Option<At<Text>>,
    /// The column with the number of tokens of the answer.
    pub output_tokens: Option<At<Text>>,
    /// The column with the caller's cap on the tokens of the answer.
    pub max_tokens: Option<At<Text>>,
    /// The column with the number of prompt tokens that were read from the cache \[tokens\].
    pub cache_read_tokens: Option<At<Text>>,
    /// The column with the number of prompt tokens that were written to the cache \[tokens\].
    pub cache_write_tokens: Option<At<Text>>,
}

/// A label that rows must have.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TraceOnly")]
pub struct OnlySpec {
    /// The name of the label: a column of a table; of invocation logs `modelId`, `identity` or `requestMetadata.KEY`.
    pub label: At<Text>,
    /// The text that the column must contain.
    pub is: At<Text>,
}

words! {
    /// The format of the file of a trace.
    TraceFormat, "a format of traces" {
        /// `TIMESTAMP,ContextTokens,GeneratedTokens`
        "azure" => Azure,
        /// `arrival_s,input_tokens,output_tokens`, or columns that are named
        "csv" => Csv,
        /// `Timestamp,Model,Request tokens,Response tokens`
        "burstgpt" => BurstGpt,
        /// JSON lines with `timestamp`, `input_length`, `output_length`, `hash_ids`
        "mooncake" => Mooncake,
        /// Model invocation logs of Bedrock
        "bedrock" => Bedrock,
    }
}

/// The largest scale of a trace; more copies of a row are no traffic that anyone has recorded.
const LARGEST_SCALE: f64 = 10_000.0;

impl TraceSpec {
    /// Returns the part of the file that is read, and its format; `None` after a finding.
    pub fn selection(&self, sink: &mut Sink) -> Option<Selection> {
        let text = |written: &Option<At<Text>>| written.as_ref().map(|t| t.value.0.clone());
        let columns = self.columns.as_ref().map_or_else(ColumnNames::default, |c| ColumnNames {
            arrival: text(&c.arrival),
            input: text(&c.input_tokens),
            output: text(&c.output_tokens),
            max_tokens: text(&c.max_tokens),
            cache_read: text(&c.cache_read_tokens),
            cache_write: text(&c.cache_write_tokens),
        });
        let (from, to) = (self.from.as_ref().map_or(0, |f| f.value.0.0), self.to.as_ref().map(|t| t.value.0.0));
        if let Some(written) = self.to.as_ref().filter(|t| t.value.0.0 <= from) {
            sink.error(written.at.clone(), "a trace is read `from` an instant `to` a later one", None);
            return None;
        }
        Some(Selection {
            format: self.format.as_ref().map(|f| match f.value {
                TraceFormat::Azure => Format::Azure,
                TraceFormat::Csv => Format::Csv,
                TraceFormat::BurstGpt => Format::BurstGpt,
                TraceFormat::Mooncake => Format::Mooncake,
                TraceFormat::Bedrock => Format::Bedrock,
            }),
            columns,
            only: self
                .only
                .as_ref()
                .map(|only| Only { label: only.label.value.0.clone(), is: only.is.value.0.clone() }),
            from,
            to,
            skip_bad_lines: self.skip_bad_lines.as_ref().is_some_and(|s| s.value.0),
        })
    }

    /// Returns the replay of a trace; `None` after a finding. `scale` multiplies the scale that the keys state.
    pub fn lower(&self, trace: &Arc<Trace>, scale: f64, sink: &mut Sink) -> Option<Replay> {
        let scale = scale * self.rate_scale.as_ref().map_or(1.0, |s| s.value.0);
        let repeat = self.repeat.as_ref().is_some_and(|r| r.value.0);
        if scale > LARGEST_SCALE {
            let at = self.rate_scale.as_ref().map_or(&self.file.at, |s| &s.at);
            sink.error(at.clone(), format!("a trace is scaled by at most {LARGEST_SCALE}, {scale} is more"), None);
            return None;
        }
        if let Some(written) = self.repeat.as_ref().filter(|_| repeat && trace.period().is_none()) {
            let rule = "rows of a single instant cannot be repeated: nothing tells how far apart";
            sink.error(written.at.clone(), rule, None);
            return None;
        }
        Some(Replay { trace: Arc::clone(trace), scale, repeat })
    }
}
