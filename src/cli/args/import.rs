//! The arguments of `bedload import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::span;
use crate::trace;
use crate::units::SimTime;

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    #[command(subcommand)]
    pub what: ImportWhat,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportWhat {
    /// Summarise a trace and write a scenario that replays it.
    Trace(ImportTraceArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportTraceArgs {
    /// The trace, with one call a line: a file, or a folder of files, plain or gzip.
    pub file: PathBuf,
    /// The format: azure, csv, burstgpt, mooncake or bedrock; default: recognised from the file.
    #[arg(long, value_parser = format)]
    pub format: Option<trace::Format>,
    /// The meaning of a column of a table, such as `input_tokens=prompt`; can be repeated.
    #[arg(long = "column", value_name = "MEANING=COLUMN", value_parser = column)]
    pub columns: Vec<(Meaning, String)>,
    /// Leave out the rows before this time, counted from the first row.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub from: Option<SimTime>,
    /// Leave out the rows from this time on, counted from the first row.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub to: Option<SimTime>,
    /// Leave out lines that are not requests, and report how many there are.
    #[arg(long)]
    pub skip_bad_lines: bool,
    /// Fit a traffic model to the trace instead of replaying it, and report how well it fits.
    #[arg(long)]
    pub fit: bool,
    /// Make one workload for each modelId, identity or requestMetadata.KEY, or for each value of a column of a table.
    #[arg(long, value_name = "LABEL")]
    pub split_by: Option<String>,
    /// The scenario file to write; default: <NAME OF THE FILE>.toml in this folder. `-` writes to stdout.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// The name of the workload; default: that of the file.
    #[arg(long, value_name = "WORKLOAD", value_parser = workload)]
    pub name: Option<String>,
}

/// A function to the field that keeps the column of one meaning.
pub(in crate::cli) type Meaning = fn(&mut trace::ColumnNames) -> &mut Option<String>;

const MEANINGS: [(&str, Meaning); 6] = [
    ("arrival", |names| &mut names.arrival),
    ("input_tokens", |names| &mut names.input),
    ("output_tokens", |names| &mut names.output),
    ("max_tokens", |names| &mut names.max_tokens),
    ("cache_read_tokens", |names| &mut names.cache_read),
    ("cache_write_tokens", |names| &mut names.cache_write),
];

fn one_of<T: Copy>(named: &[(&str, T)], text: &str) -> Result<T, String> {
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let found = named.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| format!("write one of {}", names.join(", ")))
}

fn format(text: &str) -> Result<trace::Format, String> {
    one_of(&trace::Format::NAMED, text)
}

fn column(text: &str) -> Result<(Meaning, String), String> {
    let (meaning, column) = text.split_once('=').ok_or("write MEANING=COLUMN, such as input_tokens=prompt")?;
    Ok((one_of(&MEANINGS, meaning)?, column.to_owned()))
}

fn workload(text: &str) -> Result<String, String> {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(rest) {
        return Ok(text.to_owned());
    }
    Err("a name is made of a-z, 0-9, _ and -, and begins with a letter".to_owned())
}
