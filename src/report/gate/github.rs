//! Workflow commands of GitHub Actions, which become annotations of a pull request.

use super::Checked;
use crate::results::Judgement;

/// A line for each thing that did not hold, or is worth a word. What is inconclusive is an error, or a warning where it
/// `may_pass`.
#[must_use]
pub fn annotations(all: &[Checked], may_pass: bool) -> String {
    let mut out = String::new();
    for checked in all {
        for case in &checked.cases {
            let level = match case.verdict {
                Judgement::Failed => "error",
                Judgement::Inconclusive if may_pass => "warning",
                Judgement::Inconclusive => "error",
                Judgement::Held if case.is_warning => "warning",
                Judgement::Held => continue,
            };
            let (file, title) = (property(&checked.file), property(&case.name));
            out += &format!("::{level} file={file},title={title}::{}\n", message(&case.text));
        }
    }
    out
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace('\u{a0}', " ")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
