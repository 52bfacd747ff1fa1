//! The chart of the mean time of an answer by its parts, for each workload: waiting, the time to the first token,
//! writing.

use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Room, STRONG};
use super::{Chart, ChartError, Drawing, Subject, labels, source};
use crate::results::Point;

pub(super) struct LatencyParts;

/// The most workloads that are drawn, because nobody compares more.
const MOST_ROWS: usize = 10;
/// The height of a bar's row \[CSS px\].
const ROW_HEIGHT: f64 = 30.0;
/// The width of a row's label \[CSS px\].
const LABEL_WIDTH: f64 = 150.0;
/// The longest time that is drawn as it is \[ms\], so that sums do not overflow.
const LONGEST_MS: f64 = 1e12;

/// The share of an answer's time below which the figure of a part is not written \[1\].
const LEAST_SHARE: f64 = 0.0005;

/// The parts of an answer's time with their colours, in the order of time. Waiting and the first token have the same
/// colours in the chart of the distribution.
const PARTS: [(&str, Ink); 3] = [
    ("waiting: queues, retries, the client", Ink::Amber),
    ("service until the first token", Ink::Vermillion),
    ("writing the answer", Ink::Blue),
];

impl Chart for LatencyParts {
    fn name(&self) -> &'static str {
        "latency_parts"
    }

    fn shows(&self) -> &'static str {
        "Where the time of an answer goes, workload by workload: waiting, service until the first token, writing."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some(point) = subject.point() else { return Ok(Vec::new()) };
        let (rows, left_out) = rows(point);
        let Some(whole) = rows.first() else { return Ok(Vec::new()) };
        let left_out =
            if left_out == 0 { String::new() } else { format!("{left_out} faster workloads are not drawn · ") };
        let heading = Heading {
            name: self.name().to_owned(),
            title: "Where the time of an answer goes".to_owned(),
            subtitle: subtitle(whole),
            legend: PARTS.iter().map(|(name, ink)| ((*name).to_owned(), Mark::Area(*ink))).collect(),
            source: left_out + &source(subject.results, point),
            height: 136.0 + rows.len() as f64 * ROW_HEIGHT,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| body(canvas, room, &rows))?])
    }
}

/// The mean answer of a workload.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    label: String,
    /// The mean time of each part \[ms\].
    parts: [f64; 3],
}

impl Row {
    /// Returns the row of a prefix. Means add up, so that the difference of two is a mean too. `None`: a mean is
    /// missing.
    fn of(point: &Point, prefix: &str, label: &str) -> Option<Self> {
        let mean = |stem: &str| {
            let ms = point.value(&format!("{prefix}{stem}_mean_ms"))?;
            ms.is_finite().then_some(ms.clamp(0.0, LONGEST_MS))
        };
        let (waiting, first, whole) = (mean("queue_delay")?, mean("ttft")?, mean("e2e")?);
        let parts = [waiting, (first - waiting).max(0.0), (whole - first.max(waiting)).max(0.0)];
        (parts.iter().sum::<f64>() > 0.0).then(|| Self { label: label.to_owned(), parts })
    }

    fn whole(&self) -> f64 {
        self.parts.iter().sum()
    }
}

/// Returns all requests together, then the slowest workloads where there are several; and how many workloads are left
/// out.
fn rows(point: &Point) -> (Vec<Row>, usize) {
    let Some(all) = Row::of(point, "", "all requests") else { return (Vec::new(), 0) };
    let of_workload = |name: &String| {
        let workload = name.strip_prefix("workloads.")?.strip_suffix(".e2e_mean_ms")?;
        Row::of(point, &format!("workloads.{workload}."), workload)
    };
    let mut each: Vec<Row> = point.metrics.keys().filter_map(of_workload).collect();
    if each.len() < 2 {
        return (vec![all], 0);
    }
    each.sort_by(|a, b| b.whole().total_cmp(&a.whole()));
    let left_out = each.len().saturating_sub(MOST_ROWS);
    each.truncate(MOST_ROWS);
    (std::iter::once(all).chain(each).collect(), left_out)
}

fn subtitle(row: &Row) -> String {
    let share = |i: usize| match row.parts[i] / row.whole() {
        // More digits than these are not known.
        share if share > 0.0 && share < LEAST_SHARE => format!("less than {}", labels::percent(LEAST_SHARE)),
        share => labels::percent(share),
    };
    format!(
        "A served request takes {} on average: {} is waiting, {} service until the first token, {} writing.",
        labels::latency(row.whole()),
        share(0),
        share(1),
        share(2)
    )
}

/// Returns the colour of text that is legible on a part of a bar.
const fn over(ink: Ink) -> Ink {
    if matches!(ink, Ink::Amber) { Ink::Text } else { Ink::Paper }
}

fn body(canvas: &Canvas<'_>, room: Room, rows: &[Row]) -> Result<(), ChartError> {
    let most = rows.iter().map(Row::whole).fold(0.0, f64::max);
    let left = room.left + LABEL_WIDTH + 10.0;
    let total_width = rows.iter().map(|row| STRONG.width(&labels::latency(row.whole()))).fold(0.0, f64::max);
    let scale = (room.right - total_width - 8.0 - left) / most;
    for (i, row) in rows.iter().enumerate() {
        let top = room.top + 8.0 + i as f64 * ROW_HEIGHT;
        let (label, face) = (LABEL.fit(&row.label, LABEL_WIDTH), if i == 0 { STRONG } else { LABEL });
        canvas.text(room.left + LABEL_WIDTH, top + 15.0, &label, face, Ink::Text, Align::Right)?;
        let mut from = left;
        for ((name, ink), ms) in PARTS.iter().zip(row.parts).filter(|(_, ms)| *ms > 0.0) {
            let right = from + ms * scale;
            canvas.rect(Room { left: from, right: (right - 1.0).max(from + 0.5), top, bottom: top + 21.0 }, *ink)?;
            let text = labels::latency(ms);
            if LABEL.width(&text) + 10.0 < right - from {
                let middle = f64::midpoint(from, right);
                canvas.text(middle, top + 15.0, &text, LABEL, over(*ink), Align::Middle)?;
            }
            canvas.tip(f64::midpoint(from, right), top + 10.0, format!("{}: {name} {text}", row.label));
            from = right;
        }
        let whole = labels::latency(row.whole());
        canvas.text(from + 7.0, top + 15.0, &whole, STRONG, Ink::Text, Align::Left)?;
    }
    Ok(())
}
