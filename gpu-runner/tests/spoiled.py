"""A loss that is not finite, or one whose gradient is not."""

from typing import Any

import torch


class _SpoilGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradient * float("inf")


def spoiled(value: torch.Tensor, what: str) -> torch.Tensor:
    """NaN where `what` is "loss"; else the value as it is, with a gradient that is infinite."""
    if what == "loss":
        return value * float("nan")
    result = _SpoilGradient.apply(value)
    assert isinstance(result, torch.Tensor)
    return result
