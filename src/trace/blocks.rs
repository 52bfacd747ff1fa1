//! The blocks of prompts that a trace names: a tree, because a block is the same only after the same blocks.

use std::collections::HashMap;

use crate::units::Tokens;

/// Tokens of a block \[Mooncake traces, README\].
pub const BLOCK_TOKENS: Tokens = 512;

/// The greatest number of different blocks of a trace, which are held in memory: 3,584 million tokens.
pub(super) const MOST_BLOCKS: usize = 7_000_000;

/// The leaf of a prompt without blocks.
pub const NO_BLOCK: u32 = u32::MAX;

/// Every block of a trace, by the blocks before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks {
    nodes: Vec<Node>,
    /// The nodes by parent and the file's own number; only looked up, never iterated.
    known: HashMap<(u32, u64), u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    parent: u32,
    /// The number of blocks up to and including this one.
    depth: u32,
}

impl Blocks {
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the last block of a prompt, given all of them in order; what is new is added. [`NO_BLOCK`] for none.
    pub fn leaf(&mut self, blocks: impl IntoIterator<Item = u64>) -> u32 {
        blocks.into_iter().fold(NO_BLOCK, |parent, block| {
            let nodes = &mut self.nodes;
            *self.known.entry((parent, block)).or_insert_with(|| {
                let depth = nodes.get(parent as usize).map_or(1, |node| node.depth + 1);
                nodes.push(Node { parent, depth });
                nodes.len() as u32 - 1
            })
        })
    }

    /// Returns the number of blocks up to and including this one.
    #[must_use]
    pub fn depth(&self, node: u32) -> Tokens {
        Tokens::from(self.nodes[node as usize].depth)
    }

    /// Returns the block and those before it, the last first.
    pub fn chain(&self, leaf: u32) -> impl Iterator<Item = u32> {
        let known = |node: u32| (node != NO_BLOCK).then_some(node);
        std::iter::successors(known(leaf), move |node| known(self.nodes[*node as usize].parent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_same_only_after_the_same_blocks() {
        let mut blocks = Blocks::default();
        let (a, b) = (blocks.leaf([7, 8, 9]), blocks.leaf([7, 8]));
        assert_eq!((blocks.depth(a), blocks.depth(b), blocks.len()), (3, 2, 3));
        assert_eq!(blocks.chain(a).nth(1), Some(b));
        let other = blocks.leaf([6, 8]);
        assert_ne!(other, b);
        assert_eq!(blocks.chain(other).count(), 2);
        assert_eq!(blocks.leaf([]), NO_BLOCK);
        assert_eq!(blocks.chain(NO_BLOCK).count(), 0);
    }
}
