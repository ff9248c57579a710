"""From text to tensors: tokenizer, encoding, batches, and the `init` and `tokens` commands."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gpu_runner.batches import BatchPlan
from gpu_runner.config import ModelToLoad
from gpu_runner.encoding import EncodedRows, encode_rows
from gpu_runner.exceptions import ConfigError, DataError
from gpu_runner.exits import EXIT_CODES
from gpu_runner.rows import Row, read_rows
from gpu_runner.tokenizer import TaskTokenizer, open_tokenizer, probe_sha256
from gpu_runner.written_files import describe_files, files_below
from tests.plans import SPECIAL_TOKENS, STOP_TOKEN, init_plan, model_to_load, write_jsonl
from tests.processes import Launcher


def to_load(path: Path, special_tokens: tuple[str, ...] = tuple(SPECIAL_TOKENS)) -> ModelToLoad:
    return ModelToLoad(path=path, special_tokens=special_tokens, stop_token=STOP_TOKEN)


@pytest.fixture(scope="module")
def tokenizer(workspace: Path) -> TaskTokenizer:
    return open_tokenizer(to_load(workspace / "tiny"))


@pytest.fixture(scope="module")
def encoded(workspace: Path, tokenizer: TaskTokenizer) -> EncodedRows:
    return encode_rows(tokenizer, read_rows(workspace / "rows.jsonl"), context_tokens=96)


def test_init_writes_the_same_files_from_the_same_seed(workspace: Path, launcher: Launcher, tmp_path: Path) -> None:
    for name, seed in (("again", 7), ("other", 8)):
        gang = launcher.start(
            "init", init_plan(workspace / "rows.jsonl", tmp_path / name, seed=seed), tmp_path / f"run-{name}"
        )
        assert gang.wait() == [0], gang.log()
        assert gang.events(0, "initialised")[0]["vocabulary_size"] <= 320
    first, again, other = (
        describe_files(folder, files_below(folder))
        for folder in (workspace / "tiny", tmp_path / "again", tmp_path / "other")
    )
    assert first == again
    assert [f["path"] for f in first if f not in other] == ["model.safetensors"]


def test_the_tiny_tokenizer_reads_any_text_back(tokenizer: TaskTokenizer) -> None:
    text = " \tUnseen 'text' 123 – ü 東京 🙂\n  two  blanks "
    ids = tokenizer.backend(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.backend.decode(ids) == text
    assert tokenizer.new_ids == ()
    assert tokenizer.pad_id != tokenizer.stop_id


def test_the_tiny_tokenizer_has_not_learnt_the_spelling_of_its_special_tokens(tokenizer: TaskTokenizer) -> None:
    for token in SPECIAL_TOKENS:
        inner = token.strip("<>")
        assert len(tokenizer.backend(token, add_special_tokens=False)["input_ids"]) == 1
        assert f"{inner}>" not in tokenizer.backend.get_vocab()


def test_missing_tokens_are_added_once_in_order_and_survive_saving(workspace: Path, tmp_path: Path) -> None:
    wanted = ("<NEW_1>", "<NEW_2>")
    opened = open_tokenizer(to_load(workspace / "tiny", wanted))
    assert opened.new_ids == tuple(opened.backend.convert_tokens_to_ids(list(wanted)))
    assert opened.new_ids == (opened.size_before, opened.size_before + 1)
    opened.backend.save_pretrained(tmp_path)
    again = open_tokenizer(to_load(tmp_path, wanted))
    assert again.new_ids == ()
    assert again.size == opened.size
    assert probe_sha256(again, wanted) == probe_sha256(opened, wanted)
    assert probe_sha256(again, wanted) != probe_sha256(again, ())


def test_a_pad_token_that_is_the_end_token_is_replaced(workspace: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    backend: Any = AutoTokenizer.from_pretrained(workspace / "tiny")
    backend.pad_token = backend.eos_token
    backend.save_pretrained(tmp_path)
    opened = open_tokenizer(to_load(tmp_path))
    assert opened.pad_id != opened.backend.eos_token_id


def test_a_directory_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no tokenizer"):
        open_tokenizer(to_load(tmp_path))
    with pytest.raises(ConfigError, match="no such directory"):
        open_tokenizer(to_load(tmp_path / "none"))
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        open_tokenizer(to_load(tmp_path))


def test_a_completion_is_cut_at_the_context_and_a_row_without_target_dropped(tokenizer: TaskTokenizer) -> None:
    rows = [
        Row(id="whole", prompt="<Q>1</Q><A>", completion="2</A>"),
        Row(id="cut", prompt="<Q>1</Q><A>", completion="12345678</A>"),
        Row(id="dropped", prompt="<Q>12345678</Q><A>", completion="2</A>"),
    ]
    encoded = encode_rows(tokenizer, rows, context_tokens=8)
    assert encoded.ids == ("whole", "cut")
    assert (encoded.truncated_rows, encoded.dropped_rows) == (2, 1)
    assert encoded.lengths.tolist() == [6, 8]
    assert encoded.target_counts.tolist() == [2, 4]


def test_a_completion_without_the_stop_token_is_refused(tokenizer: TaskTokenizer) -> None:
    with pytest.raises(DataError, match="row 'a': its completion does not end in the stop token"):
        encode_rows(tokenizer, [Row(id="a", prompt="p", completion="c")], context_tokens=8)


def batches(encoded: EncodedRows, tokenizer: TaskTokenizer, **changes: Any) -> BatchPlan:
    arguments: dict[str, Any] = {
        "rows": encoded,
        "context_tokens": 96,
        "pad_id": tokenizer.pad_id,
        "seed": 3,
        "micro_batch_rows": 2,
        "accumulation_steps": 2,
        "world_size": 2,
    }
    return BatchPlan(**arguments | changes)


def test_every_target_is_told_once_an_epoch_over_all_ranks_and_micro_batches(
    encoded: EncodedRows, tokenizer: TaskTokenizer
) -> None:
    plan = batches(encoded, tokenizer)
    for epoch in range(2):
        seen: list[int] = []
        for step in range(1 + epoch * plan.steps_per_epoch, 1 + (epoch + 1) * plan.steps_per_epoch):
            for micro in range(2):
                for rank in range(2):
                    batch = plan.micro_batch(step, micro, rank)
                    assert batch.token_ids_BT.shape == (2, 96)
                    seen += batch.targets_BT[batch.targets_BT != -100].tolist()
        ends = [
            encoded.tokens[start + prompt : end]
            for start, prompt, end in zip(encoded.starts, encoded.prompt_lengths, encoded.starts[1:], strict=False)
        ]
        assert sorted(seen) == sorted(np.concatenate(ends).tolist())


def test_a_target_is_the_next_token_of_the_same_document(encoded: EncodedRows, tokenizer: TaskTokenizer) -> None:
    batch = batches(encoded, tokenizer).micro_batch(1, 0, 0)
    is_target = batch.targets_BT[:, :-1] != -100
    assert torch.equal(batch.targets_BT[:, :-1][is_target], batch.token_ids_BT[:, 1:][is_target])
    assert (batch.positions_BT[:, 1:][is_target] > 0).all()
    assert (batch.targets_BT[:, -1] == -100).all()
    assert (batch.positions_BT == 0).sum() > 2, "several documents in a row"


def test_the_rows_of_a_step_do_not_depend_on_how_they_are_shared_out(
    encoded: EncodedRows, tokenizer: TaskTokenizer
) -> None:
    one = batches(encoded, tokenizer)
    other = batches(encoded, tokenizer, world_size=1, micro_batch_rows=4)
    assert [one.bins_of_step(s) for s in range(1, 9)] == [other.bins_of_step(s) for s in range(1, 9)]
    # Asked in another order: nothing is remembered that matters.
    assert one.bins_of_step(1) == other.bins_of_step(1)


def test_tokens_counts_lengths_without_loading_torch(workspace: Path, launcher: Launcher, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "prompt": "<Q>1</Q><A>", "completion": "2</A>"},
        {"id": "b", "prompt": "<Q>1</Q><A>", "completion": "12345678</A>"},
        {"id": "c", "prompt": "<Q>12345678</Q><A>", "completion": "2</A>"},
    ]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    plan = {
        "command": "tokens",
        "model": model_to_load(workspace / "tiny"),
        "context_tokens": 8,
        "splits": [{"name": "train", "rows": str(path)}],
    }
    gang = launcher.start("tokens", plan, tmp_path)
    assert gang.wait() == [0], gang.log()
    (event,) = gang.events(0, "tokenised")
    (split,) = event["splits"]
    assert split == {
        "split": "train",
        "rows": 3,
        "num_tokens": 6 + 13 + 13,
        "num_target_tokens": 2 + 9 + 2,
        "longest_row": 13,
        "longest_completion": 9,
        "truncated_rows": 2,
        "rows_without_target": 1,
        "histogram": [{"up_to": 8, "rows": 1}, {"up_to": 16, "rows": 2}],
    }
    assert len(event["tokenizer_probe_sha256"]) == 64


def test_tokens_refuses_a_context_longer_than_the_model(workspace: Path, launcher: Launcher, tmp_path: Path) -> None:
    plan = {
        "command": "tokens",
        "model": model_to_load(workspace / "tiny"),
        "context_tokens": 4096,
        "splits": [{"name": "train", "rows": str(workspace / "rows.jsonl")}],
    }
    gang = launcher.start("tokens", plan, tmp_path)
    assert gang.wait() == [EXIT_CODES["config"]], gang.log()
    assert "at most 128" in gang.failure()["message"]
    assert json.loads((tmp_path / "events-0.jsonl").read_text().splitlines()[-1])["kind"] == "failed"
