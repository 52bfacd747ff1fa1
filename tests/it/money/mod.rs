//! What it costs.

mod bills;
mod examples;
mod prices;
