"""Rows into packed rows of one context length: best fit, a pure function of (seed, epoch)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def pack(lengths: Sequence[int], *, context_tokens: int, seed: int, epoch: int) -> list[list[int]]:
    """Pack rows, given by their token counts, into bins of at most `context_tokens`.

    Best-fit decreasing; rows of equal length are drawn in an order that differs by epoch, and so
    is the order of the bins. The number of bins depends on the lengths alone, so every epoch has
    the same number of steps. Returns row numbers, bin by bin. A length of zero or above the
    context is the caller's mistake.
    """
    random = np.random.Generator(np.random.PCG64([seed % 2**64, epoch]))
    sizes: npt.NDArray[np.int64] = np.asarray(lengths, dtype=np.int64)
    assert sizes.size == 0 or (sizes.min() > 0 and sizes.max() <= context_tokens)
    shuffled = random.permutation(sizes.size)
    longest_first = shuffled[np.argsort(-sizes[shuffled], kind="stable")]

    bins: list[list[int]] = []
    # Bins by free space; bit n of `has_space` is set where a bin with n free tokens exists.
    bins_with_space: dict[int, list[int]] = {}
    has_space = 0
    for row in longest_first.tolist():
        size = int(sizes[row])
        fitting = has_space >> size
        if fitting == 0:
            bins.append([row])
            chosen, space = len(bins) - 1, context_tokens - size
        else:
            # The lowest set bit is the smallest space that is large enough.
            before = size + (fitting & -fitting).bit_length() - 1
            chosen = bins_with_space[before].pop()
            if not bins_with_space[before]:
                has_space &= ~(1 << before)
            bins[chosen].append(row)
            space = before - size
        bins_with_space.setdefault(space, []).append(chosen)
        has_space |= 1 << space
    return [bins[number] for number in random.permutation(len(bins)).tolist()]
