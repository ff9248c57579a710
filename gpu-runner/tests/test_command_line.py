"""Real interpreters: `python -m gpu_runner`, as a supervisor starts it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gpu_runner.exits import EXIT_CODES
from tests.plans import generate_plan, init_plan, model_to_load, train_plan
from tests.processes import Gang

REPOSITORY = Path(__file__).resolve().parents[2]
Json = dict[str, Any]


def run(
    folder: Path, command: str, plan: Json | None, *more: str, python: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    if plan is not None:
        (folder / "plan.json").write_text(json.dumps(plan))
    arguments = [command, "--plan", "plan.json", "--events", "events.jsonl", *more]
    return subprocess.run(
        [sys.executable, *python, "-m", "gpu_runner", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "gpu-runner")},
        capture_output=True,
        text=True,
        check=False,
    )


def events(folder: Path) -> list[Json]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_one_process_without_ranks_in_its_environment_trains(workspace: Path, tmp_path: Path) -> None:
    ended = run(tmp_path, "train", train_plan(workspace, world_size=1, max_steps=1))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    kinds = [event["kind"] for event in events(tmp_path)]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    phases = [event["phase"] for event in events(tmp_path) if event["kind"] == "phase"]
    assert phases[:5] == ["imports", "data", "model", "engine", "loop"]
    assert {"validate", "snapshot", "checkpoint"} < set(phases)


def test_tokens_does_not_import_torch(workspace: Path, tmp_path: Path) -> None:
    plan = {
        "command": "tokens",
        "model": model_to_load(workspace / "tiny"),
        "context_tokens": 96,
        "splits": [{"name": "train", "rows": str(workspace / "rows.jsonl")}],
    }
    ended = run(tmp_path, "tokens", plan, python=("-X", "importtime"))
    assert ended.returncode == 0, ended.stderr
    imported = {line.rsplit("|")[-1].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")}
    assert "tokenizers" in imported
    assert not {"torch", "deepspeed"} & imported


def test_a_wrong_plan_ends_with_its_code_and_a_failed_event(tmp_path: Path) -> None:
    ended = run(tmp_path, "train", {"command": "train", "sed": 1})
    assert ended.returncode == EXIT_CODES["config"]
    (failed,) = (event for event in events(tmp_path) if event["kind"] == "failed")
    assert failed["exit"] == "config"
    assert "sed: unknown key" in failed["message"]
    assert failed["message"] in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unexpected_failure_keeps_its_traceback(tmp_path: Path, workspace: Path) -> None:
    # The output is a file: nothing of ours expects that.
    (tmp_path / "taken").write_text("")
    ended = run(tmp_path, "init", init_plan(workspace / "rows.jsonl", tmp_path / "taken"))
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert events(tmp_path)[-1]["exit"] == "crashed"
    assert "FileExistsError" in events(tmp_path)[-1]["message"]


def test_an_events_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    ended = run(tmp_path, "describe", {"command": "describe"}, "--events", "none/events.jsonl")
    assert ended.returncode == EXIT_CODES["config"]
    assert "--events none/events.jsonl: cannot be opened" in ended.stderr


def test_usage_is_left_to_python(tmp_path: Path) -> None:
    assert run(tmp_path, "tune", None).returncode == 2


@pytest.mark.skipif(
    shutil.which("node") is None or not (REPOSITORY / "node_modules/zod").exists(),
    reason="NOT RUN: needs node and the repository's node_modules",
)
def test_typescript_reads_our_events_and_we_read_its_plans(unbroken: Gang, workspace: Path, tmp_path: Path) -> None:
    plans = [
        train_plan(workspace, resume={"step": 3, "path": "c"}),
        generate_plan(workspace, Path("items"), sampling={"temperature": 1, "top_p": 0.5}),
        init_plan(Path("rows"), Path("out")),
    ]
    lines = [event for rank in range(2) for event in unbroken.events(rank)]
    script = f"""
        import {{ RunnerPlan }} from '{REPOSITORY}/src/contract/runner-plan.ts';
        import {{ RunnerEvent }} from '{REPOSITORY}/src/contract/runner-event.ts';
        let text = '';
        for await (const chunk of process.stdin) text += chunk;
        const {{ plans, events }} = JSON.parse(text);
        events.forEach((event) => RunnerEvent.parse(event));
        process.stdout.write(JSON.stringify(plans.map((plan) => RunnerPlan.parse(plan))));
    """
    ended = subprocess.run(
        ["node", "--import", "tsx", "--input-type=module", "-e", script],
        cwd=REPOSITORY,
        input=json.dumps({"plans": plans, "events": lines}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    from gpu_runner.plan_file import load_plan

    for plan in json.loads(ended.stdout):
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        assert load_plan(tmp_path / "plan.json", plan["command"]).command == plan["command"]
