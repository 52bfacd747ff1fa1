//! Everything that is tested from outside, in one binary.

mod arrivals;
mod capacities;
mod clients;
mod described;
mod determinism;
mod docs;
mod doubts;
mod exact;
mod fates;
mod gates;
mod house;
mod imports;
mod limiters;
mod loops;
mod mangled;
mod moments;
mod money;
mod notes;
mod pipelines;
mod playing;
mod properties;
mod refusals;
mod replays;
mod schema;
mod sharing;
mod theory;
