"""Which exit code an exception ends in.

Libraries raise plain RuntimeErrors for a dead peer, a full disk or a refused allocation;
the texts that tell them apart are gathered here and nowhere else.
"""

import errno
import json
from collections.abc import Iterator
from pathlib import Path

from gpu_runner.exceptions import (
    DiskFullError,
    HangError,
    LostPeerError,
    OutOfMemoryError,
    RunnerError,
)

EXIT_CODES: dict[str, int] = json.loads(
    (Path(__file__).parent / "schema" / "exit-codes.json").read_text(encoding="utf-8")
)

# An uncaught exception, as Python itself would end.
CRASHED = 1

# Texts of c10d, gloo and NCCL (torch 2.15), lower case.
_TIMEOUT_TEXTS = (
    "timed out waiting",
    "timed out after",
    "timeout at",
    "wait timeout",
    "watchdog caught collective operation timeout",
)
_PEER_TEXTS = (
    "connection closed by peer",
    "connection reset by peer",
    "connection refused",
    "broken pipe",
    "socket closed",
    "connection was likely closed",
    "failed to recv, got 0 bytes",
    "gloo connectfullmesh failed",
    "remote process exited",
)
_DISK_TEXTS = ("no space left on device", "os error 28", "disk quota exceeded")
# torch.save loses the errno of a failed write, and reports what it stumbles over next.
_TORCH_SAVE_TEXTS = ("pytorchstreamwriter failed writing", "iostream error", "unexpected pos")
_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "not enough memory")


def classify(error: BaseException) -> RunnerError | None:
    """The failure that an exception of a library stands for, or None where it is unexpected."""
    for cause in _chain(error):
        if isinstance(cause, RunnerError):
            return cause
        if (known := _classify_one(cause)) is not None:
            return known
    return None


def exit_code(error: RunnerError | None) -> int:
    """Exit status for a classified failure; None is a crash."""
    return EXIT_CODES[error.exit_name] if error is not None else CRASHED


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _classify_one(error: BaseException) -> RunnerError | None:
    text = str(error).lower()
    fact = (str(error).splitlines() or [type(error).__name__])[0]
    # Collectives and torch raise RuntimeErrors, the rendezvous store ConnectionErrors.
    is_of_torch = isinstance(error, RuntimeError | ConnectionError)
    is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    if is_full or _has(text, _DISK_TEXTS) or (is_of_torch and _has(text, _TORCH_SAVE_TEXTS)):
        return DiskFullError(f"the disk is full ({fact}); free space or move the run's directory, then start again")
    if isinstance(error, MemoryError) or (is_of_torch and _has(text, _MEMORY_TEXTS)):
        return OutOfMemoryError(
            f"memory ran out ({fact}); halve micro_batch_rows and double accumulation_steps, or turn activation_checkpointing on"
        )
    if is_of_torch and _has(text, _PEER_TEXTS):
        return LostPeerError(
            f"another rank is gone ({fact}); look at its log for the cause, then start all ranks again from the newest checkpoint"
        )
    if is_of_torch and _has(text, _TIMEOUT_TEXTS):
        return HangError(
            f"another rank did not answer in time ({fact}); ask all ranks for stacks by SIGUSR1, then start them again from the newest checkpoint"
        )
    return None


def _has(text: str, parts: tuple[str, ...]) -> bool:
    return any(part in text for part in parts)
