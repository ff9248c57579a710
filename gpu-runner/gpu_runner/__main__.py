"""The command line: python -m gpu_runner <command> --plan plan.json --events events.jsonl."""

import argparse
import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

from gpu_runner.config import PLAN_OF_COMMAND
from gpu_runner.events import EventLog
from gpu_runner.exceptions import Interrupted
from gpu_runner.exits import EXIT_CODES, classify, exit_code
from gpu_runner.log import configure_log
from gpu_runner.plan_file import load_plan
from gpu_runner.stop import StopRequest, dump_stacks_on_request


def main() -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="gpu_runner", description="Run one command of a plan file.")
    parser.add_argument("command", choices=sorted(PLAN_OF_COMMAND))
    parser.add_argument("--plan", required=True, help="JSON file with the plan of the command")
    parser.add_argument("--events", required=True, help="JSON Lines file that events are appended to")
    arguments = parser.parse_args()

    began = time.monotonic()
    rank = int(os.environ.get("RANK", "0"))
    configure_log(rank)
    dump_stacks_on_request()
    stop = StopRequest()
    try:
        events = EventLog(arguments.events, rank=rank)
    except OSError as error:
        print(
            f"gpu_runner: --events {arguments.events}: cannot be opened ({error.strerror}); name a file that can be written",
            file=sys.stderr,
        )
        return EXIT_CODES["config"]
    with events:
        try:
            stop.listen()
            events.emit("started", command=arguments.command, pid=os.getpid())
            plan = load_plan(Path(arguments.plan), arguments.command)
            # Each command imports what it needs when it is chosen: torch alone takes seconds.
            events.phase("imports")
            importlib.import_module(f"gpu_runner.{arguments.command}").run(plan, events, stop)
            events.emit("finished", seconds=time.monotonic() - began)
            return EXIT_CODES["ok"]
        except Exception as error:
            return end(error, events)


def end(error: Exception, events: EventLog) -> int:
    """Tell how it ended, in the log and as an event; returns the exit code."""
    known = classify(error)
    try:
        if isinstance(known, Interrupted):
            events.emit("interrupted", step=known.step)
        else:
            # A known failure that a library raised keeps its traceback too: the text alone may not place it.
            if known is not error:
                traceback.print_exception(error, file=sys.stderr)
            message = str(known) if known is not None else f"{type(error).__name__}: {error}"
            print(f"gpu_runner: {message}", file=sys.stderr, flush=True)
            events.emit(
                "failed",
                exit=known.exit_name if known is not None else "crashed",
                message=message,
                step=known.step if known is not None else None,
            )
    except MemoryError:
        # What has run out may not suffice for words; the exit code still tells.
        print("gpu_runner: no memory to say more", file=sys.stderr, flush=True)
    except OSError as unwritable:
        # The exit code still tells; a full disk is the usual reason.
        print(f"gpu_runner: the events file cannot be written: {unwritable}", file=sys.stderr, flush=True)
    return exit_code(known)


def leave(code: int) -> NoReturn:
    """End without the teardown of libraries: it may wait for ranks that are gone."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
