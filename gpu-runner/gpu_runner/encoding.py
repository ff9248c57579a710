"""Rows as token ids: prompt and completion apart, joined, cut to the context."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gpu_runner.exceptions import DataError
from gpu_runner.rows import Row
from gpu_runner.tokenizer import TaskTokenizer, tokenise


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedRows:
    """Rows that have at least one target token, as one flat array."""

    ids: tuple[str, ...]
    tokens: npt.NDArray[np.int32]
    """[num_tokens], row after row."""
    starts: npt.NDArray[np.int64]
    """[rows + 1]; row r is tokens[starts[r]:starts[r + 1]]."""
    prompt_lengths: npt.NDArray[np.int64]
    """[rows]; tokens of the row before its completion, the tokenizer's prefix included."""
    truncated_rows: int
    """Rows whose completion was cut at the context."""
    dropped_rows: int
    """Rows whose prompt alone fills the context."""

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """[rows]; tokens of each row."""
        return np.diff(self.starts)

    @property
    def target_counts(self) -> npt.NDArray[np.int64]:
        """[rows]; tokens in the loss. The very first token of a row has nothing to be told from."""
        return self.lengths - np.maximum(self.prompt_lengths, 1)

    def sha256(self) -> str:
        """Hash over ids, tokens and borders: what training sees of the data."""
        digest = hashlib.sha256("\n".join(self.ids).encode())
        for array in (self.tokens, self.starts, self.prompt_lengths):
            digest.update(array.tobytes())
        return digest.hexdigest()


def encode_rows(tokenizer: TaskTokenizer, rows: Sequence[Row], *, context_tokens: int) -> EncodedRows:
    """Tokenise rows; raises DataError where a completion does not end in the stop token."""
    prompts = tokenise(tokenizer, [row.prompt for row in rows])
    completions = tokenise(tokenizer, [row.completion for row in rows])
    kept: list[list[int]] = []
    ids: list[str] = []
    prompt_lengths: list[int] = []
    truncated = 0
    for row, prompt, completion in zip(rows, prompts, completions, strict=True):
        if completion[-1:] != [tokenizer.stop_id]:
            raise DataError(
                f"row {row.id!r}: its completion does not end in the stop token; without it the model never learns to stop"
            )
        joined = [*tokenizer.prefix, *prompt, *completion]
        truncated += len(joined) > context_tokens
        prompt_length = len(joined) - len(completion)
        if max(prompt_length, 1) < min(len(joined), context_tokens):
            kept.append(joined[:context_tokens])
            ids.append(row.id)
            prompt_lengths.append(prompt_length)
    return EncodedRows(
        ids=tuple(ids),
        tokens=np.fromiter((token for row in kept for token in row), dtype=np.int32),
        starts=np.cumsum([0, *map(len, kept)], dtype=np.int64),
        prompt_lengths=np.asarray(prompt_lengths, dtype=np.int64),
        truncated_rows=truncated,
        dropped_rows=len(rows) - len(kept),
    )
