//! Tables: comma-separated values with a header.

use csv::ByteRecord;

use super::instant::{digits, instant, seconds};
use super::reader::Entry;
use super::{ColumnNames, Format, TraceError};

/// The usual names of the arrival, the input, the output, the cap, and what the cache read and wrote.
struct Layout {
    format: Format,
    names: [&'static str; 6],
}

const LAYOUTS: [Layout; 3] = [
    // https://github.com/Azure/AzurePublicDataset
    Layout { format: Format::Azure, names: ["TIMESTAMP", "ContextTokens", "GeneratedTokens", "", "", ""] },
    // https://github.com/HPMLL/BurstGPT
    Layout { format: Format::BurstGpt, names: ["Timestamp", "Request tokens", "Response tokens", "", "", ""] },
    Layout {
        format: Format::Csv,
        names: ["arrival_s", "input_tokens", "output_tokens", "max_tokens", "cache_read_tokens", "cache_write_tokens"],
    },
];

/// Where what stands in a table.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// Arrival, input, output, cap, cache read, cache write: name and place.
    places: [Option<(String, usize)>; 6],
    label: Option<usize>,
}

impl Columns {
    /// # Errors
    /// The header lacks a column that is needed.
    pub(super) fn find(
        header: &ByteRecord,
        format: Option<Format>,
        named: &ColumnNames,
        label: Option<&str>,
    ) -> Result<Self, TraceError> {
        let place = |name: &str| header.iter().position(|h| h == name.as_bytes());
        let own =
            [&named.arrival, &named.input, &named.output, &named.max_tokens, &named.cache_read, &named.cache_write];
        let layouts = LAYOUTS.iter().filter(|layout| format.is_none_or(|f| f == layout.format));
        let mut columns = layouts.filter_map(|layout| {
            let mut places: [Option<(String, usize)>; 6] = Default::default();
            for (i, slot) in places.iter_mut().enumerate() {
                let name = own[i].as_deref().unwrap_or(layout.names[i]);
                *slot = place(name).map(|at| (name.to_owned(), at));
                let is_needed = i < 3 || own[i].is_some();
                if is_needed && slot.is_none() {
                    return None;
                }
            }
            Some(places)
        });
        let found = || {
            let all: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).into_owned()).collect();
            all.join(",").chars().take(80).collect::<String>()
        };
        if header.iter().all(<[u8]>::is_empty) {
            return Err(TraceError::Empty);
        }
        let Some(places) = columns.next() else {
            let written: Vec<&str> = own.iter().filter_map(|name| name.as_deref()).collect();
            let expected = if written.is_empty() {
                "`arrival_s,input_tokens,output_tokens`, `TIMESTAMP,ContextTokens,GeneratedTokens` or `Timestamp,Request tokens,Response tokens`".to_owned()
            } else {
                format!("the columns that are named, `{}`, and the usual ones of the others", written.join("`, `"))
            };
            return Err(TraceError::Header { found: found(), expected });
        };
        let no_label = |name: &str| TraceError::Header { found: found(), expected: format!("a column `{name}`") };
        let label = label.map(|name| place(name).ok_or_else(|| no_label(name))).transpose()?;
        Ok(Self { places, label })
    }

    pub(super) fn tells_cache(&self) -> bool {
        self.places[4].is_some() || self.places[5].is_some()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// It is no request; the rule that it breaks.
    pub(super) fn read(&self, record: &ByteRecord, entry: &mut Entry) -> Result<(), String> {
        let field =
            |i: usize| self.places[i].as_ref().map(|(name, at)| (name.as_str(), record.get(*at).unwrap_or_default()));
        let (name, text) = field(0).unwrap_or_default();
        entry.instant = if text.contains(&b':') { instant(text) } else { seconds(text) }.ok_or_else(|| {
            format!("`{name}` is an instant such as 2023-11-16 18:17:03.97996, or a number of seconds such as 12.5, `{}` is not", shown(text))
        })?;
        let count = |i: usize, least: u64| match field(i) {
            None => Ok(0),
            Some((_, [])) if i > 2 => Ok(0),
            Some((name, text)) => match digits(text) {
                Some(n) if (least..=MOST_TOKENS).contains(&n) => Ok(n as u32),
                _ => Err(format!("`{name}` is a whole number of at least {least}, `{}` is not", shown(text))),
            },
        };
        (entry.input, entry.output, entry.max_tokens) = (count(1, 1)?, count(2, 1)?, count(3, 1)?);
        (entry.cache_read, entry.cache_write) = (count(4, 0)?, count(5, 0)?);
        entry.cut = entry.max_tokens > 0 && entry.output >= entry.max_tokens;
        if let Some(at) = self.label {
            entry.label = String::from_utf8_lossy(record.get(at).unwrap_or_default()).into_owned();
        }
        Ok(())
    }
}

/// No request is larger \[tokens\].
pub(super) const MOST_TOKENS: u64 = 1_000_000_000;

pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(60).collect()
}
