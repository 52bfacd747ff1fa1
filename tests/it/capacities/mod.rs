//! What each kind of capacity does to a handful of requests whose fate is worked out by hand.

mod batch;
mod cross_region;
mod custom_import;
mod mantle;
mod outages;
mod prompt_cache;
mod provisioned;
mod reserved;
mod routes;
