//! The bill of a run: the items of its ledger, averaged over the replications, and what is due for whole terms.

use super::replicate::Replication;
use crate::metrics::{Item, component_of, ledger, list_term, term};
use crate::model::Model;
use crate::model::capacity::purchase::Commitment;
use crate::results::{BillItem, CommitmentItem, ListPrice};
use crate::units::Usd;

/// Returns the items of the bill, in the ledger's order. An amount that is unknown in some replication is unknown here.
pub(super) fn bill(model: &Model, replications: &[Replication]) -> Vec<BillItem> {
    let (from, to) = (model.run.warmup, model.run.measured_end());
    let ledgers: Vec<Vec<Item>> = replications.iter().map(|r| ledger(model, &r.record.measured, from, to)).collect();
    let Some(first) = ledgers.first() else { return Vec::new() };
    let mean = |i: usize, amount: fn(&Item) -> Option<Usd>| {
        let sum: Option<Usd> = ledgers.iter().map(|items| amount(&items[i])).sum();
        sum.map(|sum| sum.as_f64() / ledgers.len() as f64)
    };
    let item = |(i, item): (usize, &Item)| BillItem {
        component: item.component.name().to_owned(),
        what: item.what.clone(),
        workload: item.workload.map(|w| model.workloads[w].name.clone()),
        capacity: item.capacity.map(|c| model.capacities[c].name.clone()),
        usd: mean(i, |item| item.due.cost),
        usd_per_month: mean(i, |item| item.due.per_month),
        usd_once: mean(i, |item| item.due.once),
        missing: (item.due.cost.is_none() || item.due.once.is_none()).then(|| item.key.clone()),
        list: item.discount.map(|off| ListPrice {
            discount: off as f64 / 1e6,
            usd: mean(i, |item| item.list.cost),
            usd_per_month: mean(i, |item| item.list.per_month),
            usd_once: mean(i, |item| item.list.once),
        }),
    };
    first.iter().enumerate().map(item).collect()
}

/// Returns the amounts that are due for whole terms of commitments, whatever is used.
pub(super) fn commitments(model: &Model) -> Vec<CommitmentItem> {
    let purchases = model.capacities.iter().flat_map(|c| c.billing.purchases().iter().map(move |p| (c, p)));
    let bound = purchases.filter(|(_, purchase)| purchase.commitment != Commitment::None);
    bound
        .map(|(capacity, purchase)| {
            let (component, money) = (component_of(&capacity.billing), &model.money);
            let list = money.discounts.contains_key(&component).then(|| list_term(purchase, money)).flatten();
            CommitmentItem {
                capacity: capacity.name.clone(),
                what: purchase.what.clone(),
                commitment: purchase.commitment.name().to_owned(),
                usd: term(purchase, component, money).map(Usd::as_f64),
                list_usd: list.map(Usd::as_f64),
                ends: model
                    .run
                    .start
                    .before(purchase.term_before)
                    .date_after(purchase.from, purchase.commitment.months()),
            }
        })
        .collect()
}
