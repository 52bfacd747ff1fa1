//! The chart of the bill: the total in one bar, and a bar for each part. Costs of a whole term stand apart.

use std::collections::BTreeMap;

use super::frame::{self, Align, BODY, Canvas, Heading, Ink, LABEL, Mark, Room, STRONG};
use super::{Chart, ChartError, Drawing, Subject, labels, source};
use crate::results::{BillItem, Point};

pub(super) struct CostByComponent;

/// The most rows, because nobody compares more of them; the rest share one.
const MOST_ROWS: usize = 10;
/// The height of a bar's row \[CSS px\].
const ROW_HEIGHT: f64 = 26.0;
const BAR_HEIGHT: f64 = 30.0;
/// The width of the rows' labels \[CSS px\]; where names are longer, bars leave the labels more room.
const LABEL_WIDTH: f64 = 236.0;
const WIDEST_LABEL: f64 = 370.0;
/// The width right of the longest bar, for its amount \[CSS px\].
const AMOUNT_WIDTH: f64 = 118.0;
/// The largest amount that is drawn as it is, so that sums of sums do not overflow \[USD\].
const LARGEST: f64 = 1e15;

impl Chart for CostByComponent {
    fn name(&self) -> &'static str {
        "cost_by_component"
    }

    fn shows(&self) -> &'static str {
        "What the bill is made of, and how much of it is committed whatever is used."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some(point) = subject.point() else { return Ok(Vec::new()) };
        let Some(bill) = Bill::of(point) else { return Ok(Vec::new()) };
        let mut legend = Vec::new();
        for (part, name) in [(true, "committed for a term"), (false, "without commitment")] {
            if bill.rows.iter().any(|row| row.is_committed == part) {
                legend.push((name.to_owned(), Mark::Area(ink(part))));
            }
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("What {} costs, by component", bill.period.0),
            subtitle: bill.subtitle(point),
            legend,
            source: bill.with_unknown(source(subject.results, point)),
            height: 144.0 + bill.whole_height() + bill.rows.len() as f64 * ROW_HEIGHT,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| bill.body(canvas, room))?])
    }
}

const fn ink(is_committed: bool) -> Ink {
    if is_committed { Ink::Purple } else { Ink::Green }
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    label: String,
    /// The amount, above zero \[USD\].
    usd: f64,
    is_committed: bool,
}

struct Bill {
    /// The parts of the bill: committed ones first, then by amount.
    rows: Vec<Row>,
    total: f64,
    /// The period that the amounts are for, as a subject and as an adverb.
    period: (&'static str, &'static str),
    /// The number of items whose amount is not known.
    unknown: usize,
    once: f64,
}

impl Bill {
    /// Returns the bill of a point; `None`: nothing is known to be paid.
    fn of(point: &Point) -> Option<Self> {
        let known = |item: &BillItem| item.usd_per_month.is_some() || item.usd.is_none();
        let is_monthly = point.bill.iter().all(known) && point.bill.iter().any(|item| item.usd_per_month.is_some());
        let amount = |item: &BillItem| if is_monthly { item.usd_per_month } else { item.usd };
        let mut parts: BTreeMap<(bool, String), f64> = BTreeMap::new();
        for item in &point.bill {
            let usd = amount(item).filter(|usd| *usd > 0.0).unwrap_or(0.0).min(LARGEST);
            *parts.entry((is_committed(item, point), label(item))).or_default() += usd;
        }
        let mut rows: Vec<Row> = parts
            .into_iter()
            .filter(|(_, usd)| *usd > 0.0)
            .map(|((is_committed, label), usd)| Row { label, usd, is_committed })
            .collect();
        let total = rows.iter().map(|row| row.usd).sum();
        if rows.is_empty() {
            return None;
        }
        let period = if is_monthly { ("a month", "a month") } else { ("the run", "in the measured interval") };
        let once = point.bill.iter().filter_map(|item| item.usd_once).filter(|usd| *usd > 0.0);
        rows.sort_by(|a, b| b.is_committed.cmp(&a.is_committed).then(b.usd.total_cmp(&a.usd)));
        Some(Self {
            rows: folded(rows),
            total,
            period,
            unknown: point.bill.iter().filter(|item| amount(item).is_none()).count(),
            once: once.fold(0.0, |sum, usd| sum + usd.min(LARGEST)),
        })
    }

    fn subtitle(&self, point: &Point) -> String {
        let committed: f64 = self.rows.iter().filter(|row| row.is_committed).map(|row| row.usd).sum();
        let mut text = format!("{} {}", labels::money(self.total), self.period.1);
        if committed > 0.0 {
            text += &format!(", {} of it committed", labels::percent(committed / self.total));
        }
        text += ".";
        let terms: Vec<f64> = point.commitments.iter().filter_map(|c| c.usd).filter(|usd| *usd > 0.0).collect();
        let last = point.commitments.iter().map(|c| c.ends.as_str()).max();
        if let Some(last) = last.filter(|_| !terms.is_empty()) {
            let due = labels::money(terms.iter().fold(0.0, |sum, usd| sum + usd.min(LARGEST)));
            text += &match terms.len() {
                1 => format!(" Due for the whole term, to {last}: {due}."),
                n => format!(" Due for {n} whole terms, the last of them to {last}: {due}."),
            };
        }
        if self.once > 0.0 {
            text += &format!(" Paid once, and not shown: {}.", labels::money(self.once));
        }
        text
    }

    fn with_unknown(&self, source: String) -> String {
        match self.unknown {
            0 => source,
            1 => format!("one item has no known amount and is not drawn · {source}"),
            n => format!("{n} items have no known amount and are not drawn · {source}"),
        }
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        if self.rows.len() > 1 {
            let top = room.top + 10.0;
            self.whole(canvas, Room { top, bottom: top + BAR_HEIGHT, ..room })?;
        }
        let top = room.top + self.whole_height();
        let most = self.rows.iter().map(|row| row.usd).fold(0.0, f64::max);
        let widest = self.rows.iter().map(|row| LABEL.width(&row.label)).fold(0.0, f64::max);
        let label_width = widest.clamp(LABEL_WIDTH, WIDEST_LABEL);
        let left = room.left + label_width + 10.0;
        let scale = (room.right - AMOUNT_WIDTH - left) / most;
        for (i, row) in self.rows.iter().enumerate() {
            let y = top + 10.0 + i as f64 * ROW_HEIGHT;
            let label = LABEL.fit_ends(&row.label, label_width);
            canvas.text(room.left + label_width, y + 14.0, &label, LABEL, Ink::Text, Align::Right)?;
            // A hair of width keeps what is small from looking like nothing.
            let right = left + (row.usd * scale).max(1.5);
            canvas.rect(Room { left, right, top: y + 2.0, bottom: y + 18.0 }, ink(row.is_committed))?;
            let amount = labels::money(row.usd);
            canvas.text(right + 7.0, y + 14.0, &amount, STRONG, Ink::Text, Align::Left)?;
            let share = labels::percent(row.usd / self.total);
            let after = right + 7.0 + STRONG.width(&amount) + 7.0;
            canvas.text(after, y + 14.0, &share, LABEL, Ink::Faint, Align::Left)?;
            canvas.tip(f64::midpoint(left, right), y + 10.0, format!("{}: {amount}, {share}", row.label));
        }
        Ok(())
    }

    /// Returns the room of the bar of all, which a single row makes needless.
    fn whole_height(&self) -> f64 {
        if self.rows.len() > 1 { BAR_HEIGHT + 22.0 } else { 0.0 }
    }

    /// Draws all of the bill in one bar, with a gap between its parts and a wider one after what is committed.
    fn whole(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let mut left = room.left;
        for (i, row) in self.rows.iter().enumerate() {
            let end = left + room.width() * row.usd / self.total;
            let next = self.rows.get(i + 1);
            let gap = match next {
                None => 0.0,
                Some(next) if next.is_committed == row.is_committed => 1.5,
                Some(_) => 6.0,
            };
            let right = (end - gap).max(left + 0.75);
            canvas.rect(Room { left, right, ..room }, ink(row.is_committed))?;
            let share = labels::percent(row.usd / self.total);
            if BODY.width(&share) + 10.0 < right - left {
                let middle = f64::midpoint(left, right);
                canvas.text(middle, room.bottom - 11.0, &share, STRONG, Ink::Paper, Align::Middle)?;
            }
            left = end;
        }
        Ok(())
    }
}

/// Returns whether an item was bought for a term, so that it is due whatever is used.
fn is_committed(item: &BillItem, point: &Point) -> bool {
    point.commitments.iter().any(|c| item.capacity.as_ref() == Some(&c.capacity) && item.what == c.what)
}

/// Returns a label such as `provisioned at dedicated: 1 Model Unit` or `on demand at us`, which all workloads share.
fn label(item: &BillItem) -> String {
    let mut label = item.component.replace('_', " ");
    if let Some(capacity) = &item.capacity {
        label += &format!(" at {capacity}");
    }
    if item.workload.is_none() && !item.what.is_empty() {
        label += &format!(": {}", item.what);
    }
    label
}

/// Joins the smallest of too many rows in one row, or in one committed and one other row.
fn folded(rows: Vec<Row>) -> Vec<Row> {
    if rows.len() <= MOST_ROWS {
        return rows;
    }
    let mut by_size: Vec<f64> = rows.iter().map(|row| row.usd).collect();
    by_size.sort_by(|a, b| b.total_cmp(a));
    // Both kinds may have a rest of their own.
    let least = by_size[MOST_ROWS - 2];
    let mut kept: Vec<Row> = Vec::new();
    for kind in [true, false] {
        let (large, small): (Vec<Row>, Vec<Row>) =
            rows.iter().filter(|row| row.is_committed == kind).cloned().partition(|row| row.usd > least);
        kept.extend(large);
        match small.len() {
            0 => {}
            1 => kept.extend(small),
            n => kept.push(Row {
                label: format!("{n} others"),
                usd: small.iter().map(|row| row.usd).sum(),
                is_committed: kind,
            }),
        }
    }
    kept
}
