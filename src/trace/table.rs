//! Tables: comma-separated values with a header.

use csv::ByteRecord;

use super::instant::{Clock, digits, seconds};
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

/// The places of the columns in a table.
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
        let place = |name: &str| header.iter().position(|h| h.trim_ascii() == name.as_bytes());
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
            let all: Vec<String> = header.iter().take(80).map(shown).collect();
            all.join(",").chars().take(80).collect::<String>()
        };
        if header.iter().all(|name| name.trim_ascii().is_empty()) {
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
    pub(super) fn read(&self, record: &ByteRecord, clock: &mut Clock, entry: &mut Entry) -> Result<(), String> {
        let [arrival, tokens @ ..] = &self.places;
        let (name, text) = arrival.as_ref().map_or(("", &[][..]), |(name, at)| (name, of(record, *at)));
        let instant = if text.get(4) == Some(&b'-') { clock.read(text) } else { seconds(text) };
        entry.instant = instant.ok_or_else(|| {
            let expected = "an instant such as 2023-11-16 18:17:03.97996, or a number of seconds such as 12.5";
            format!("`{name}` is {expected}, `{}` is not", shown(text))
        })?;
        let slots = [
            (&mut entry.input, 1),
            (&mut entry.output, 1),
            (&mut entry.max_tokens, 1),
            (&mut entry.cache_read, 0),
            (&mut entry.cache_write, 0),
        ];
        for (i, (place, (slot, least))) in tokens.iter().zip(slots).enumerate() {
            let Some((name, at)) = place else { continue };
            let text = of(record, *at);
            *slot = match digits(text) {
                Some(n) if (least..=MOST_TOKENS).contains(&n) => n as u32,
                // Of the columns that a table need not have, a field may be empty.
                None if i > 1 && text.is_empty() => 0,
                _ => return Err(format!("`{name}` is a whole number of at least {least}, `{}` is not", shown(text))),
            };
        }
        entry.cut = entry.max_tokens > 0 && entry.output >= entry.max_tokens;
        if let Some(at) = self.label {
            entry.label.clear();
            entry.label.push_str(&String::from_utf8_lossy(of(record, at)));
        }
        Ok(())
    }
}

/// Returns a field, without the blanks around it; empty in a record that is too short.
fn of(record: &ByteRecord, at: usize) -> &[u8] {
    record.get(at).unwrap_or_default().trim_ascii()
}

/// The largest request that a trace may have \[tokens\].
pub(super) const MOST_TOKENS: u64 = 1_000_000_000;

pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(240)]).chars().take(60).collect()
}
