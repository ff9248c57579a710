"""The learning rate as a pure function of the step: nothing to save, nothing to restore twice."""

import math
from typing import Literal


def learning_rate(
    step: int,
    *,
    total_steps: int,
    peak: float,
    kind: Literal["cosine", "linear"],
    warmup_share: float,
) -> float:
    """Rate of optimizer step `step`, counted from 1 to `total_steps`.

    Rises linearly over the first `warmup_share` of the steps, then falls to zero just after the
    last step, so that the last step still moves the weights.
    """
    warmup_steps = math.ceil(warmup_share * total_steps)
    if step <= warmup_steps:
        return peak * step / warmup_steps
    done = (step - 1 - warmup_steps) / max(1, total_steps - warmup_steps)
    if kind == "linear":
        return peak * (1.0 - done)
    return peak * 0.5 * (1.0 + math.cos(math.pi * done))
