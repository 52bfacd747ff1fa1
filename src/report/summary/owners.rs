//! The requests of each owner, and what each takes of the limits that they share.

use super::super::owners;
use super::{Row, Story, Table};

impl Story<'_> {
    /// Adds the figures of each owner, the one that takes the largest share of a limit first.
    pub(super) fn owners(&mut self) {
        let rows: Vec<Vec<String>> = owners::rows(self.point).into_iter().map(Vec::from).collect();
        if !rows.is_empty() {
            let table = Table { columns: owners::COLUMNS.to_vec(), rows };
            self.rows.push(Row { label: "Owners", lines: Vec::new(), table: Some(table) });
        }
    }
}
