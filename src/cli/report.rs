//! `bedload report`: a document as one page.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::args::ReportArgs;
use super::documents::{located, read};
use super::files::write_whole;
use super::{Exit, Trouble, fault, say};
use crate::charts::Subject;
use crate::report::{self, Sheet};

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Trouble> {
    let path = located(&args.results);
    let (results, points) = read(&path)?;
    let subject = Subject { results: &results, points: points.as_deref().unwrap_or(&results.points) };
    let scenario = args.scenario.as_deref().map(|file| scenario(file, &results.scenario.sha256)).transpose()?;
    let page = report::page(&Sheet { subject, scenario: scenario.as_deref() })
        .map_err(|e| fault(Exit::InputOutput, e.to_string(), None))?;
    let out = args.out.clone().unwrap_or_else(|| path.with_file_name("report.html"));
    write_whole(&out, page.as_bytes())
        .map_err(|e| fault(Exit::InputOutput, format!("cannot write `{}`: {e}", out.display()), None))?;
    if !args.quiet {
        say(&format!("{}\n", out.display()))?;
    }
    Ok(Exit::Held)
}

/// The scenario that the results are of, as it is written.
fn scenario(file: &Path, sha256: &str) -> Result<String, Trouble> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| fault(Exit::Usage, format!("the scenario `{}` cannot be read: {e}", file.display()), None))?;
    let found: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != sha256 {
        let help = "name the file as it was when it ran; one that extends another cannot be shown".to_owned();
        return Err(fault(Exit::Usage, format!("the results are of another text than `{}`", file.display()), help));
    }
    Ok(text)
}
