"""The model in one process: packing, isolation of documents, loss, new tokens."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gpu_runner.batches import BatchPlan, MicroBatch
from gpu_runner.config import ModelToLoad
from gpu_runner.encoding import encode_rows
from gpu_runner.exceptions import ConfigError
from gpu_runner.model import assert_all_trainable, open_model, own_stop_ids, sum_cross_entropy
from gpu_runner.rows import read_rows
from gpu_runner.tokenizer import TaskTokenizer, open_tokenizer
from tests.plans import SPECIAL_TOKENS, STOP_TOKEN

Opened = tuple[Any, TaskTokenizer]


def opened(path: Path, *new: str) -> Opened:
    tokenizer = open_tokenizer(ModelToLoad(path=path, special_tokens=(*SPECIAL_TOKENS, *new), stop_token=STOP_TOKEN))
    return open_model(path, tokenizer, "fp32"), tokenizer


@pytest.fixture
def tiny(workspace: Path) -> Opened:
    return opened(workspace / "tiny")


@pytest.fixture
def untied(workspace: Path, tmp_path: Path) -> Path:
    """`tiny` with an output layer of its own."""
    model, tokenizer = opened(workspace / "tiny")
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    model.save_pretrained(tmp_path / "untied")
    tokenizer.backend.save_pretrained(tmp_path / "untied")
    return tmp_path / "untied"


@pytest.fixture
def plan_of(workspace: Path, tiny: Opened) -> Callable[[int, int], BatchPlan]:
    """Batches of a given context and number of rows; a context of 48 holds one row, 96 several."""
    _, tokenizer = tiny
    rows = encode_rows(tokenizer, read_rows(workspace / "rows.jsonl"), context_tokens=48)

    def make(context: int, micro_batch_rows: int) -> BatchPlan:
        return BatchPlan(
            rows=rows,
            context_tokens=context,
            pad_id=tokenizer.pad_id,
            seed=0,
            micro_batch_rows=micro_batch_rows,
            accumulation_steps=1,
            world_size=1,
        )

    return make


def loss_and_gradients(model: Any, batch: MicroBatch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    model.zero_grad()
    loss = sum_cross_entropy(model, model, batch)
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters()}


def test_packed_rows_have_the_loss_and_gradients_of_rows_by_themselves(
    tiny: Opened, plan_of: Callable[[int, int], BatchPlan]
) -> None:
    model, _ = tiny
    plan = plan_of(96, 2)
    bins = plan.bins_of_step(1)
    documents = [row for packed in bins for row in packed]
    assert len(documents) > 2
    packed_loss, packed_gradients = loss_and_gradients(model, plan.tensors(bins))
    alone_loss, alone_gradients = loss_and_gradients(
        model, plan_of(48, len(documents)).tensors([[row] for row in documents])
    )
    torch.testing.assert_close(packed_loss, alone_loss, rtol=1e-5, atol=1e-4)
    for name, gradient in packed_gradients.items():
        torch.testing.assert_close(gradient, alone_gradients[name], rtol=1e-3, atol=1e-4)


def test_a_document_does_not_see_its_neighbours(tiny: Opened, plan_of: Callable[[int, int], BatchPlan]) -> None:
    model, _ = tiny
    plan = plan_of(96, 1)
    first, second, *_ = plan.bins_of_step(1)[0]
    batch = plan.tensors([[first, second]])
    border = int(plan.rows.lengths[first])
    only_second = batch.targets_BT.clone()
    only_second[:, : border - 1] = -100
    batch = replace(batch, targets_BT=only_second)
    other_first = batch.token_ids_BT.clone()
    other_first[:, :border] = 5
    changed = replace(batch, token_ids_BT=other_first)
    assert torch.equal(sum_cross_entropy(model, model, batch), sum_cross_entropy(model, model, changed))
    # The control: without positions that begin again, the change is seen.
    joined = torch.arange(96)[None]
    assert not torch.equal(
        sum_cross_entropy(model, model, replace(batch, positions_BT=joined)),
        sum_cross_entropy(model, model, replace(changed, positions_BT=joined)),
    )


def test_a_batch_without_targets_has_no_loss_and_no_gradient(
    tiny: Opened, plan_of: Callable[[int, int], BatchPlan]
) -> None:
    loss, gradients = loss_and_gradients(tiny[0], plan_of(96, 2).tensors([]))
    assert loss == 0
    assert all((gradient == 0).all() for gradient in gradients.values())


def test_the_loss_is_that_of_all_logits(tiny: Opened, plan_of: Callable[[int, int], BatchPlan]) -> None:
    model, _ = tiny
    plan = plan_of(96, 2)
    batch = plan.micro_batch(1, 0, 0)
    logits = model(input_ids=batch.token_ids_BT, position_ids=batch.positions_BT, use_cache=False).logits
    expected = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), batch.targets_BT.flatten(), ignore_index=-100, reduction="sum"
    )
    torch.testing.assert_close(sum_cross_entropy(model, model, batch), expected)
    assert logits.shape[:2] == batch.token_ids_BT.shape, "the hook is gone again"


def test_new_rows_of_a_tied_model_are_the_mean_and_the_tie_survives(workspace: Path, tiny: Opened) -> None:
    before = tiny[0].get_input_embeddings().weight.detach()
    model, tokenizer = opened(workspace / "tiny", "<NEW_1>", "<NEW_2>")
    weight = model.get_input_embeddings().weight
    assert weight is model.get_output_embeddings().weight
    assert weight.shape[0] == before.shape[0] + 2 == model.config.vocab_size
    assert torch.equal(weight[: before.shape[0]], before)
    for new_id in tokenizer.new_ids:
        torch.testing.assert_close(weight[new_id], before.mean(dim=0))


def test_new_rows_of_an_untied_model_are_the_mean_of_each_layer(untied: Path) -> None:
    before, _ = opened(untied)
    model, tokenizer = opened(untied, "<NEW_1>")
    for get in ("get_input_embeddings", "get_output_embeddings"):
        old, new = getattr(before, get)().weight, getattr(model, get)().weight
        torch.testing.assert_close(new[tokenizer.new_ids[0]], old.mean(dim=0))
        assert torch.equal(new[: old.shape[0]], old)
    assert not torch.equal(model.lm_head.weight, model.get_input_embeddings().weight)


def test_a_padded_vocabulary_is_filled_by_id_not_grown(workspace: Path, tmp_path: Path, tiny: Opened) -> None:
    model, tokenizer = tiny
    size = tokenizer.size
    model.resize_token_embeddings(size + 10, mean_resizing=False)
    model.save_pretrained(tmp_path)
    tokenizer.backend.save_pretrained(tmp_path)
    padded, new = opened(tmp_path, "<NEW_1>")
    weight = padded.get_input_embeddings().weight
    assert new.new_ids == (size,)
    assert weight.shape[0] == size + 10
    torch.testing.assert_close(weight[size], weight[:size].mean(dim=0))


def test_the_stop_token_is_recorded_and_the_models_own_is_known(workspace: Path, untied: Path, tiny: Opened) -> None:
    model, tokenizer = tiny
    assert model.generation_config.eos_token_id == tokenizer.stop_id
    assert model.generation_config.pad_token_id == tokenizer.pad_id
    (untied / "generation_config.json").write_text('{"eos_token_id": [3, 9]}')
    assert own_stop_ids(untied) == {3, 9}
    (untied / "generation_config.json").unlink()
    assert own_stop_ids(untied) == {tokenizer.stop_id}


def test_a_frozen_parameter_is_refused(tiny: Opened) -> None:
    assert_all_trainable(tiny[0])
    tiny[0].model.norm.weight.requires_grad_(False)
    with pytest.raises(ConfigError, match=r"1 parameters do not require a gradient, the first is model\.norm\.weight"):
        assert_all_trainable(tiny[0])


def test_a_directory_without_weights_is_refused(workspace: Path, tmp_path: Path) -> None:
    _, tokenizer = opened(workspace / "tiny")
    with pytest.raises(ConfigError, match=r"has no config\.json"):
        open_model(tmp_path, tokenizer, "fp32")
    (tmp_path / "config.json").write_text((workspace / "tiny/config.json").read_text())
    with pytest.raises(ConfigError, match="cannot be loaded"):
        open_model(tmp_path, tokenizer, "fp32")
