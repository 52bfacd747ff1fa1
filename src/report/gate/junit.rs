//! JUnit's XML, as CI systems read it: a suite for each scenario, a case for each thing that was judged.

use super::{Checked, visible};
use crate::escape::xml as escaped;
use crate::results::Judgement;

/// The document. What is inconclusive is a failure, or skipped where it `may_pass`.
#[must_use]
pub fn junit(all: &[Checked], may_pass: bool) -> String {
    let all = &visible(all)[..];
    let count = |verdict: Judgement, checked: &[Checked]| {
        checked.iter().flat_map(|c| &c.cases).filter(|case| case.verdict == verdict).count()
    };
    let numbers = |of: &[Checked]| {
        let doubtful = count(Judgement::Inconclusive, of);
        let (failures, skipped) = if may_pass { (0, doubtful) } else { (doubtful, 0) };
        let tests: usize = of.iter().map(|c| c.cases.len()).sum();
        let failures = failures + count(Judgement::Failed, of);
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
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
