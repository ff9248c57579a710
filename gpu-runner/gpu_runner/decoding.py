"""Batched autoregressive decoding with a key-value cache.

Shape letters: B prompts of a batch, T positions so far, V vocabulary.

The tokens of an item do not depend on what else is in its batch, but for rounding: kernels may add
in another order at another batch size, and where two tokens are equally likely to the last bits
either may be taken. Sampling draws from a stream of the item's own.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gpu_runner.config import Sampling
from gpu_runner.model import output_layer_only_at

Choose = Callable[[torch.Tensor, Sequence[int]], torch.Tensor]
"""(logits [B, V], number of the prompt of each row) -> tokens [B]."""


@torch.inference_mode()
def complete(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    pad_id: int,
    stop_ids: set[int],
    max_new_tokens: int,
    choose: Choose,
) -> list[list[int]]:
    """Continue each prompt up to and including a stop token, or for `max_new_tokens`.

    Prompts are padded on the left, masked and counted from their own first token. Rows that have
    ended leave the batch once they are half of it.
    """
    answers: list[list[int]] = [[] for _ in prompts]
    alive = list(range(len(prompts)))
    longest = max(map(len, prompts))
    device = model.device
    tokens_BT = torch.tensor([[pad_id] * (longest - len(p)) + list(p) for p in prompts], device=device)
    mask_BT = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions_BT = (mask_BT.cumsum(dim=1) - 1).clamp(min=0)
    is_last_BT = torch.zeros_like(mask_BT, dtype=torch.bool)
    is_last_BT[:, -1] = True
    with output_layer_only_at(model, is_last_BT):
        output = model(input_ids=tokens_BT, attention_mask=mask_BT, position_ids=positions_BT, use_cache=True)
    logits_BV, cache = output.logits, output.past_key_values
    position_B = positions_BT[:, -1]
    for length in range(1, max_new_tokens + 1):
        chosen_B = choose(logits_BV.float(), alive)
        has_ended: list[bool] = []
        for row, token in zip(alive, chosen_B.tolist(), strict=True):
            is_over = bool(answers[row]) and answers[row][-1] in stop_ids
            if not is_over:
                answers[row].append(token)
            has_ended.append(is_over or token in stop_ids)
        if all(has_ended) or length == max_new_tokens:
            break
        if sum(has_ended) * 2 >= len(alive):
            kept = torch.tensor([i for i, ended in enumerate(has_ended) if not ended], device=device)
            alive = [alive[i] for i in kept.tolist()]
            cache.batch_select_indices(kept)
            chosen_B, mask_BT, position_B = chosen_B[kept], mask_BT[kept], position_B[kept]
        mask_BT = torch.cat([mask_BT, mask_BT.new_ones(len(alive), 1)], dim=1)
        position_B = position_B + 1
        logits_BV = model(
            input_ids=chosen_B[:, None],
            attention_mask=mask_BT,
            position_ids=position_B[:, None],
            past_key_values=cache,
            use_cache=True,
        ).logits[:, -1]
    return answers


def greedy(logits_BV: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
    """The most likely token of each row; the lowest id among equals."""
    return logits_BV.argmax(dim=-1)


def sampler(sampling: Sampling, keys: Sequence[str]) -> Choose:
    """Nucleus sampling; each prompt has a random stream of its own, made from its key."""
    streams = [np.random.Generator(np.random.PCG64(_seed_of(key))) for key in keys]

    def choose(logits_BV: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
        probabilities_BV = torch.softmax(logits_BV.double() / sampling.temperature, dim=-1)
        sorted_BV, order_BV = probabilities_BV.sort(dim=-1, descending=True, stable=True)
        cumulative_BV = sorted_BV.cumsum(dim=-1)
        # A token stays while those before it have not reached top_p; the first one always stays.
        sorted_BV = sorted_BV.masked_fill(cumulative_BV - sorted_BV >= sampling.top_p, 0.0)
        cumulative_BV = sorted_BV.cumsum(dim=-1)
        draws_B1 = torch.tensor([[streams[row].random()] for row in rows], device=logits_BV.device)
        threshold_B1 = draws_B1.double() * cumulative_BV[:, -1:]
        place_B1 = torch.searchsorted(cumulative_BV, threshold_B1, right=True)
        # A draw that rounds to the total would fall behind the last token that stays.
        last_B1 = (sorted_BV > 0).sum(dim=-1, keepdim=True) - 1
        return order_BV.gather(1, torch.minimum(place_B1, last_B1))[:, 0]

    return choose


def _seed_of(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
