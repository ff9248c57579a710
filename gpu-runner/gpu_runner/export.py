"""`export`: a snapshot as a directory to publish, proved to compute what the snapshot computes."""

import hashlib
import logging
import shutil
from pathlib import Path
from typing import Any

import torch

from gpu_runner.config import ExportPlan
from gpu_runner.environment import prepare_environment
from gpu_runner.events import EventLog
from gpu_runner.exceptions import ConfigError, DataError, RunnerError
from gpu_runner.snapshot import save_model
from gpu_runner.stop import StopRequest
from gpu_runner.tokenizer import PROBE_TEXT, load_backend, read_model_config

log = logging.getLogger(__name__)


def run(plan: ExportPlan, events: EventLog, stop: StopRequest) -> None:
    """Write the directory, load it again, compare logits on a fixed probe; emit `exported`."""
    prepare_environment("cpu")
    events.phase("data")
    card = read_card(plan.card)
    if plan.output.exists() and any(plan.output.iterdir()):
        raise ConfigError(f"{plan.output}: is not empty; name a new directory or empty this one")
    events.phase("model")
    model, tokenizer = load(plan.snapshot)
    expected = probe_logits(model, tokenizer)
    plan.output.parent.mkdir(parents=True, exist_ok=True)
    partial = plan.output.with_name(f".{plan.output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    save_model(model, model.state_dict(), tokenizer, partial)
    (partial / "README.md").write_text(card, encoding="utf-8")
    events.phase("validate")
    refuse_other_logits(expected, probe_logits(*load(partial)), plan.output)
    if plan.output.exists():
        plan.output.rmdir()
    partial.rename(plan.output)
    log.info("wrote %s", plan.output)
    events.emit(
        "exported",
        path=str(plan.output),
        num_parameters=model.num_parameters(),
        logits_sha256=hashlib.sha256(expected.float().numpy().tobytes()).hexdigest(),
    )


def load(directory: Path) -> tuple[Any, Any]:
    """(model, tokenizer) as anybody would load them, in the dtype that they were saved in."""
    from transformers import AutoModelForCausalLM

    read_model_config(directory)
    tokenizer = load_backend(directory)
    try:
        model = AutoModelForCausalLM.from_pretrained(directory, dtype="auto", local_files_only=True)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{directory}: the weights cannot be loaded ({str(error).splitlines()[0]}); take an earlier snapshot"
        ) from error
    return model.eval(), tokenizer


def probe_logits(model: Any, tokenizer: Any) -> torch.Tensor:
    """Logits [T, V] for a fixed text, on CPU, in the model's dtype."""
    ids = tokenizer(PROBE_TEXT, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        return model(input_ids=ids).logits[0]


def refuse_other_logits(expected: torch.Tensor, found: torch.Tensor, output: Path) -> None:
    """Raise RunnerError where any logit differs by a single bit."""
    if expected.shape != found.shape or not torch.equal(expected, found):
        raise RunnerError(
            f"{output}: loads with other logits than its snapshot (shapes {tuple(expected.shape)} and {tuple(found.shape)}); nothing was exported, report this"
        )


def read_card(path: Path) -> str:
    """Text of the model card; raises DataError where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the model card cannot be read ({error}); write it as UTF-8 Markdown") from None
