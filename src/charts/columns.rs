//! The columns of a chart over time. Limits are per minute, so buckets shorter than a minute are joined to whole minutes:
//! a five-second bucket scaled to a minute would show bursts that no limit sees.

use std::ops::Range;

use crate::results::Timeline;

/// The largest figure that is drawn as it is, so that sums do not overflow.
const LARGEST: f64 = 1e18;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// The boundaries of the columns \[s since t = 0\], one more than there are columns.
    pub(super) edges: Vec<f64>,
    /// The buckets of each.
    groups: Vec<Range<usize>>,
    /// The width of a whole column \[s\].
    pub(super) width_s: f64,
}

impl Columns {
    /// Returns the columns of a timeline; `None` when there is no bucket of a known width.
    pub(super) fn of(timeline: &Timeline) -> Option<Self> {
        let groups = timeline.columns();
        let begin = |i: usize| timeline.from_s + i as f64 * timeline.bucket_s;
        let end = groups.last()?.end;
        let mut edges: Vec<f64> = groups.iter().map(|g| begin(g.start)).collect();
        edges.push(begin(end));
        Some(Self { edges, groups, width_s: timeline.column_s() })
    }

    /// Returns the mean of a series in each column.
    pub(super) fn mean(&self, series: &[f64]) -> Vec<f64> {
        self.fold(series, |known| known.iter().sum::<f64>() / known.len() as f64)
    }

    /// Returns the largest of a series in each column.
    pub(super) fn peak(&self, series: &[f64]) -> Vec<f64> {
        self.fold(series, |known| known.iter().copied().fold(0.0, f64::max))
    }

    /// Reduces a series to one value per column. A value that is missing, negative or not a number counts as zero.
    fn fold(&self, series: &[f64], of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let known: Vec<f64> = series.iter().map(|v| if v.is_nan() { 0.0 } else { v.clamp(0.0, LARGEST) }).collect();
        let part = |g: &Range<usize>| known.get(g.start..g.end.min(known.len())).filter(|part| !part.is_empty());
        self.groups.iter().map(|g| part(g).map_or(0.0, &of)).collect()
    }

    /// Returns the outline of columns from the bottom to `values`, in order of time: two corners to a column.
    pub(super) fn steps(&self, values: &[f64]) -> Vec<(f64, f64)> {
        self.edges.windows(2).zip(values).flat_map(|(edge, v)| [(edge[0], *v), (edge[1], *v)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn timeline(from_s: f64, bucket_s: f64, values: &[f64]) -> Timeline {
        let series = BTreeMap::from([("a".to_owned(), values.to_vec())]);
        Timeline { start: "2026-12-07T08:00:00Z".to_owned(), from_s, bucket_s, series }
    }

    #[test]
    fn short_buckets_join_to_minutes_of_the_clock() {
        let columns = Columns::of(&timeline(90.0, 30.0, &[1.0; 12])).unwrap();
        assert_eq!(columns.edges, [90.0, 120.0, 180.0, 240.0, 300.0, 360.0, 420.0, 450.0]);
        assert_eq!(columns.width_s, 60.0);
    }

    #[test]
    fn long_buckets_and_short_runs_stay() {
        assert_eq!(Columns::of(&timeline(0.0, 120.0, &[1.0; 4])).unwrap().edges.len(), 5);
        assert_eq!(Columns::of(&timeline(0.0, 1.0, &[1.0; 30])).unwrap().edges.len(), 31);
        assert_eq!(Columns::of(&timeline(0.0, 0.0, &[1.0])), None);
        assert_eq!(Columns::of(&timeline(0.0, 1.0, &[])), None);
    }

    #[test]
    fn columns_fold_what_is_known() {
        let columns = Columns::of(&timeline(0.0, 30.0, &[0.0; 12])).unwrap();
        assert_eq!(columns.mean(&[1.0, 3.0, 5.0]), [2.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(columns.peak(&[1.0, 3.0, f64::NAN, -2.0]), [3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(columns.peak(&[f64::INFINITY])[0], LARGEST);
    }
}
