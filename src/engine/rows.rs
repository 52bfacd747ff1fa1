//! The arrivals of the tape: rows of a block, simulated in parts between which no observer looks.

use std::mem;
use std::ops::{ControlFlow, Range};

use super::Engine;
use super::attempt::{Attempt, Fate, Label};
use super::call::{Asked, Call};
use super::foresight::Foresight;
use super::observer::{Arrivals, Observer};
use super::plan::{self, Plan};
use super::supply::Quick;
use crate::model::capacity::Ask;
use crate::model::workload::Workload;
use crate::queue::{Class, Event};
use crate::trace::NO_BLOCK;
use crate::traffic::{Block, Stretch};

impl<'m, O: Observer> Engine<'m, O> {
    /// Simulates the rows of a stretch, in parts between which the observer may look.
    pub(super) fn play_rows<const SPECIAL: bool>(
        &mut self,
        stretch: &Stretch<'_>,
        workload: &'m Workload,
        plan: &Plan,
    ) -> ControlFlow<()> {
        let (arrival, mut rows) = (&stretch.block.arrival, stretch.rows.clone());
        while !rows.is_empty() {
            let first = arrival[rows.start];
            // At the hard end nothing happens any more, whichever stream would bring it.
            let is_past = first >= self.hard_end;
            let end = Event::new(self.hard_end, Class::CapacityChange, 0);
            let next = if is_past { end } else { Event::new(first, Class::Arrival, stretch.workload as u32) };
            self.play_until(next);
            if self.is_over(first) {
                self.note_end(first);
                return ControlFlow::Break(());
            }
            if first >= self.next_edge {
                self.pass_edges(first);
            }
            let limit = if first < self.measured_from {
                self.measured_from.min(self.next_edge)
            } else if first < self.measured_to {
                self.measured_to.min(self.next_edge)
            } else {
                self.hard_end.min(self.next_edge)
            };
            let part = arrival[rows.clone()].partition_point(|at| *at < limit);
            let played = self.play_part::<SPECIAL>(stretch, rows.start..rows.start + part, workload, plan);
            if played < part {
                return ControlFlow::Break(());
            }
            rows.start += part;
        }
        ControlFlow::Continue(())
    }

    /// Simulates rows that arrive before the next edge, all of them measured or none. Returns how many: after the
    /// measured interval the run may end before any of them.
    #[inline(never)]
    fn play_part<const SPECIAL: bool>(
        &mut self,
        stretch: &Stretch<'_>,
        rows: Range<usize>,
        workload: &'m Workload,
        plan: &Plan,
    ) -> usize {
        let (block, first) = (stretch.block, rows.start);
        let (to, stage) = (workload.main(), workload.stages.len() as u16 - 1);
        let (number, capacity) = (stretch.workload as u32, to.route[0]);
        let mut arrivals = Arrivals {
            workload: stretch.workload,
            capacity,
            stage: usize::from(stage),
            arrival: &block.arrival[rows.clone()],
            ttft: &plan.ttft[rows.clone()],
            service: &plan.service[rows.clone()],
            carried: &plan.carried[rows.clone()],
            reserved: &plan.reserved[rows.clone()],
            charged: &plan.burned[rows.clone()],
            cap: &plan.cap[rows.clone()],
            wanted: &block.wanted[rows.clone()],
            otherwise: &[],
        };
        // How long the client waits for a first attempt; for ever where it has no time-out.
        let patience = workload.client.patience();
        let is_measured = self.is_measured(arrivals.arrival[0]);
        let is_late = arrivals.arrival[0] >= self.measured_to;
        let mut played = rows.len();
        self.open += if is_measured { rows.len() as u64 } else { 0 };
        let label = Label {
            workload: number as u16,
            capacity: capacity as u16,
            attempt: 0,
            last_cost: 0,
            fate: Fate::new(true, is_measured, &self.clients[stretch.workload].retry_quotas),
        };
        let foreseen = self.foresight.as_ref().map_or(0, Foresight::requests);
        let mut otherwise = mem::take(&mut self.otherwise);
        otherwise.clear();
        let columns = arrivals.arrival.iter().zip(arrivals.service).zip(arrivals.carried).zip(arrivals.charged);
        let columns = columns.zip(arrivals.cap).zip(arrivals.reserved);
        for (row, (((((&arrival, &service), carried), &burned), &cap), &reserved)) in columns.enumerate() {
            self.play_before(Event::new(arrival, Class::Arrival, number));
            if is_late && self.open == 0 {
                played = row;
                break;
            }
            let index = block.first + (first + row) as u64;
            let call = || Call {
                of: workload,
                to,
                index,
                arrival,
                ttft: arrivals.ttft[row],
                service,
                served_before: 0,
                carried: *carried,
                asked: Asked::NOTHING,
                cap,
                workload: number,
                stage,
                is_special: SPECIAL,
                truncated: arrivals.wanted[row] > cap,
            };
            if SPECIAL {
                let asked = asked(block, first + row);
                self.observer.arrived(arrivals.who(row));
                self.begin_session(stretch.workload, index, arrival);
                self.arrive_special(self.stage_call(&Call { asked, ..call() }, 0));
                continue;
            }
            self.admissions += 1;
            let ask = Ask {
                input: reserved - u64::from(cap),
                cap: cap.into(),
                cache_read: carried.cache_read.into(),
                cache_write: carried.cache_write.into(),
                workload: number,
            };
            let (quick, ends) = (self.supply.offer(capacity, arrival, ask, self.admissions), arrival + service);
            // Nearly all are taken and answered in time: these need no call, which costs as much to write down as the rest.
            if matches!(quick, Quick::Taken) && service <= patience && ends < self.hard_end {
                if index < foreseen && service > 0 {
                    self.queue.call_for(index as u32);
                    continue;
                }
                let attempt = Attempt {
                    admitted: arrival,
                    index,
                    admission: self.admissions,
                    burned,
                    reserved,
                    carried: *carried,
                    label,
                };
                self.begin(attempt, ends);
            } else {
                otherwise.push(row as u16);
                self.arrive_otherwise(&call(), quick);
            }
        }
        self.events += played as u64;
        self.arrived += played as u64;
        // Of those that arrive late nothing is measured.
        if !SPECIAL && !is_late {
            arrivals.otherwise = &otherwise;
            self.observer.arrived_in_row(&arrivals);
        }
        self.otherwise = otherwise;
        played
    }
}

/// Returns the demand of the request in a row of a block.
fn asked(block: &Block, row: usize) -> Asked {
    let [cache_read, cache_write] = block.cached.get(row).copied().unwrap_or_default();
    Asked {
        input: block.input[row],
        wanted: block.wanted[row],
        cap: plan::own_cap(block, row),
        leaf: block.leaf.get(row).copied().unwrap_or(NO_BLOCK),
        cache_read,
        cache_write,
    }
}
