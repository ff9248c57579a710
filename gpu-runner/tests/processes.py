"""Commands as processes, one a rank, as a supervisor starts them.

The libraries take many seconds to import, so ranks are forked from a server that has imported them
once; what runs in the fork is `gpu_runner.__main__.main` with real arguments, environment and signals.
`test_command_line.py` starts real interpreters.
"""

import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

import gpu_runner

Json = dict[str, Any]

# The slowest run takes some 20 s alone; others may use the machine.
LIMIT_SECONDS = 240


class Gang:
    """The ranks of one run and what they write."""

    def __init__(self, processes: list[BaseProcess], folder: Path) -> None:
        self.processes = processes
        self.folder = folder

    def wait(self, limit: float = LIMIT_SECONDS) -> list[int | None]:
        """Exit codes; negative for a signal. Ranks that are still there are killed, and the test fails."""
        deadline = time.monotonic() + limit
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
        late = [rank for rank, process in enumerate(self.processes) if process.is_alive()]
        for process in self.processes:
            if process.is_alive():
                os.kill(process.pid or 0, signal.SIGKILL)
                process.join()
        assert not late, f"ranks {late} did not end within {limit} s\n{self.log()}"
        return [process.exitcode for process in self.processes]

    def signal(self, rank: int, number: signal.Signals) -> None:
        os.kill(self.processes[rank].pid or 0, number)

    def wait_for_state(self, rank: int, state: str) -> None:
        """Until the kernel gives the process this state, as in /proc/<pid>/stat."""
        deadline = time.monotonic() + LIMIT_SECONDS
        stat = Path(f"/proc/{self.processes[rank].pid}/stat")
        while stat.read_text().rsplit(") ", 1)[1][0] != state:
            assert time.monotonic() < deadline, f"rank {rank} was not in state {state} within {LIMIT_SECONDS} s"
            time.sleep(0.005)

    def events(self, rank: int = 0, kind: str | None = None) -> list[Json]:
        path = self.folder / f"events-{rank}.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        events = [json.loads(line) for line in lines]
        for event in events:
            event_validator().validate(event)
        return [event for event in events if kind is None or event["kind"] == kind]

    def wait_for(self, is_wanted: Callable[[Json], bool], *, rank: int = 0) -> Json:
        """The first event of a rank that is wanted; polled, since a file has nothing to wait on."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            for event in self.events(rank):
                if is_wanted(event):
                    return event
            assert self.processes[rank].is_alive(), f"rank {rank} ended before the event\n{self.log()}"
            time.sleep(0.005)
        raise AssertionError(f"no such event within {LIMIT_SECONDS} s\n{self.log()}")

    def losses(self, rank: int = 0) -> dict[int, str]:
        """Loss of each step as a hexadecimal float."""
        return {event["step"]: event["loss_hex"] for event in self.events(rank, "step")}

    def failure(self, rank: int = 0) -> Json:
        (event,) = self.events(rank, "failed")
        return event

    def log(self) -> str:
        paths = sorted(self.folder.glob("log-*.txt"))
        return "\n".join(f"--- {path.name}\n{path.read_text(encoding='utf-8')[-4000:]}" for path in paths)


class Launcher:
    """Starts commands in a folder of their own."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            ["torch", "deepspeed", "tokenizers", "transformers", "transformers.models.llama.modeling_llama"]
        )

    def start(
        self,
        command: str,
        plan: Json,
        folder: Path,
        *,
        world_size: int = 1,
        environment: dict[str, str] | None = None,
        before: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> Gang:
        """Start a command; events-<rank>.jsonl and log-<rank>.txt are in `folder`, where it runs.

        `before(*arguments)`, if given, is called in each rank, to put a fault into it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        port = str(free_port())
        processes: list[BaseProcess] = []
        for rank in range(world_size):
            variables = {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": str(world_size),
                "LOCAL_WORLD_SIZE": str(world_size),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
                "GLOO_SOCKET_IFNAME": "lo",
                **(environment or {}),
            }
            process = self._context.Process(
                target=run_rank, args=(command, str(folder), rank, variables, before, arguments)
            )
            process.start()
            processes.append(process)
        return Gang(processes, folder)


def run_rank(
    command: str,
    folder: str,
    rank: int,
    variables: dict[str, str],
    before: Callable[..., None] | None,
    arguments: tuple[Any, ...],
) -> NoReturn:
    """In the fork: become the rank, as `python -m gpu_runner` would."""
    os.chdir(folder)
    os.environ.update(variables)
    descriptor = os.open(f"log-{rank}.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.argv = ["gpu_runner", command, "--plan", "plan.json", "--events", f"events-{rank}.jsonl"]
    if before is not None:
        before(*arguments)
    from gpu_runner import __main__ as entry

    entry.leave(entry.main())


@cache
def event_validator() -> Draft202012Validator:
    """Every event that a test reads is held against the contract."""
    schema = Path(gpu_runner.__file__).parent / "schema" / "event.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
