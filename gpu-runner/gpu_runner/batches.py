"""Which packed rows each rank sees at each step: a pure function of (seed, epoch, step).

Shape letters: B rows of a micro-batch, T positions (the context).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from gpu_runner.encoding import EncodedRows
from gpu_runner.packing import pack


@dataclass(frozen=True, kw_only=True, slots=True)
class MicroBatch:
    """Packed rows as tensors."""

    token_ids_BT: torch.Tensor
    """int64; pad_id behind the last document."""
    positions_BT: torch.Tensor
    """int64; from 0 again at each document, and at the padding."""
    targets_BT: torch.Tensor
    """int64; the next token where it is in the loss, else -100."""

    def to(self, device: torch.device) -> "MicroBatch":
        """The same on another device."""
        return MicroBatch(
            token_ids_BT=self.token_ids_BT.to(device),
            positions_BT=self.positions_BT.to(device),
            targets_BT=self.targets_BT.to(device),
        )


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """All micro-batches of all ranks, epochs and steps; holds no state that a resume would need."""

    rows: EncodedRows
    context_tokens: int
    pad_id: int
    seed: int
    micro_batch_rows: int
    accumulation_steps: int
    world_size: int
    is_fullest_first: bool = False
    """Begin with the packed rows that hold most target tokens: a trial then meets its peak of memory at once."""

    @property
    def rows_per_step(self) -> int:
        """Packed rows of one optimizer step over all ranks."""
        return self.micro_batch_rows * self.accumulation_steps * self.world_size

    @cached_property
    def num_bins(self) -> int:
        """Packed rows of one epoch, the same in each."""
        return len(self._pack(0))

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one epoch; the last one may be partly empty."""
        return -(-self.num_bins // self.rows_per_step)

    def bins_of_step(self, step: int) -> list[list[int]]:
        """Row numbers, bin by bin, of optimizer step `step`, counted from 1 over all epochs."""
        epoch, index = divmod(step - 1, self.steps_per_epoch)
        return self._epoch(epoch)[index * self.rows_per_step : (index + 1) * self.rows_per_step]

    def count_tokens(self, bins: Sequence[Sequence[int]]) -> tuple[int, int]:
        """(tokens, target tokens) of some bins, padding excluded."""
        members = [row for packed in bins for row in packed]
        return int(self.rows.lengths[members].sum()), int(self.rows.target_counts[members].sum())

    def micro_batch_bins(self, step: int, micro: int, rank: int) -> list[list[int]]:
        """The bins of one forward; fewer than `micro_batch_rows`, or none, at the end of an epoch.

        Bin i of a step goes to rank i mod world size, so that a short last step is short for all.
        """
        mine = self.bins_of_step(step)[rank :: self.world_size]
        return mine[micro * self.micro_batch_rows : (micro + 1) * self.micro_batch_rows]

    def micro_batch(self, step: int, micro: int, rank: int) -> MicroBatch:
        """The tensors of one forward, always [micro_batch_rows, context_tokens]."""
        return self.tensors(self.micro_batch_bins(step, micro, rank))

    def tensors(self, bins: Sequence[Sequence[int]]) -> MicroBatch:
        """Bins as tensors, padded to [micro_batch_rows, context_tokens]; empty rows have no target."""
        shape = (self.micro_batch_rows, self.context_tokens)
        token_ids = np.full(shape, self.pad_id, dtype=np.int64)
        positions = np.zeros(shape, dtype=np.int64)
        targets = np.full(shape, -100, dtype=np.int64)
        for line, packed in enumerate(bins):
            end = 0
            for row in packed:
                start, tokens = end, self.rows.tokens[self.rows.starts[row] : self.rows.starts[row + 1]]
                end = start + len(tokens)
                token_ids[line, start:end] = tokens
                positions[line, start:end] = np.arange(len(tokens))
                # Position p tells token p + 1, so the first target is told at the last prompt token.
                first = max(int(self.rows.prompt_lengths[row]), 1)
                targets[line, start + first - 1 : end - 1] = tokens[first:]
            positions[line, end:] = np.arange(self.context_tokens - end)
        for line in range(len(bins), self.micro_batch_rows):
            positions[line] = np.arange(self.context_tokens)
        return MicroBatch(
            token_ids_BT=torch.from_numpy(token_ids),
            positions_BT=torch.from_numpy(positions),
            targets_BT=torch.from_numpy(targets),
        )

    @cached_property
    def _packed_epochs(self) -> dict[int, list[list[int]]]:
        return {}

    def _epoch(self, epoch: int) -> list[list[int]]:
        if epoch not in self._packed_epochs:
            self._packed_epochs.clear()
            self._packed_epochs[epoch] = self._pack(epoch)
        return self._packed_epochs[epoch]

    def _pack(self, epoch: int) -> list[list[int]]:
        bins = pack(self.rows.lengths.tolist(), context_tokens=self.context_tokens, seed=self.seed, epoch=epoch)
        if self.is_fullest_first:
            bins.sort(key=lambda packed: -int(self.rows.target_counts[packed].sum()))
        return bins
