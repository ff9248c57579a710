"""`tokens`: lengths, truncation, totals and histogram of each split, without torch."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from gpu_runner.config import TokensPlan
from gpu_runner.environment import prepare_environment
from gpu_runner.events import EventLog
from gpu_runner.exceptions import DataError
from gpu_runner.rows import Row, read_rows
from gpu_runner.stop import StopRequest
from gpu_runner.tokenizer import (
    TaskTokenizer,
    check_context,
    open_tokenizer,
    probe_sha256,
    tokenise,
)


def run(plan: TokensPlan, events: EventLog, stop: StopRequest) -> None:
    """Emit `tokenised`; raises DataError where a split has no row with a target."""
    # transformers imports torch where it finds it; a tokenizer needs none of it, and it takes 3 s of 5.
    prepare_environment("cpu")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    sys.modules.setdefault("torch", None)  # pyright: ignore[reportArgumentType]
    check_context(plan.model.path, plan.context_tokens)
    tokenizer = open_tokenizer(plan.model)
    events.phase("data")
    splits: list[dict[str, Any]] = []
    for split in plan.splits:
        measured = measure(tokenizer, split.name, read_rows(split.rows), plan.context_tokens)
        if measured["rows_without_target"] == measured["rows"]:
            raise DataError(
                f"{split.rows}: the prompt of each of its {measured['rows']} rows fills the context of {plan.context_tokens} tokens; raise context_tokens"
            )
        splits.append(measured)
    events.emit(
        "tokenised",
        splits=splits,
        vocabulary_size=tokenizer.size,
        tokenizer_probe_sha256=probe_sha256(tokenizer, plan.model.special_tokens),
    )


def measure(tokenizer: TaskTokenizer, name: str, rows: Sequence[Row], context_tokens: int) -> dict[str, Any]:
    """Token counts of one split, before anything is cut."""
    prompts = [len(tokenizer.prefix) + len(ids) for ids in tokenise(tokenizer, [row.prompt for row in rows])]
    completions = [len(ids) for ids in tokenise(tokenizer, [row.completion for row in rows])]
    lengths = [prompt + completion for prompt, completion in zip(prompts, completions, strict=True)]
    return {
        "split": name,
        "rows": len(rows),
        "num_tokens": sum(lengths),
        "num_target_tokens": sum(completions),
        "longest_row": max(lengths),
        "longest_completion": max(completions),
        "truncated_rows": sum(length > context_tokens for length in lengths),
        "rows_without_target": sum(prompt >= context_tokens for prompt in prompts),
        "histogram": _histogram(lengths),
    }


def _histogram(lengths: Sequence[int]) -> list[dict[str, int]]:
    """Rows by length, in bins that end at powers of two: 16 bins reach any context."""
    counts: dict[int, int] = {}
    for length in lengths:
        bound = 1 << max(0, length - 1).bit_length()
        counts[bound] = counts.get(bound, 0) + 1
    return [{"up_to": bound, "rows": counts[bound]} for bound in sorted(counts)]
