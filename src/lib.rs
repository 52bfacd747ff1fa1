//! A discrete-event throughput simulator, which shows what a load does to Amazon Bedrock.
//!
//! A scenario file states traffic and the capacity it meets. [`scenario`] loads it into a [`model`]; [`traffic`]
//! generates the requests; [`engine`] simulates how the capacity serves them; [`metrics`] listens; [`experiment`]
//! replicates and folds everything into one [`results`] document, from which [`report`] and [`charts`] draw.
//!
//! ARCHITECTURE.md states which module may depend on which.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod charts;
pub mod cli;
pub mod diagnostic;
pub mod engine;
pub mod escape;
pub mod experiment;
pub mod figures;
pub mod folder;
pub mod import;
pub mod metrics;
pub mod model;
pub mod queue;
pub mod random;
pub mod reading;
pub mod report;
pub mod results;
pub mod scenario;
pub mod stats;
pub mod terms;
pub mod trace;
pub mod traffic;
pub mod units;
