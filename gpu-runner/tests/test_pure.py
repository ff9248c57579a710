"""Rules without files or tensors: schedule, packing."""

import math

from hypothesis import given
from hypothesis import strategies as st

from gpu_runner.packing import pack
from gpu_runner.schedule import learning_rate

kinds = st.sampled_from(["cosine", "linear"])
totals = st.integers(1, 500)
shares = st.floats(0, 0.99)


def rates(total: int, kind: str, share: float) -> list[float]:
    return [
        learning_rate(step, total_steps=total, peak=1.0, kind=kind, warmup_share=share)  # pyright: ignore[reportArgumentType]
        for step in range(1, total + 1)
    ]


@given(totals, kinds, shares)
def test_every_step_moves_the_weights_and_none_more_than_the_peak(total: int, kind: str, share: float) -> None:
    assert all(0 < rate <= 1 for rate in rates(total, kind, share))
    assert max(rates(total, kind, share)) == 1


@given(totals, kinds, shares)
def test_the_rate_rises_then_falls(total: int, kind: str, share: float) -> None:
    curve = rates(total, kind, share)
    top = curve.index(1.0)
    assert curve[: top + 1] == sorted(curve[: top + 1])
    assert curve[top:] == sorted(curve[top:], reverse=True)
    assert top <= math.ceil(share * total)


def test_the_middle_of_either_schedule_is_half_the_peak() -> None:
    for kind in ("cosine", "linear"):
        assert rates(100, kind, 0.0)[50] == 0.5


lengths = st.lists(st.integers(1, 40), max_size=120)


@given(lengths, st.integers(-(2**40), 2**40), st.integers(0, 9))
def test_every_row_is_packed_once_and_no_bin_overflows(sizes: list[int], seed: int, epoch: int) -> None:
    bins = pack(sizes, context_tokens=40, seed=seed, epoch=epoch)
    assert sorted(row for packed in bins for row in packed) == list(range(len(sizes)))
    assert all(packed and sum(sizes[row] for row in packed) <= 40 for packed in bins)


@given(lengths, st.integers(0, 99), st.integers(0, 9))
def test_packing_is_a_function_of_seed_and_epoch(sizes: list[int], seed: int, epoch: int) -> None:
    assert pack(sizes, context_tokens=40, seed=seed, epoch=epoch) == pack(
        tuple(sizes), context_tokens=40, seed=seed, epoch=epoch
    )


@given(lengths, st.integers(0, 99))
def test_every_epoch_has_as_many_bins(sizes: list[int], seed: int) -> None:
    counts = {len(pack(sizes, context_tokens=40, seed=seed, epoch=epoch)) for epoch in range(4)}
    assert len(counts) == 1


@given(lengths)
def test_no_two_bins_could_be_one(sizes: list[int]) -> None:
    fill = sorted(sum(sizes[row] for row in packed) for packed in pack(sizes, context_tokens=40, seed=0, epoch=0))
    assert len(fill) < 2 or fill[0] + fill[1] > 40


def test_epochs_differ_in_order() -> None:
    sizes = [3, 5, 7, 9, 11] * 20
    assert pack(sizes, context_tokens=40, seed=0, epoch=0) != pack(sizes, context_tokens=40, seed=0, epoch=1)
