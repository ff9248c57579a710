"""What libraries raise, and which exit it is."""

import errno
import json
import traceback
from pathlib import Path

import pytest
import torch

from gpu_runner import exceptions
from gpu_runner.__main__ import end
from gpu_runner.events import EventLog
from gpu_runner.exits import EXIT_CODES, classify, exit_code


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "diskFull"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "diskFull"),
        (RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 126144 vs 126032"), "diskFull"),
        (Exception("No space left on device (os error 28)"), "diskFull"),
        (MemoryError(), "outOfMemory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "outOfMemory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"), "outOfMemory"),
        (RuntimeError("[../gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:1"), "lostPeer"),
        (RuntimeError("Read error [127.0.0.1]:1: Connection reset by peer"), "lostPeer"),
        (
            torch.distributed.DistBackendError("NCCL error: remote process exited or there was a network error"),
            "lostPeer",
        ),
        (RuntimeError("[../gloo/transport/tcp/unbound_buffer.cc:81] Timed out waiting 4000ms for recv"), "hang"),
        (exceptions.DataError("x"), "data"),
        (exceptions.CheckpointError("x"), "checkpointIncomplete"),
        (exceptions.ConfigError("x"), "config"),
        (exceptions.DivergedError("x"), "diverged"),
        (exceptions.Interrupted(3), "interrupted"),
    ],
)
def test_an_error_has_the_exit_of_its_kind(error: Exception, name: str) -> None:
    known = classify(error)
    assert known is not None
    assert known.exit_name == name
    assert exit_code(known) == EXIT_CODES[name]


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("shape mismatch"), KeyError("a")])
def test_an_unexpected_error_is_a_crash(error: Exception) -> None:
    assert classify(error) is None
    assert exit_code(None) == 1


def test_the_cause_of_a_wrapped_error_decides() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("save failed") from error
    except RuntimeError as wrapped:
        known = classify(wrapped)
    assert isinstance(known, exceptions.DiskFullError)


def test_every_exit_of_the_contract_has_an_exception() -> None:
    names = {kind.exit_name for kind in exceptions.RunnerError.__subclasses__()}
    assert names == set(EXIT_CODES) - {"ok"}
    schema = Path(exceptions.__file__).parent / "schema" / "exit-codes.json"
    assert json.loads(schema.read_text()) == EXIT_CODES


def test_memory_that_does_not_suffice_for_words_leaves_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(traceback, "print_exception", refuse)
    with EventLog(str(tmp_path / "events.jsonl"), rank=0) as events:
        assert end(MemoryError(), events) == EXIT_CODES["outOfMemory"]
