//! The requests of each owner, and what each takes of the limits that they share.

use super::super::figures::{amount, count, share};
use super::{Row, Story, Table};
use crate::terms;

impl Story<'_> {
    /// Tells of each owner, the one with the most requests without an answer first.
    pub(super) fn owners(&mut self) {
        let owners = terms::parts(&self.results.metric_names, "owners");
        if owners.is_empty() {
            return;
        }
        let of = |owner: &str, metric: &str| self.value(&format!("owners.{owner}.{metric}"));
        let mut sorted: Vec<(f64, String)> = owners.into_iter().map(|o| (of(&o, "failure_rate"), o)).collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| terms::natural_order(&a.1, &b.1)));
        let rows = sorted
            .iter()
            .map(|(fails, owner)| vec![owner.clone(), count(of(owner, "requests")), share(*fails), self.taken(owner)]);
        let table = Table { columns: vec!["owner", "requests", "fail", "takes"], rows: rows.collect() };
        self.rows.push(Row { label: "Owners", lines: Vec::new(), table: Some(table) });
    }

    /// The limit of which an owner takes the largest share.
    fn taken(&self, owner: &str) -> String {
        let takes = self.point.takes.iter().filter(|take| take.owner == owner);
        let largest = takes.filter_map(|take| Some((take.share?, take))).max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((taken, take)) = largest else { return "–".to_owned() };
        let (path, kind) = take.limit.rsplit_once('.').unwrap_or(("", &take.limit));
        let name = path.split_once('.').map_or(path, |(_, name)| name);
        format!("{} of {name} {kind}, {} a minute", share(taken), amount(take.per_minute))
    }
}
