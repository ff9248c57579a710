"""Snapshots: the weights after an epoch as a whole transformers directory."""

import logging
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from gpu_runner.disk_guard import DiskGuard
from gpu_runner.exceptions import DiskFullError
from gpu_runner.ranks import Ranks
from gpu_runner.tokenizer import TaskTokenizer

log = logging.getLogger(__name__)

# Without these weights an epoch cannot be chosen, so a full disk is waited for, unlike at a checkpoint: uploads that
# end free it. Together the waits stay far below a supervisor's limit for a snapshot (60 s at least).
ATTEMPTS = 4
SECONDS_BETWEEN_ATTEMPTS = 10.0


def folder_of_epoch(snapshots: Path, epoch: int) -> Path:
    """Where the weights after an epoch, counted from 1, are written."""
    return snapshots / f"epoch-{epoch:04d}"


def write(engine: Any, model: Any, tokenizer: TaskTokenizer, folder: Path, ranks: Ranks) -> None:
    """Write config, safetensors, tokenizer and generation config; collective, rank 0 writes.

    The folder gets its name when it is whole. Under ZeRO-3 the weights are gathered into the host
    memory of rank 0, layer by layer. Raises DiskFullError on all ranks where the disk stays full.
    """
    is_sharded = engine.zero_optimization_stage() == 3
    # The name is DeepSpeed's; the values have the dtype of the model, float32 included.
    state = engine._zero3_consolidated_16bit_state_dict() if is_sharded else model.state_dict()
    partial = folder.with_name(f".{folder.name}.partial")

    def write_whole() -> None:
        partial.mkdir(parents=True)
        save_model(model, state, tokenizer.backend, partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    for attempt in range(1, ATTEMPTS + 1):
        guard = DiskGuard()
        if ranks.is_first:
            shutil.rmtree(partial, ignore_errors=True)
            guard.attempt(write_whole)
        try:
            return guard.agree(ranks)
        except DiskFullError as error:
            if ranks.is_first:
                shutil.rmtree(partial, ignore_errors=True)
            if attempt == ATTEMPTS:
                raise
            log.warning("weights could not be written, try %d of %d: %s", attempt, ATTEMPTS, error)
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
    raise AssertionError("the last attempt returns or raises")


def save_model(model: Any, state: dict[str, torch.Tensor], tokenizer: Any, folder: Path) -> None:
    """One transformers directory; a tied output layer is stored once."""
    tied = set(model.all_tied_weights_keys) if model.config.tie_word_embeddings else set[str]()
    model.save_pretrained(folder, state_dict={name: tensor for name, tensor in state.items() if name not in tied})
    tokenizer.save_pretrained(folder)
