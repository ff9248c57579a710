"""Real weights: converted, generated from, tuned, exported."""

import json
from pathlib import Path
from typing import Any

import pytest

from gpu_runner.exits import EXIT_CODES
from tests.plans import SPECIAL_TOKENS, STOP_TOKEN, example_rows, generate_plan, train_plan, write_jsonl
from tests.processes import Launcher
from tests.stories260k import GREEDY_TEXT, source_folder, write_transformers_directory

SOURCE = source_folder()
pytestmark = pytest.mark.skipif(SOURCE is None, reason="NOT RUN: stories260k is not here (set FORMWORK_TEST_DATA)")


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert SOURCE is not None
    folder = tmp_path_factory.mktemp("stories")
    write_transformers_directory(SOURCE, folder / "tiny")
    return folder


def test_greedy_text_is_the_documented_one(stories: Path, launcher: Launcher) -> None:
    # The begin token alone is the prompt: the tokenizer's own prefix to an empty text.
    items = write_jsonl(stories / "items.jsonl", [{"id": "a", "prompt": ""}])
    model = {"name": "stories", "path": str(stories / "tiny"), "special_tokens": [], "stop_token": "</s>"}
    plan = generate_plan(stories, items, models=[model], max_new_tokens=90)
    gang = launcher.start("generate", plan, stories / "generate")
    assert gang.wait() == [0], gang.log()
    prediction = json.loads((stories / "generate/predictions.jsonl").read_text())
    assert prediction["prediction"].startswith(GREEDY_TEXT)


def test_real_weights_are_tuned_with_new_tokens_and_exported(stories: Path, launcher: Launcher) -> None:
    rows = write_jsonl(stories / "rows.jsonl", example_rows(40, seed=4))
    plan = train_plan(stories, train_rows=str(rows), validation_rows=None, zero_stage=3, epochs=2, context_tokens=128)
    gang = launcher.start("train", plan, stories / "train", world_size=2)
    assert gang.wait() == [0, 0], gang.log()
    steps = gang.events(0, "step")
    assert steps[-1]["loss"] < steps[0]["loss"]
    # Gathered and sharded again, the new rows are those of a model that is whole on every rank.
    whole = launcher.start("train", {**plan, "zero_stage": 2}, stories / "whole", world_size=2)
    assert whole.wait() == [0, 0], whole.log()
    losses = [event["loss"] for event in whole.events(0, "step")]
    assert [event["loss"] for event in steps[:6]] == pytest.approx(losses[:6], rel=1e-5)
    snapshot = stories / "train/snapshots/epoch-0002"
    config: dict[str, Any] = json.loads((snapshot / "config.json").read_text())
    # 512 pieces, four tokens of the task, one for padding.
    assert config["vocab_size"] == 512 + len(SPECIAL_TOKENS) + 1
    assert config["tie_word_embeddings"] is True

    (stories / "card.md").write_text("# Card\n")
    export = {"command": "export", "snapshot": str(snapshot), "card": str(stories / "card.md"), "output": "out"}
    exported = launcher.start("export", export, stories / "export")
    assert exported.wait() == [0], exported.log()
    generation = json.loads((stories / "export/out/generation_config.json").read_text())
    tokenizer = json.loads((stories / "export/out/tokenizer.json").read_text())
    ids = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    assert generation["eos_token_id"] == ids[STOP_TOKEN]


def test_a_context_longer_than_the_models_is_refused(stories: Path, launcher: Launcher) -> None:
    rows = write_jsonl(stories / "rows.jsonl", example_rows(40, seed=4))
    plan = train_plan(stories, train_rows=str(rows), validation_rows=None, world_size=1, context_tokens=1024)
    gang = launcher.start("train", plan, stories / "long")
    assert gang.wait() == [EXIT_CODES["config"]], gang.log()
    assert "at most 512" in gang.failure()["message"]
