//! The report of a gate as JUnit's XML, as CI systems read it: a suite for each scenario, a case for each condition.

use super::{Checked, visible};
use crate::escape::xml as escaped;
use crate::results::Judgement;

/// Returns the document. What cannot be used is an error. What is inconclusive is a failure, or skipped where it
/// `may_pass`.
#[must_use]
pub fn junit(all: &[Checked], may_pass: bool) -> String {
    let all = &visible(all)[..];
    let count = |verdict: Judgement, checked: &[Checked]| {
        let judged = checked.iter().filter(|c| !c.is_broken);
        judged.flat_map(|c| &c.cases).filter(|case| case.verdict == verdict).count()
    };
    let numbers = |of: &[Checked]| {
        let doubtful = count(Judgement::Inconclusive, of);
        let (failures, skipped) = if may_pass { (0, doubtful) } else { (doubtful, 0) };
        let tests: usize = of.iter().map(|c| c.cases.len()).sum();
        let failures = failures + count(Judgement::Failed, of);
        let errors: usize = of.iter().filter(|c| c.is_broken).map(|c| c.cases.len()).sum();
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    };
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bedload\" {}>\n", numbers(all));
    for checked in all {
        let file = escaped(&checked.file);
        out += &format!("  <testsuite name=\"{file}\" {}>\n", numbers(std::slice::from_ref(checked)));
        for case in &checked.cases {
            let text = escaped(&case.text);
            out += &format!("    <testcase classname=\"{file}\" name=\"{}\"", escaped(&case.name));
            out += &match case.verdict {
                _ if checked.is_broken => {
                    let first = escaped(case.text.lines().next().unwrap_or_default());
                    format!(">\n      <error type=\"error\" message=\"{first}\">{text}</error>\n    </testcase>\n")
                }
                Judgement::Held if case.is_warning => {
                    format!(">\n      <system-out>{}: {text}</system-out>\n    </testcase>\n", case.word())
                }
                Judgement::Held => format!(">\n      <system-out>{text}</system-out>\n    </testcase>\n"),
                Judgement::Inconclusive if may_pass => {
                    format!(">\n      <skipped message=\"inconclusive: {text}\"/>\n    </testcase>\n")
                }
                verdict => {
                    let kind = if verdict == Judgement::Failed { "failed" } else { "inconclusive" };
                    format!(">\n      <failure type=\"{kind}\" message=\"{text}\">{text}</failure>\n    </testcase>\n")
                }
            };
        }
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}
