//! The marks by which bedload knows the documents in a folder that it wrote. Each has its mark in its first bytes; a
//! document that has none is somebody else's, and stays.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::FolderError;

/// The first bytes of the journal of a sweep.
pub const JOURNAL: &str = "{\"bedload_journal\":1,\"check\":\"";

/// The names of the documents that bedload writes into a folder of results.
const DOCUMENTS: [&str; 5] = ["journal.jsonl", "results.json", "points.csv", "points.jsonl", "differences.csv"];

/// The number of first bytes in which a document says whose it is, however long the names of its parameters are.
const START: u64 = 1 << 16;

/// Refuses a folder in which a document of one of these names is not bedload's own.
///
/// # Errors
/// Names the first such file. A file that cannot be read is not known to be bedload's own.
pub fn refuse_foreign(folder: &Path, names: &[&str]) -> Result<(), FolderError> {
    let mut taken = names.iter().map(|name| (name, folder.join(name)));
    let foreign = taken.find(|(name, path)| {
        let Ok(found) = path.symlink_metadata() else { return false };
        let mut start = Vec::new();
        let mut is_read = || File::open(path).and_then(|file| file.take(START).read_to_end(&mut start)).is_ok();
        !(found.is_file() && is_read() && is_own(name, &start))
    });
    foreign.map_or(Ok(()), |(_, path)| Err(FolderError::Foreign(path)))
}

/// Returns whether a file of this name is a document of bedload.
pub(super) fn is_document(name: &str) -> bool {
    DOCUMENTS.contains(&name)
}

/// Returns whether the first bytes of a document of this name show that bedload wrote it. An empty document counts as
/// bedload's own: nothing is lost when it is replaced.
#[must_use]
pub fn is_own(name: &str, start: &[u8]) -> bool {
    if start.is_empty() {
        return true;
    }
    let text = String::from_utf8_lossy(start);
    let header = text.lines().next().unwrap_or_default();
    match name {
        "journal.jsonl" => text.starts_with(JOURNAL),
        "results.json" => is_results(&text),
        "points.jsonl" => is_point(header),
        "points.csv" => is_points_header(header),
        "differences.csv" => header == "metric,a,b,difference,half_width,distinguishable",
        _ => false,
    }
}

/// Returns whether a file is an SVG that bedload drew: it says so in its first bytes. A file that cannot be read is not known
/// to be one.
#[must_use]
pub fn is_own_drawing(path: &Path) -> bool {
    let mut start = Vec::new();
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    let is_read = is_file && File::open(path).and_then(|file| file.take(256).read_to_end(&mut start)).is_ok();
    let text = String::from_utf8_lossy(&start);
    is_read
        && text.starts_with("<svg width=\"")
        && text.contains("viewBox=\"0 0 ")
        && text.contains(" role=\"img\"><title>")
}

/// Returns whether a text begins as `{"schema_version": 2, "tool": {"name": "bedload", …`, however it is laid out.
fn is_results(text: &str) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).take(80).collect();
    let Some(rest) = dense.strip_prefix("{\"schema_version\":") else { return false };
    rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(",\"tool\":{\"name\":\"bedload\"")
}

/// Returns whether a line begins as `{"index":7,"parameters":{…`.
fn is_point(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("{\"index\":") else { return false };
    rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(",\"parameters\":{")
}

/// Returns whether a line is a header such as `point,PARAMETERS,replications,verdict,METRIC,METRIC:half_width,…`.
fn is_points_header(line: &str) -> bool {
    let line = format!("{line},");
    line.starts_with("point,") && line.contains(",replications,verdict,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_whose_it_is() {
        for (name, own) in [
            ("journal.jsonl", "{\"bedload_journal\":1,\"check\":\"00\"}\n"),
            ("results.json", "{\n  \"schema_version\": 2,\n  \"tool\": {\n    \"name\": \"bedload\",\n"),
            ("results.json", "{\"schema_version\":12,\"tool\":{\"name\":\"bedload\",\"version\":\"1\"}}"),
            ("points.jsonl", "{\"index\":0,\"parameters\":{},\"replications\":2}\n"),
            ("points.csv", "point,capacities.us.tpm,replications,verdict,requests,requests:half_width\n0,1,2,drops\n"),
            ("points.csv", "point,replications,verdict\n"),
            ("differences.csv", "metric,a,b,difference,half_width,distinguishable\n"),
            ("results.json", ""),
        ] {
            assert!(is_own(name, own.as_bytes()), "{name}: {own}");
        }
        for (name, foreign) in [
            ("journal.jsonl", "{\"index\":0}\n"),
            ("journal.jsonl", "{\"bedload_journal\": my own notes}\n"),
            ("journal.jsonl", "{\"bedload_journal\":1,\"mine\":\"00\"}\n"),
            ("journal.jsonl", "monday: bought a horse\n"),
            ("results.json", "{\"results\": []}"),
            ("results.json", "{\"schema_version\": 2, \"tool\": {\"name\": \"another\"}}"),
            ("points.jsonl", "{\"index\":\"a\"}\n"),
            ("points.csv", "point,x,y\n1,2,3\n"),
            ("points.csv", "\0\0\0"),
            ("differences.csv", "metric,a,b\n"),
            ("notes.txt", "anything"),
        ] {
            assert!(!is_own(name, foreign.as_bytes()), "{name}: {foreign}");
        }
    }
}
