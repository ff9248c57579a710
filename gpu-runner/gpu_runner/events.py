"""The events file: one JSON object a line, appended, in the shapes of schema/event.json."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from typing_extensions import Self

Phase = Literal["imports", "data", "model", "engine", "restore", "loop", "checkpoint", "validate", "snapshot"]


class EventLog:
    """Appends events of one rank.

    Each event is one write to a descriptor opened with O_APPEND, so that a reader never sees two
    lines mixed and a killed process leaves at most one torn line, at the end.
    """

    def __init__(self, path: str, *, rank: int) -> None:
        self._rank = rank
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        _end_torn_line(path, self._descriptor)

    def emit(self, kind: str, **fields: Any) -> None:
        """Append one event; raises OSError where the file cannot grow."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = {"kind": kind, "time": now, "rank": self._rank, **fields}
        # allow_nan=False: NaN is not JSON, and a reader would drop the line.
        line = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
        data = line.encode("utf-8")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def phase(self, phase: Phase) -> None:
        """Say that a phase begins; a supervisor's limits for it count from here."""
        self.emit("phase", phase=phase)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


def _end_torn_line(path: str, descriptor: int) -> None:
    """A process that was killed in a write leaves half a line; the next event begins on its own."""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return
        file.seek(size - 1)
        if file.read(1) != b"\n":
            os.write(descriptor, b"\n")
