//! What it costs.

mod bills;
mod examples;
mod lists;
mod prices;
