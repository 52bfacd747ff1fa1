//! A sample of bounded size, and the rank correlation of what is in it.

use crate::random::{Purpose, Stream};

/// Rows that are kept. The standard error of their rank correlation is about 0.008.
const KEPT: usize = 16_384;

/// A row and the draw that decides whether it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    draw: u64,
    input: u32,
    output: u32,
}

/// The rows with the smallest draws: each row is as likely as any other to be kept, and the same file keeps the same
/// rows. Up to [`KEPT`] rows that is all of them.
#[derive(Debug, Clone)]
pub struct Sample {
    stream: Stream,
    /// Rows from this draw on are not kept.
    below: u64,
    kept: Vec<Kept>,
}

impl Default for Sample {
    fn default() -> Self {
        Self { stream: Stream::new(0, 0, Purpose::Sample, ""), below: u64::MAX, kept: Vec::new() }
    }
}

impl Sample {
    /// Offers row number `index`, with its input and output tokens, to the random sample; the row is kept if its draw
    /// is small enough.
    #[inline]
    pub fn add(&mut self, index: u64, input: u32, output: u32) {
        let draw = self.stream.bits(index);
        if draw < self.below {
            self.keep(Kept { draw, input, output });
        }
    }

    fn keep(&mut self, row: Kept) {
        self.kept.push(row);
        // Room for twice as many, so that the smallest need be found but rarely.
        if self.kept.len() == 2 * KEPT {
            self.below = self.kept.select_nth_unstable(KEPT).1.draw;
            self.kept.truncate(KEPT);
        }
    }

    /// Spearman's rank correlation of input and output; `None` when one of them never varies \[1\].
    pub fn rank_correlation(&self) -> Option<f64> {
        let mut kept = self.kept.clone();
        kept.sort_unstable();
        kept.truncate(KEPT);
        let inputs = ranks(&kept.iter().map(|row| row.input).collect::<Vec<_>>());
        let outputs = ranks(&kept.iter().map(|row| row.output).collect::<Vec<_>>());
        let middle = (kept.len() as f64 - 1.0) / 2.0;
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - middle) * (y - middle)).sum::<f64>();
        let spread = (product(&inputs, &inputs) * product(&outputs, &outputs)).sqrt();
        (spread > 0.0).then(|| product(&inputs, &outputs) / spread)
    }
}

/// Returns the rank of each value, from 0; equal values share the mean of their ranks.
fn ranks(values: &[u32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by_key(|i| values[*i]);
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = first as f64 + (equal.len() as f64 - 1.0) / 2.0;
        equal.iter().for_each(|i| ranks[*i] = rank);
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Law, Shape};

    fn correlation(rows: &[(u32, u32)]) -> Option<f64> {
        let mut sample = Sample::default();
        rows.iter().zip(0..).for_each(|((input, output), i)| sample.add(i, *input, *output));
        sample.rank_correlation()
    }

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(ranks(&[7, 3, 7, 9, 7]), [2.0, 0.0, 2.0, 4.0, 2.0]);
    }

    #[test]
    fn a_known_correlation_is_found() {
        // Any rising relation is a correlation of one.
        assert_eq!(correlation(&[(1, 10), (2, 11), (9, 5_000), (4, 12)]), Some(1.0));
        assert_eq!(correlation(&[(1, 9), (2, 8), (3, 1)]), Some(-1.0));
        // Without ties: 1 - 6 sum d² / (n (n² - 1)) with d = 1, 1, 0, 1, 1.
        let got = correlation(&[(1, 2), (2, 1), (3, 3), (4, 5), (5, 4)]).unwrap();
        assert!((got - 0.8).abs() < 1e-12, "{got}");
        assert_eq!(correlation(&[(1, 5), (2, 5), (3, 5)]), None);
        assert_eq!(correlation(&[]), None);
    }

    #[test]
    fn many_rows_are_told_by_some() {
        let n = 200_000;
        let draw = |purpose| {
            let mut out = vec![0.0; n];
            let law = Law::of(Shape::Uniform { low: 0.0, high: 1e6 });
            law.fill(Stream::new(1, 0, purpose, "sample"), 0, &mut out);
            out.into_iter().map(|x| x as u32).collect::<Vec<_>>()
        };
        let (x, other) = (draw(Purpose::Input), draw(Purpose::Output));
        // Every second output is the input again: a correlation of one half.
        let half: Vec<(u32, u32)> = (0..n).map(|i| (x[i], if i % 2 == 0 { x[i] } else { other[i] })).collect();
        let apart: Vec<(u32, u32)> = x.iter().copied().zip(other).collect();
        let error = 3.29 / (KEPT as f64).sqrt();
        assert!((correlation(&half).unwrap() - 0.5).abs() < error, "{:?}", correlation(&half));
        assert!(correlation(&apart).unwrap().abs() < error, "{:?}", correlation(&apart));

        let mut sample = Sample::default();
        apart.iter().zip(0..).for_each(|((a, b), i)| sample.add(i, *a, *b));
        assert!((KEPT..2 * KEPT).contains(&sample.kept.len()), "the sample is bounded");
    }
}
