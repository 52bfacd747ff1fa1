//! Recorded arrivals.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::quantity::Text;
use crate::model::spec::{At, words};

/// Recorded arrivals with their tokens. Time zero is the first row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TraceArrivals")]
pub struct TraceSpec {
    /// A path relative to the scenario file.
    pub file: At<Text>,
    /// How the file is laid out; known by its header when left out.
    pub format: Option<At<TraceFormat>>,
}

words! {
    /// How the file of a trace is laid out.
    TraceFormat, "a format of traces" {
        /// `TIMESTAMP,ContextTokens,GeneratedTokens`
        "azure" => Azure,
        /// `arrival_s,input_tokens,output_tokens[,max_tokens]`
        "csv" => Csv,
    }
}
