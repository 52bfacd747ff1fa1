//! The workflow commands of GitHub Actions, which become annotations of a pull request.

use super::{Checked, visible};
use crate::escape::{workflow_message, workflow_property};
use crate::results::Judgement;

/// Returns a line for each condition that did not hold, or is worth a word. What is inconclusive is an error, or a
/// warning where it `may_pass`.
#[must_use]
pub fn annotations(all: &[Checked], may_pass: bool) -> String {
    let mut out = String::new();
    for checked in &visible(all) {
        for case in &checked.cases {
            let level = match case.verdict {
                Judgement::Failed => "error",
                Judgement::Inconclusive if may_pass => "warning",
                Judgement::Inconclusive => "error",
                Judgement::Held if case.is_warning => "warning",
                Judgement::Held => continue,
            };
            let (file, title) = (workflow_property(&checked.file), workflow_property(&case.name));
            out += &format!("::{level} file={file},title={title}::{}\n", workflow_message(&case.text));
        }
    }
    out
}
