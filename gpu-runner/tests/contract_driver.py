"""python -m tests.contract_driver: answers the TypeScript tests of test/contract, a JSON object a line in, one a line out.

{"op": "codes"}                      exit codes, and the exceptions that end in them
{"op": "load", "command", "plan"}    the plan as gpu_runner reads it, or how it refuses it
{"op": "run", "command", "plan", "folder", "stop_after"}
                                     runs the command in the folder; SIGTERM after the first new event of that kind
"""

import dataclasses
import json
import signal
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from gpu_runner import exceptions
from gpu_runner.exits import EXIT_CODES, classify, exit_code
from gpu_runner.plan_file import load_plan
from tests.processes import Launcher

Json = dict[str, Any]


def codes() -> Json:
    kinds = [kind for kind in vars(exceptions).values() if isinstance(kind, type)]
    names = [kind.exit_name for kind in kinds if kind is not exceptions.RunnerError]
    return {"codes": EXIT_CODES, "raised": names}


def load(plan_file: Path, command: str, plan: Any) -> Json:
    plan_file.write_text(json.dumps(plan), encoding="utf-8")
    try:
        return {"plan": dataclasses.asdict(load_plan(plan_file, command))}
    except exceptions.RunnerError as error:
        known = classify(error)
        return {"exit": error.exit_name, "code": exit_code(known), "message": str(error)}


@cache
def launcher() -> Launcher:
    # Made at the first run: it imports torch, which reading plans does not need.
    return Launcher()


def run(folder: Path, command: str, plan: Json, stop_after: str | None) -> Json:
    events = folder / "events-0.jsonl"
    known = len(events.read_text(encoding="utf-8").splitlines()) if events.exists() else 0
    gang = launcher().start(command, plan, folder)
    if stop_after is not None:
        gang.wait_for(lambda _: any(event["kind"] == stop_after for event in gang.events()[known:]))
        gang.signal(0, signal.SIGTERM)
    (code,) = gang.wait()
    return {"code": code, "log": gang.log()}


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for line in sys.stdin:
            request = json.loads(line)
            match request["op"]:
                case "codes":
                    answer = codes()
                case "load":
                    answer = load(Path(scratch) / "plan.json", request["command"], request["plan"])
                case "run":
                    answer = run(Path(request["folder"]), request["command"], request["plan"], request["stop_after"])
                case other:
                    raise ValueError(f"unknown request {other}")
            print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
