//! Traces that are too long to be held in memory. Each replication reads them from the disk again, so a trace that changes
//! while it is simulated would mix the traffic of two files.

use std::collections::BTreeMap;

use super::{Exit, Trouble, fault, journal};
use crate::scenario::Source;

/// The long traces of a scenario, as they are before anything is simulated.
pub(super) struct LongTraces<'s> {
    source: &'s Source,
    /// The digest of each file, by its name.
    before: BTreeMap<String, String>,
}

impl<'s> LongTraces<'s> {
    /// Reads the long traces of a scenario that was loaded; of most scenarios there are none.
    ///
    /// # Errors
    /// A trace cannot be read any more.
    pub(super) fn of(source: &'s Source) -> Result<Self, Trouble> {
        let before = source.digests_of_long_traces().map_err(|error| journal::gone(&error))?;
        Ok(Self { source, before })
    }

    /// Returns nothing when every trace is still what it was.
    ///
    /// # Errors
    /// A trace changed, with `help` as what to do, or cannot be read any more.
    pub(super) fn refuse_changed(&self, help: &str) -> Result<(), Trouble> {
        let now = self.source.digests_of_long_traces().map_err(|error| journal::gone(&error))?;
        let changed = now.iter().find(|(name, digest)| self.before.get(*name) != Some(digest));
        let Some((name, _)) = changed else { return Ok(()) };
        let rule = format!("`{name}` changed while it was simulated: the results are of different traffic");
        Err(fault(Exit::Usage, rule, help.to_owned()))
    }
}

/// The help of a refusal before any results were written.
pub(super) const AGAIN: &str = "run the same command again";

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    const SCENARIO: &str = concat!(
        r#"
run = { warmup = "0s", replications = 1 }
"#,
        include_str!("../../tests/it/model.toml"),
        r#"arrivals.trace.file = "calls.csv"
max_tokens = 512
[capacities.us.on_demand]
rpm = 600
"#
    );

    #[test]
    fn a_long_trace_that_changes_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let (scenario, trace) = (folder.path().join("s.toml"), folder.path().join("calls.csv"));
        std::fs::write(&scenario, SCENARIO).expect("it is written");
        // More than 64 MiB of rows in memory.
        let rows = "1,10,5\n".repeat(1_800_000);
        std::fs::write(&trace, format!("arrival_s,input_tokens,output_tokens\n{rows}")).expect("it is written");
        let source = Source::open(&scenario, &[]).expect("it is opened");
        source.load(&[]).expect("it can run");
        let traces = LongTraces::of(&source).unwrap_or_else(|trouble| panic!("{}", trouble.message));
        assert_eq!(traces.before.len(), 1);
        assert!(traces.refuse_changed(AGAIN).is_ok(), "nothing has changed");
        let mut file = OpenOptions::new().append(true).open(&trace).expect("it is there");
        file.write_all(b"2,10,5\n").expect("it is written");
        let trouble = traces.refuse_changed(AGAIN).expect_err("it has changed");
        assert_eq!(trouble.exit, Exit::Usage);
        assert!(trouble.message.contains("`calls.csv` changed while it was simulated"), "{}", trouble.message);
    }
}
