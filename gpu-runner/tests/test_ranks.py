"""What is set before ranks talk to each other."""

import os
import subprocess
import sys
from pathlib import Path

from gpu_runner.ranks import COLLECTIVE_TIMEOUT_SECONDS
from tests.plans import train_plan
from tests.processes import Launcher

SUBGROUP_TIMEOUT = """
import torch.distributed as dist
from gpu_runner.ranks import join

join("cpu", 1)
for group in (dist.group.WORLD, dist.new_group([0])):
    print(group._get_backend(__import__("torch").device("cpu")).options._timeout.total_seconds())
"""


def timeouts(environment: dict[str, str]) -> list[float]:
    """Seconds of the world and of a subgroup made without a timeout, in a process of its own: the default is global."""
    result = subprocess.run(
        [sys.executable, "-c", SUBGROUP_TIMEOUT],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line) for line in result.stdout.split()]


def test_a_subgroup_without_a_timeout_takes_that_of_the_world() -> None:
    assert timeouts({"GPU_RUNNER_COLLECTIVE_SECONDS": "7"}) == [7.0, 7.0]
    assert timeouts({}) == [COLLECTIVE_TIMEOUT_SECONDS] * 2


def test_training_on_a_cpu_compiles_nothing(launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "extensions"
    compiled.mkdir()
    gang = launcher.start(
        "train",
        train_plan(workspace),
        tmp_path / "run",
        world_size=2,
        environment={"TORCH_EXTENSIONS_DIR": str(compiled)},
    )
    assert gang.wait() == [0, 0], gang.log()
    assert list(compiled.iterdir()) == []
