//! The ledger: each item of the bill, exact, with its payer, and with its monthly cost where that can be derived.

use super::record::Record;
use crate::model::Model;
use crate::model::capacity::custom_import::cost_of_windows;
use crate::model::capacity::purchase::Purchase;
use crate::model::capacity::{Billing, Capacity};
use crate::model::pricing::{Billed, Component, Money};
use crate::model::workload::arrivals::Intensity;
use crate::model::workload::steps::Stage;
use crate::units::{MICROS_PER_DAY, MICROS_PER_HOUR, SimTime, Usd};

/// One item of the bill. An amount is `None` where it is not known: a price that is not known, a month that the run
/// does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub component: Component,
    /// Index of the workload whose use it is; `None`: it is due whoever uses it.
    pub workload: Option<usize>,
    /// Index of the capacity that it pays for.
    pub capacity: Option<usize>,
    /// The thing that is paid for, in words.
    pub what: String,
    /// The scenario key that states its price.
    pub key: String,
    /// The amounts due.
    pub due: Amounts,
    /// The amounts before the discount.
    pub list: Amounts,
    /// Taken off the list \[10⁻⁶\]; `None`: no discount is agreed on.
    pub discount: Option<u64>,
}

/// The amounts of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// The cost within the interval.
    pub cost: Option<Usd>,
    pub per_month: Option<Usd>,
    /// Paid once, however long one stays; no part of the others.
    pub once: Option<Usd>,
}

impl Amounts {
    /// Returns the amounts of a cost that recurs.
    const fn recurring(cost: Option<Usd>, per_month: Option<Usd>) -> Self {
        Self { cost, per_month, once: Some(Usd::ZERO) }
    }
}

/// The workload and the capacity that an item belongs to; `None`: no one in particular.
type Payer = (Option<usize>, Option<usize>);

/// Returns why usage in a month cannot be derived from an interval of the run; `None` when it can.
#[must_use]
pub fn no_month_because(model: &Model, duration: SimTime) -> Option<&'static str> {
    let weekly = model.workloads.iter().any(|w| w.arrivals.intensity().is_some_and(Intensity::is_weekly));
    let period = if weekly { 7 * MICROS_PER_DAY } else { MICROS_PER_DAY };
    let whole = duration.0 > 0 && duration.0.is_multiple_of(period);
    let stationary = model.workloads.iter().all(|w| w.arrivals.is_stationary());
    // What changes in the run does not change so in every hour of a month.
    let stationary = stationary && model.capacities.iter().all(Capacity::is_stationary);
    if model.money.requests_per_month.is_some() || whole || stationary {
        return None;
    }
    Some(if weekly {
        "traffic varies over the week and the run does not cover whole weeks; set money.requests_per_month"
    } else {
        "traffic or capacity varies and the run does not cover whole days; set money.requests_per_month"
    })
}

/// Returns why the monthly cost of an item cannot be derived though that of others can; `None` when it can, or is known.
#[must_use]
pub fn no_month_of(model: &Model, item: &Item, duration: SimTime) -> Option<&'static str> {
    if item.due.per_month.is_some() || item.due.cost.is_none() {
        return None;
    }
    no_month_because(model, duration)
        .or(Some("copies come and go with the traffic, so that their month does not follow from a number of requests"))
}

/// Months in an interval; zero for an empty one.
fn months(model: &Model, duration: SimTime) -> f64 {
    duration.0 as f64 / (model.money.hours_per_month * MICROS_PER_HOUR as f64)
}

/// Returns the factor from the usage in an interval of the run to that of a month; `None`: it cannot be derived.
#[must_use]
pub fn month_of_usage(model: &Model, record: &Record, duration: SimTime) -> Option<f64> {
    if no_month_because(model, duration).is_some() {
        return None;
    }
    let by = match model.money.requests_per_month {
        Some(requests) => {
            // Each workload has its share of the month's requests, as in the run.
            let all: u64 = record.workloads.iter().map(|c| c.requests).sum();
            (all > 0).then(|| requests / all as f64)
        }
        None => Some(1.0 / months(model, duration)),
    };
    by.filter(|by| by.is_finite())
}

/// The bill of the interval `[from, to)` of `replications` runs together.
#[must_use]
pub fn ledger(model: &Model, record: &Record, from: SimTime, to: SimTime) -> Vec<Item> {
    let mut book = Book { model, record, from, to, items: Vec::new() };
    book.tokens();
    book.capacities();
    book.customizations();
    book.retrieval();
    book.items
}

/// Returns the sum of some items; `None` when one of them is not known.
#[must_use]
pub fn sum<'i>(items: impl Iterator<Item = &'i Item>, amount: fn(&Item) -> Option<Usd>) -> Option<Usd> {
    items.map(amount).sum()
}

/// Returns the amount that is due for whole terms, whatever is used; `None`: a price is not known.
#[must_use]
pub fn committed(model: &Model) -> Option<Usd> {
    let purchases = model.capacities.iter().flat_map(|c| c.billing.purchases().iter().map(move |p| (c, p)));
    purchases.map(|(c, p)| term(p, component_of(&c.billing), &model.money)).sum()
}

/// Returns the amount due for a purchase's term, or for what is left of it at the start of the run; zero without
/// commitment.
#[must_use]
pub fn term(purchase: &Purchase, component: Component, money: &Money) -> Option<Usd> {
    Some(money.discounted(component, list_term(purchase, money)?))
}

/// Returns the amount that [`term`] is before the discount.
#[must_use]
pub fn list_term(purchase: &Purchase, money: &Money) -> Option<Usd> {
    let micros = f64::from(purchase.commitment.months()) * money.hours_per_month * MICROS_PER_HOUR as f64;
    purchase.cost_of((micros.round() as i128 - i128::from(purchase.term_before)).max(0))
}

/// Returns the component of the bill that a capacity is paid for under.
#[must_use]
pub const fn component_of(billing: &Billing) -> Component {
    match billing {
        Billing::Tokens => Component::OnDemand,
        Billing::BatchTokens => Component::Batch,
        Billing::Purchased(_) => Component::Provisioned,
        Billing::Reserved(_) => Component::Reserved,
        Billing::Windows { .. } => Component::CustomImport,
    }
}

struct Book<'b> {
    model: &'b Model,
    record: &'b Record,
    from: SimTime,
    to: SimTime,
    items: Vec<Item>,
}

impl Book<'_> {
    fn duration(&self) -> SimTime {
        SimTime(self.to.0 - self.from.0)
    }

    fn months(&self) -> f64 {
        months(self.model, self.duration())
    }

    /// Returns a month at the rate of the interval.
    fn scaled(&self, amount: Usd, by: f64) -> Option<Usd> {
        by.is_finite().then(|| Usd((amount.0 as f64 * by).round() as i128))
    }

    fn put(&mut self, component: Component, (workload, capacity): Payer, (what, key): (String, String), list: Amounts) {
        let money = &self.model.money;
        let off = |amount: Option<Usd>| amount.map(|a| money.discounted(component, a));
        let due = Amounts { cost: off(list.cost), per_month: off(list.per_month), once: off(list.once) };
        let discount = money.discounts.get(&component).copied();
        self.items.push(Item { component, workload, capacity, what, key, due, list, discount });
    }

    fn month_of_usage(&self) -> Option<f64> {
        month_of_usage(self.model, self.record, self.duration())
    }

    fn tokens(&mut self) {
        let month = self.month_of_usage();
        let model = self.model;
        for (w, (workload, cohort)) in model.workloads.iter().zip(&self.record.workloads).enumerate() {
            for (c, capacity) in model.capacities.iter().enumerate() {
                let stages = workload.stages.iter().enumerate().filter(|(_, stage)| stage.route.contains(&c));
                if stages.clone().next().is_none() || !capacity.billing.is_by_token() {
                    continue;
                }
                let of_stage = |(s, stage): (usize, &Stage)| {
                    let long = cohort.billed_long.get(s).map_or_else(Billed::default, |long| long[c]);
                    Some(stage.prices[c]?.of(&cohort.billed[s][c].without(&long), &long))
                };
                let cost = stages.map(of_stage).sum::<Option<Usd>>();
                let per_month = cost.zip(month).and_then(|(cost, by)| self.scaled(cost, by));
                let what = format!("tokens of {} at {}", workload.name, capacity.name);
                let stage = workload.stages.iter().find(|stage| stage.route.contains(&c));
                let key = format!("models.{}.prices", stage.map_or("NAME", |stage| &stage.facts.name));
                let component = component_of(&capacity.billing);
                self.put(component, (Some(w), Some(c)), (what, key), Amounts::recurring(cost, per_month));
            }
        }
    }

    fn capacities(&mut self) {
        let (model, duration) = (self.model, self.duration().0);
        for (c, (capacity, record)) in model.capacities.iter().zip(&self.record.capacities).enumerate() {
            let component = component_of(&capacity.billing);
            let payer = (None, Some(c));
            for purchase in capacity.billing.purchases() {
                let begins = self.from.max(purchase.from);
                let ends = purchase.to.map_or(self.to, |end| end.min(self.to));
                let active = ends.0.saturating_sub(begins.0);
                let a_month = model.money.hours_per_month * MICROS_PER_HOUR as f64;
                // A purchase that is there throughout is there all month, to the microsecond.
                let micros = if active == duration { a_month } else { a_month * active as f64 / duration as f64 };
                let per_month = (duration > 0).then(|| purchase.cost_of(micros.round() as i128)).flatten();
                let list = Amounts::recurring(purchase.cost(self.from, self.to), per_month);
                let price = match &capacity.billing {
                    Billing::Reserved(_) if purchase.what.contains("output") => "price_per_1k_output_tpm_hour",
                    Billing::Reserved(_) => "price_per_1k_input_tpm_hour",
                    _ => "price_per_unit",
                };
                let key = format!("capacities.{}.{price}", capacity.name);
                self.put(component, payer, (purchase.what.clone(), key), list);
            }
            if let Billing::Windows { units, price, storage } = capacity.billing {
                let cost = price.map(|price| cost_of_windows(record.windows, units, price));
                let by_time = model.money.requests_per_month.is_none().then(|| self.month_of_usage()).flatten();
                let per_month = cost.zip(by_time).and_then(|(cost, by)| self.scaled(cost, by));
                let what = format!("copies of {}", capacity.name);
                let key = format!("capacities.{}.price_per_unit_minute", capacity.name);
                self.put(component, payer, (what, key), Amounts::recurring(cost, per_month));
                // What nobody prices is not asked for: storage is small.
                if let Some(storage) = storage {
                    let key = format!("capacities.{}.storage_per_unit_month", capacity.name);
                    self.storage((format!("keeping the model of {}", capacity.name), key), storage.of(units), Some(c));
                }
            }
        }
    }

    fn customizations(&mut self) {
        let model = self.model;
        for custom in &model.customizations {
            let training = custom.training();
            let every = custom.retrain_every.map(|every| every.0 as f64);
            let name = format!("training {} by {}", custom.model, custom.method.name());
            let key = format!("models.{}.customization.price", custom.model);
            self.recurring(Component::Customization, (name, key), training, every);
            if let Some(per_month) = custom.storage_per_month {
                let key = format!("models.{}.customization.storage_per_month", custom.model);
                self.storage((format!("keeping {}", custom.model), key), per_month, None);
            }
        }
    }

    fn storage(&mut self, what: (String, String), per_month: Usd, capacity: Option<usize>) {
        let cost = self.scaled(per_month, self.months());
        self.put(Component::Storage, (None, capacity), what, Amounts::recurring(cost, Some(per_month)));
    }

    fn retrieval(&mut self) {
        let model = self.model;
        for workload in &model.workloads {
            let Some(retrieval) = &workload.retrieval else { continue };
            if let Some(price) = retrieval.vector_store {
                let hourly = |hours: f64| self.scaled(price.0, hours);
                let (cost, per_month) =
                    (hourly(self.duration().0 as f64 / MICROS_PER_HOUR as f64), hourly(model.money.hours_per_month));
                let key = format!("workloads.{}.retrieval.vector_store", workload.name);
                let what = (format!("vector store of {}", workload.name), key);
                self.put(Component::VectorStore, (None, None), what, Amounts::recurring(cost, per_month));
            }
            if retrieval.embedding != Some(Usd::ZERO) {
                let every = retrieval.refresh_every.map(|every| every.0 as f64);
                let key = format!("workloads.{}.retrieval.embedding_cost", workload.name);
                let what = (format!("embedding the corpus of {}", workload.name), key);
                self.recurring(Component::Embedding, what, retrieval.embedding, every);
            }
        }
    }

    /// Paid once, and again every so often \[µs\].
    fn recurring(&mut self, component: Component, what: (String, String), amount: Option<Usd>, every: Option<f64>) {
        let a_month = self.model.money.hours_per_month * MICROS_PER_HOUR as f64;
        let over = |micros: f64| match every {
            None => Some(Usd::ZERO),
            Some(every) => amount.and_then(|amount| self.scaled(amount, micros / every)),
        };
        let (cost, per_month) = (over(self.duration().0 as f64), over(a_month));
        self.put(component, (None, None), what, Amounts { cost, per_month, once: amount });
    }
}
