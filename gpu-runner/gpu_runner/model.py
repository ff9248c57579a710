"""Opening a model for training or generation, with the tokens of the task.

Shape letters: B rows, T positions, V vocabulary, N target positions of a micro-batch.
"""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from gpu_runner.batches import MicroBatch
from gpu_runner.config import Precision
from gpu_runner.exceptions import ConfigError
from gpu_runner.tokenizer import TaskTokenizer, read_model_config

DTYPE_OF_PRECISION: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


def open_model(directory: Path, tokenizer: TaskTokenizer, precision: Precision) -> Any:
    """Load weights, grow the embeddings to the tokenizer, record the stop token.

    Attention is torch's scaled_dot_product_attention on CPU and CUDA alike. Packed rows get a
    block-diagonal mask, which on CUDA selects its memory-efficient kernel (the flash kernel takes
    no mask). Raises ConfigError where the directory holds no causal language model.
    """
    from transformers import AutoModelForCausalLM

    read_model_config(directory)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            directory,
            dtype=DTYPE_OF_PRECISION[precision],
            attn_implementation="sdpa",
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(
            f"{directory}: the model cannot be loaded ({first_line}); save it again with save_pretrained"
        ) from error
    add_token_rows(model, tokenizer)
    record_stop_token(model, tokenizer)
    return model


def own_stop_ids(directory: Path) -> set[int]:
    """End tokens that a model directory names itself."""
    from transformers import GenerationConfig

    if (directory / "generation_config.json").is_file():
        ids = GenerationConfig.from_pretrained(directory, local_files_only=True).eos_token_id
    else:
        ids = read_model_config(directory).get("eos_token_id")
    return set() if ids is None else {ids} if isinstance(ids, int) else set(ids)


def record_stop_token(model: Any, tokenizer: TaskTokenizer) -> None:
    """Generation of whoever loads the saved model ends where the training data ends."""
    from transformers import GenerationConfig

    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.backend.bos_token_id,
        eos_token_id=tokenizer.stop_id,
        pad_token_id=tokenizer.pad_id,
    )
    model.config.eos_token_id = tokenizer.stop_id
    model.config.pad_token_id = tokenizer.pad_id


def add_token_rows(model: Any, tokenizer: TaskTokenizer) -> None:
    """Give each new token, by its id, the mean of the rows of the tokens that were there before.

    Rows are only added where the vocabulary has outgrown the matrix: a padded one has room. A tied
    output layer stays tied; an untied one is treated alike. Sharded parameters are gathered.
    """
    with _gathered([model.get_input_embeddings().weight]):
        num_rows = model.get_input_embeddings().weight.shape[0]
    if tokenizer.size > num_rows:
        model.resize_token_embeddings(tokenizer.size, mean_resizing=False)
    if not tokenizer.new_ids:
        return
    new_ids = torch.tensor(tokenizer.new_ids)
    num_old = min(tokenizer.size_before, num_rows)
    layers = [model.get_input_embeddings(), model.get_output_embeddings()]
    weights = {id(layer.weight): layer.weight for layer in layers if layer is not None}
    for weight in weights.values():
        with _gathered([weight], writes=True), torch.no_grad():
            if weight.numel() > 0:
                is_old = torch.ones(num_old, dtype=torch.bool)
                is_old[new_ids[new_ids < num_old]] = False
                mean = weight[:num_old][is_old].float().mean(dim=0)
                weight[new_ids] = mean.to(weight.dtype)


def count_parameters(model: nn.Module) -> int:
    """Number of parameters, each once; a sharded one counts whole."""
    return sum(getattr(p, "ds_numel", p.numel()) for p in model.parameters())


def assert_all_trainable(model: nn.Module) -> None:
    """Full-parameter training means every one."""
    frozen = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    if frozen:
        raise ConfigError(
            f"{len(frozen)} parameters do not require a gradient, the first is {frozen[0]}; unfreeze the model before saving it"
        )


def sum_cross_entropy(forward: nn.Module, causal_model: Any, batch: MicroBatch) -> torch.Tensor:
    """Sum over the target positions of -log p(next token), in nats: a float32 scalar with gradient.

    `forward` is `causal_model` or the engine around it. Documents are isolated by positions that
    begin again, which transformers turns into a block-diagonal mask only while there is neither an
    attention mask nor a cache: either of them lets documents see each other silently. A batch
    without targets gives zero, not the NaN of a mean over nothing.
    """
    is_target_BT = batch.targets_BT != -100
    with output_layer_only_at(causal_model, is_target_BT):
        logits_NV = forward(input_ids=batch.token_ids_BT, position_ids=batch.positions_BT, use_cache=False).logits
    return functional.cross_entropy(logits_NV.float(), batch.targets_BT[is_target_BT], reduction="sum")


@contextlib.contextmanager
def output_layer_only_at(model: Any, is_target_BT: torch.Tensor) -> Generator[None]:
    """Inside, logits are [N, V] for the target positions alone: [B, T, V] in float32 is the peak of memory."""
    handle = model.get_output_embeddings().register_forward_pre_hook(lambda _module, inputs: (inputs[0][is_target_BT],))
    try:
        yield
    finally:
        handle.remove()


@contextlib.contextmanager
def _gathered(weights: list[torch.Tensor], *, writes: bool = False) -> Generator[None]:
    """Whole parameters inside, whether or not ZeRO-3 has sharded them; rank 0's writes go to all."""
    sharded = [weight for weight in weights if hasattr(weight, "ds_id")]
    if not sharded:
        yield
        return
    import deepspeed

    # With a modifier rank the others hold the gathered values too and write the same.
    with deepspeed.zero.GatheredParameters(sharded, modifier_rank=0 if writes else None):
        yield
