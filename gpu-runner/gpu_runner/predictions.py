"""The predictions file: one answer a line, appended batch by batch, resumable by item."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from gpu_runner.exceptions import DataError


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """One answer."""

    model: str
    id: str
    prediction: str
    """Text without prompt, stop token and special tokens."""
    num_tokens: int
    """Tokens generated, the stop token included."""
    stopped: bool
    """Whether it ended by itself rather than at max_new_tokens."""


def read_answered(path: Path) -> set[tuple[str, str]]:
    """(model, id) of each answer that the file holds.

    A process that was killed in a write leaves half a line at the end: it is cut off. Raises
    DataError where another line is not a prediction.
    """
    if not path.exists():
        return set()
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    answered: set[tuple[str, str]] = set()
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            record = json.loads(line)
            answered.add((record["model"], record["id"]))
        except (ValueError, KeyError, TypeError):
            raise DataError(
                f"{path}, line {number}: is not a prediction; remove the line to have it made again"
            ) from None
    return answered


def append(path: Path, predictions: Iterable[Prediction]) -> None:
    """Add answers in one write."""
    lines = "".join(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in predictions)
    with path.open("ab", buffering=0) as file:
        data = lines.encode("utf-8")
        while data:
            data = data[file.write(data) :]
