//! Each kind of capacity with a handful of requests whose outcome is worked out by hand.

mod batch;
mod cross_region;
mod custom_import;
mod mantle;
mod outages;
mod prompt_cache;
mod provisioned;
mod reserved;
mod routes;
