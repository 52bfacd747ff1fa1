//! Costs: prices, bills and published examples.

mod bills;
mod examples;
mod lists;
mod prices;
