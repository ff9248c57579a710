"""Signals: SIGTERM and SIGINT ask for a stop, SIGUSR1 prints the stacks of all threads."""

import faulthandler
import signal
import sys
from types import FrameType

from gpu_runner.exceptions import Interrupted


class StopRequest:
    """Set by SIGTERM or SIGINT; commands that have boundaries to stop at look at `requested`."""

    def __init__(self) -> None:
        self.requested = False
        self._is_deferred = False

    def listen(self) -> None:
        """Catch the signals from here on."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def defer(self) -> None:
        """From here on the command itself looks at `requested`; before, a signal ends it at once."""
        self._is_deferred = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        if not self._is_deferred:
            raise Interrupted(0)


def dump_stacks_on_request() -> None:
    """SIGUSR1 writes the stacks of all threads to stderr, whatever the main thread is stuck in."""
    faulthandler.enable(file=sys.stderr)
    faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=True, chain=False)
