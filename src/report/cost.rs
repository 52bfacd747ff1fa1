//! The cost of a run in lines: totals, their intervals, items, discounts, and what is not known. A total that leaves out
//! something unknown is never shown as the total.

use super::figures::{interval, money, share};
use crate::results::{BillItem, Point, Results};
use crate::terms::Unit;

/// Returns the cost of a point as the lines of a summary.
pub(super) fn lines(results: &Results, point: &Point) -> Vec<String> {
    let bill = &point.bill;
    let mut lines = match point.value("cost_usd") {
        Some(cost) => vec![totals(point, cost)],
        None => unknown_total(bill),
    };
    lines.extend(month(results, point));
    lines.extend(discount(bill));
    lines.extend(items(bill));
    lines.extend(once(bill));
    lines.extend(point.commitments.iter().map(|c| {
        let due = c.usd.map_or_else(|| "an unknown amount".to_owned(), money);
        let list = c.list_usd.map(|usd| format!(" ({} by list price)", money(usd))).unwrap_or_default();
        format!("committed {due}{list} for {} of {} until {}", c.what, c.capacity, c.ends)
    }));
    lines
}

fn totals(point: &Point, cost: f64) -> String {
    let each = point.value("cost_per_1k_requests_usd");
    let each = each.map(|each| format!(" · {} per 1,000 requests", money(each))).unwrap_or_default();
    format!("{} for the measured time{each}", money(cost))
}

/// Returns the items whose prices are missing and the sum of the other items, as lines.
fn unknown_total(bill: &[BillItem]) -> Vec<String> {
    let unknown: Vec<String> = bill.iter().filter(|item| item.usd.is_none()).map(unpriced).collect();
    let known: Vec<f64> = bill.iter().filter_map(|item| item.usd).filter(|usd| *usd > 0.0).collect();
    let mut lines = vec![format!("the total is not known: no price for {}", unknown.join(", "))];
    if !known.is_empty() {
        lines.push(format!("the items with known prices come to {} for the measured time", money(known.iter().sum())));
    }
    lines
}

/// Returns the name of an unpriced bill item, and the key that would state its price.
pub(super) fn unpriced(item: &BillItem) -> String {
    match &item.missing {
        Some(key) => format!("{} (state `{key}`)", item.what),
        None => item.what.clone(),
    }
}

/// Returns why the cost of a month is not known; `None`: it is.
pub(super) fn why_no_month(results: &Results) -> Option<&str> {
    let mut of_month = results.notes.iter().filter(|note| note.metric.as_deref() == Some("cost_per_month_usd"));
    of_month.find_map(|note| note.text.strip_prefix("null: "))
}

/// Returns why figures of the bill are not known, one sentence each.
pub(super) fn unknowns(results: &Results, point: &Point) -> Vec<String> {
    let bill = &point.bill;
    let total = point.value("cost_usd").is_none() && bill.iter().any(|item| item.usd.is_none());
    let total = if total { unknown_total(bill) } else { Vec::new() };
    let once = bill.iter().filter(|item| item.usd_once.is_none());
    let once = once.map(|item| format!("the price of {}, paid once, is not known", unpriced(item)));
    let month = why_no_month(results).filter(|_| point.value("cost_per_month_usd").is_none());
    let month = month.map(|why| format!("the cost per month is not known: {why}"));
    total.into_iter().chain(month).chain(once).collect()
}

/// Returns the cost of a month with its interval, or why there is none.
fn month(results: &Results, point: &Point) -> Vec<String> {
    const COST: &str = "cost_per_month_usd";
    let of_month = results.notes.iter().filter(|note| note.metric.as_deref() == Some(COST));
    let mut lines = match point.value(COST) {
        Some(_) => vec![format!("{} a month at this rate", interval(point.metrics.get(COST), Unit::Usd))],
        None => Vec::new(),
    };
    lines.extend(why_no_month(results).map(|why| format!("a month is not known: {why}")));
    lines.extend(of_month.filter(|note| !note.text.starts_with("null: ")).map(|note| note.text.clone()));
    lines
}

/// Returns a sentence with the bill by list price and the discounts on it; `None`: no discount is in force.
fn discount(bill: &[BillItem]) -> Option<String> {
    let mut named: Vec<(&str, f64)> = Vec::new();
    for (item, list) in bill.iter().filter_map(|item| Some((item, item.list.as_ref()?))) {
        if list.discount > 0.0 && !named.iter().any(|(component, _)| *component == item.component) {
            named.push((&item.component, list.discount));
        }
    }
    // Of a month where all of it is known, else of the measured time.
    let sum =
        |of: fn(&BillItem) -> [Option<f64>; 3], i: usize| bill.iter().map(|item| of(item)[i]).sum::<Option<f64>>();
    let whole = |i: usize| sum(BillItem::listed, i).zip(sum(BillItem::due, i));
    let (list, due, when) = match (whole(1), whole(0)) {
        (Some((list, due)), _) => (list, due, "a month"),
        (None, Some((list, due))) => (list, due, "for the measured time"),
        (None, None) => return None,
    };
    let named: Vec<String> =
        named.iter().map(|(component, off)| format!("{} {}", component.replace('_', " "), share(*off))).collect();
    (!named.is_empty()).then(|| {
        format!("list price {} {when}, less {} of discount ({})", money(list), money(list - due), named.join(", "))
    })
}

/// Returns the items of the bill, where there are several.
fn items(bill: &[BillItem]) -> Vec<String> {
    if bill.len() < 2 {
        return Vec::new();
    }
    let paid = bill.iter().filter_map(|item| Some((item, item.usd?))).filter(|(_, usd)| *usd > 0.0);
    let line = |(item, usd): (&BillItem, f64)| {
        let month = item.usd_per_month.map(|m| format!(", {} a month", money(m))).unwrap_or_default();
        let at = item.capacity.as_ref().filter(|name| !item.what.contains(name.as_str()));
        let at = at.map(|name| format!(" of {name}")).unwrap_or_default();
        format!("  {}{at}: {}{month}", item.what, money(usd))
    };
    paid.map(line).collect()
}

/// Returns the one-time costs as lines, those whose price is not known included.
fn once(bill: &[BillItem]) -> Vec<String> {
    let known = bill.iter().filter_map(|item| Some((item, item.usd_once?))).filter(|(_, usd)| *usd > 0.0);
    let mut lines: Vec<String> = known.map(|(item, usd)| format!("once {} for {}", money(usd), item.what)).collect();
    let unknown = bill.iter().filter(|item| item.usd_once.is_none());
    lines.extend(unknown.map(|item| format!("once, and in no total: the price of {} is not known", unpriced(item))));
    lines
}
