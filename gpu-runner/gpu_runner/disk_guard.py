"""A full disk on one rank, met by all ranks together."""

from collections.abc import Callable

from gpu_runner.exceptions import DiskFullError
from gpu_runner.exits import classify
from gpu_runner.ranks import Ranks


class DiskGuard:
    """Keeps the first write that failed for want of space, so that the rank still takes part in what is collective."""

    def __init__(self) -> None:
        self._failure: DiskFullError | None = None

    def attempt(self, write: Callable[[], object]) -> None:
        """Write, unless an earlier write has failed; any other failure is raised."""
        if self._failure is not None:
            return
        try:
            write()
        except Exception as error:
            known = classify(error)
            if not isinstance(known, DiskFullError):
                raise
            self._failure = known

    def agree(self, ranks: Ranks) -> None:
        """Raise DiskFullError on all ranks where a write of any rank has failed; collective."""
        if ranks.any(self._failure is not None):
            raise self._failure or DiskFullError(
                "the disk of another rank is full; free space on its machine, its log names the file"
            )
