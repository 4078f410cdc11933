"""A placement: steps of a run on a rooted forest, with the data points they see told together or apart."""

from __future__ import annotations

from dataclasses import dataclass

from sgdsym.diagrams import Forest, Partition


@dataclass(frozen=True, slots=True)
class Placement:
    """Which steps act on which, and which nodes must see one data point.

    Attributes:
        forest: the steps and the roots they act on.
        blocks: partition of the steps; the steps of one block see one data point, others may or may not.
        with_root: index of the block whose data point is also the root's, where the root is the loss on a random point
            of the training set; ``None`` where the root's point is its own or the root has none.
        trained_root: whether the root is the loss on a random point of the training set.
    """

    forest: Forest
    blocks: Partition
    with_root: int | None = None
    trained_root: bool = False

    @property
    def points(self) -> int:
        """Number of blocks, that of the root included where the root has a data point."""
        return len(self.blocks) + (self.trained_root and self.with_root is None)

    @property
    def nodes_of_points(self) -> list[list[int]]:
        """The nodes that see each data point; the root, where it has one, is the node after the last step."""
        nodes = [list(block) for block in self.blocks]
        if self.trained_root:
            nodes.append([self.forest.size])
            if self.with_root is not None:
                nodes[self.with_root] += nodes.pop()
        return nodes

    @property
    def block_of(self) -> dict[int, int]:
        """The block of each step."""
        return {step: j for j, block in enumerate(self.blocks) for step in block}

    def above_steps(self) -> list[int]:
        """For each step the bit mask of the step it acts on."""
        return [1 << p if p >= 0 else 0 for p in self.forest.parents]

    def above_blocks(self) -> list[int] | None:
        """For each block the bit mask of the blocks it acts on, or ``None`` if a block acts on itself."""
        block_of = self.block_of
        above = [0] * len(self.blocks)
        for step, parent in enumerate(self.forest.parents):
            if parent >= 0:
                if block_of[step] == block_of[parent]:
                    return None
                above[block_of[step]] |= 1 << block_of[parent]
        return above

    def steps_of(self, blocks: int) -> int:
        """Bit mask of the steps in a bit mask of blocks."""
        return sum(1 << step for j, block in enumerate(self.blocks) if blocks >> j & 1 for step in block)
