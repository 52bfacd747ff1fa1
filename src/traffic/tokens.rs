//! The token counts of requests: drawn by number, a block at a time or one by one.

use multiversion::multiversion;

use super::tape::{Block, whole};
use crate::model::workload::Workload;
use crate::model::workload::tokens::TokensOf;
use crate::random::{Copula, Law, Purpose, Stream};

/// The token draws of a workload.
#[derive(Debug, Clone)]
pub struct TokenDraws {
    input: (Law, Stream),
    output: (Law, Stream),
    /// The dependence of input and output; `None`: they are independent.
    tie: Option<Copula>,
    extra_input: u32,
    writes: bool,
}

impl TokenDraws {
    /// Returns the draws of a workload; `None`: a trace states the tokens.
    #[must_use]
    pub fn new(workload: &Workload, seed: u64, replication: u64) -> Option<Self> {
        let stream = |purpose| Stream::new(seed, replication, purpose, &workload.name);
        let TokensOf::Laws { input, output, correlation } = &workload.tokens.of else { return None };
        Some(Self {
            input: (input.clone(), stream(Purpose::Input)),
            output: (output.clone(), stream(Purpose::Output)),
            tie: (*correlation != 0.0).then(|| Copula::new(*correlation)),
            extra_input: workload.tokens.extra_input,
            writes: workload.tokens.writes,
        })
    }

    /// Returns the input and the wanted output of one request \[tokens\].
    #[must_use]
    pub fn at(&self, i: u64) -> [u32; 2] {
        let (input, output) = (&self.input, &self.output);
        if !self.writes {
            return [whole(input.0.at(input.1, i)) + self.extra_input, 0];
        }
        let wanted = match self.tie {
            None => output.0.at(output.1, i),
            Some(tie) => tie.second(i, (&input.0, input.1), (&output.0, output.1)),
        };
        [whole(input.0.at(input.1, i)) + self.extra_input, whole(wanted)]
    }

    /// Draws the input and output tokens of `n` requests, from number `block.first` on, into a block.
    pub(super) fn fill(&self, n: usize, scratch: &mut [f64], block: &mut Block) {
        fill(&self.input, block.first, n, scratch, &mut block.input);
        match self.tie {
            _ if !self.writes => {
                block.wanted.clear();
                block.wanted.resize(n, 0);
            }
            None => fill(&self.output, block.first, n, scratch, &mut block.wanted),
            Some(_) => {
                block.wanted.clear();
                block.wanted.extend((block.first..).take(n).map(|i| self.at(i)[1]));
            }
        }
        if self.extra_input > 0 {
            block.input.iter_mut().for_each(|input| *input += self.extra_input);
        }
    }
}

/// Draws whole counts of at least one.
fn fill((law, stream): &(Law, Stream), first: u64, n: usize, scratch: &mut [f64], out: &mut Vec<u32>) {
    out.resize(n, 0);
    let draws = &mut scratch[..n];
    law.fill(*stream, first, draws);
    round(draws, out);
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn round(draws: &[f64], out: &mut [u32]) {
    for (count, draw) in out.iter_mut().zip(draws) {
        *count = whole(*draw);
    }
}
