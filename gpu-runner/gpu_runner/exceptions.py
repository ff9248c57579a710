"""The failures that gpu_runner ends with on purpose, one class for each exit code.

A message says the fact, the number and what to do about it.
"""


class RunnerError(Exception):
    """Base; `exit_name` is a key of schema/exit-codes.json."""

    exit_name = "crashed"
    step: int | None = None
    """The step whose batch led to it, where one did."""


class ConfigError(RunnerError):
    """The plan, the model directory or the environment cannot work, whatever the data."""

    exit_name = "config"


class DataError(RunnerError):
    """A file of rows or items is missing, torn or malformed."""

    exit_name = "data"


class CheckpointError(RunnerError):
    """The copy of a checkpoint to go on from is not what was written."""

    exit_name = "checkpointIncomplete"


class DivergedError(RunnerError):
    """Loss or gradient stopped being finite; raised before the weights were touched."""

    exit_name = "diverged"

    def __init__(self, message: str, *, step: int | None = None) -> None:
        super().__init__(message)
        self.step = step


class LostPeerError(RunnerError):
    """Another rank closed its connections in the middle of a collective."""

    exit_name = "lostPeer"


class HangError(RunnerError):
    """Another rank is connected but did not answer within the collective timeout."""

    exit_name = "hang"


class OutOfMemoryError(RunnerError):
    """The device or the host refused an allocation."""

    exit_name = "outOfMemory"


class DiskFullError(RunnerError):
    """A file could not be written for want of space."""

    exit_name = "diskFull"


class Interrupted(RunnerError):  # noqa: N818 (nothing has gone wrong)
    """A stop was asked for and has been carried out; `step` is what is safely done: of training its newest checkpoint."""

    exit_name = "interrupted"

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped as asked after {step}; start again to go on from there")
        self.step = step
