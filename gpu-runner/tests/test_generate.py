"""`generate`: batches, resume, shards, sampling; and `export` and `describe`."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_runner.config import Sampling
from gpu_runner.decoding import sampler
from gpu_runner.exits import EXIT_CODES
from tests.plans import example_rows, generate_plan, model_to_load, write_jsonl
from tests.processes import Gang, Launcher

Json = dict[str, Any]


@pytest.fixture(scope="module")
def items(workspace: Path) -> Path:
    rows = example_rows(13, seed=9)
    return write_jsonl(workspace / "items.jsonl", [{"id": row["id"], "prompt": row["prompt"]} for row in rows])


@pytest.fixture(scope="module")
def tuned(unbroken: Gang) -> Json:
    """The model after the last epoch of the unbroken run."""
    return {"name": "tuned", **model_to_load(unbroken.folder / "snapshots/epoch-0006")}


def answers(launcher: Launcher, plan: Json, folder: Path) -> dict[tuple[str, str], Json]:
    gang = launcher.start("generate", plan, folder)
    assert gang.wait() == [0], gang.log()
    lines = (folder / plan["predictions"]).read_text(encoding="utf-8").split("\n")[:-1]
    records = [json.loads(line) for line in lines]
    assert len({(r["model"], r["id"]) for r in records}) == len(records)
    return {(record["model"], record["id"]): record for record in records}


def test_answers_are_those_of_transformers_generate(
    launcher: Launcher, workspace: Path, items: Path, tuned: Json, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    plan = generate_plan(workspace, items, models=[tuned], max_new_tokens=24)
    found = answers(launcher, plan, tmp_path)
    model: Any = AutoModelForCausalLM.from_pretrained(tuned["path"], dtype=torch.float32)
    tokenizer: Any = AutoTokenizer.from_pretrained(tuned["path"])
    for line in items.read_text().splitlines():
        item = json.loads(line)
        ids = tokenizer(item["prompt"], return_tensors="pt", add_special_tokens=False)["input_ids"]
        # The recorded stop token ends it: nothing about the end is passed here.
        output = model.generate(ids, max_new_tokens=24, do_sample=False)[0, ids.shape[1] :].tolist()
        record = found["tuned", item["id"]]
        assert record["prediction"] == tokenizer.decode(output, skip_special_tokens=True)
        assert record["num_tokens"] == len(output)
        assert record["stopped"] == (output[-1] == tokenizer.convert_tokens_to_ids("</A>"))


@pytest.mark.parametrize("sampling", [None, {"temperature": 1.3, "top_p": 0.9}])
def test_answers_do_not_depend_on_batches_shards_or_interruption(
    sampling: Json | None, launcher: Launcher, workspace: Path, items: Path, tuned: Json, tmp_path: Path
) -> None:
    models = [{"name": "tiny", **model_to_load(workspace / "tiny")}, tuned]
    plan = generate_plan(workspace, items, models=models, sampling=sampling)
    whole = answers(launcher, plan, tmp_path / "whole")
    assert len(whole) == 26
    assert answers(launcher, plan | {"batch_items": 1}, tmp_path / "single") == whole

    shards = [
        answers(launcher, plan | {"shard": {"index": index, "count": 3}}, tmp_path / f"shard-{index}")
        for index in range(3)
    ]
    assert [len(shard) for shard in shards] == [10, 8, 8]
    assert shards[0] | shards[1] | shards[2] == whole

    text = (tmp_path / "whole/predictions.jsonl").read_text()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn/predictions.jsonl").write_text(text[: len(text) // 2])
    assert answers(launcher, plan, tmp_path / "torn") == whole


def test_progress_counts_what_was_there_before(
    launcher: Launcher, workspace: Path, items: Path, tmp_path: Path
) -> None:
    answers(launcher, generate_plan(workspace, items, shard={"index": 0, "count": 2}), tmp_path)
    gang = launcher.start("generate", generate_plan(workspace, items, batch_items=6), tmp_path)
    assert gang.wait() == [0], gang.log()
    told = [(e["done"], e["total"]) for e in gang.events(0, "generated")]
    assert told == [(4, 7), (7, 7), (13, 13)]


def test_a_stop_is_taken_between_batches_and_loses_nothing(
    launcher: Launcher, workspace: Path, items: Path, tmp_path: Path
) -> None:
    plan = generate_plan(workspace, items, batch_items=1, max_new_tokens=60)
    gang = launcher.start("generate", plan, tmp_path)
    gang.wait_for(lambda e: e["kind"] == "generated")
    gang.signal(0, signal.SIGTERM)
    assert gang.wait() == [EXIT_CODES["interrupted"]], gang.log()
    done = gang.events(0, "generated")[-1]["done"]
    assert gang.events(0, "interrupted")[0]["step"] == done < 13
    assert len((tmp_path / "predictions.jsonl").read_text().splitlines()) == done


def write_predictions_to_a_full_device() -> None:
    """In the fork: the kernel refuses every write with ENOSPC."""
    from gpu_runner import generate

    original = generate.append
    generate.append = lambda _path, predictions: original(Path("/dev/full"), predictions)


def test_a_full_disk_ends_generation_as_such(launcher: Launcher, workspace: Path, items: Path, tmp_path: Path) -> None:
    plan = generate_plan(workspace, items)
    gang = launcher.start("generate", plan, tmp_path, before=write_predictions_to_a_full_device)
    assert gang.wait() == [EXIT_CODES["diskFull"]], gang.log()


def test_a_prompt_that_leaves_no_position_is_refused(launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    items = write_jsonl(tmp_path / "long.jsonl", [{"id": "long", "prompt": "a b " * 100}])
    gang = launcher.start("generate", generate_plan(workspace, items), tmp_path)
    assert gang.wait() == [EXIT_CODES["data"]], gang.log()
    assert "item 'long': its prompt has" in gang.failure()["message"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20), st.floats(0.05, 1), st.floats(0.1, 3))
def test_sampling_takes_from_the_smallest_set_that_reaches_top_p(
    logits: list[float], top_p: float, temperature: float
) -> None:
    choose = sampler(Sampling(temperature=temperature, top_p=top_p), ["key"])
    probabilities = torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, dim=-1)
    ranked = probabilities.sort(descending=True).values.tolist()
    size = next((n for n in range(1, len(ranked) + 1) if sum(ranked[:n]) >= top_p), len(ranked))
    for _ in range(20):
        chosen = int(choose(torch.tensor([logits], dtype=torch.float64), [0])[0])
        assert float(probabilities[chosen]) >= ranked[size - 1] - 1e-12


def test_sampling_follows_the_probabilities() -> None:
    choose = sampler(Sampling(temperature=1.0, top_p=1.0), ["key"])
    logits = torch.tensor([[0.1, 0.6, 0.3]]).log()
    counts = torch.bincount(torch.tensor([int(choose(logits, [0])[0]) for _ in range(4000)]), minlength=3)
    # Five standard deviations of a share of 0.6 in 4,000 draws are 0.039.
    torch.testing.assert_close(counts / 4000, torch.tensor([0.1, 0.6, 0.3]), rtol=0, atol=0.04)


def export_plan(unbroken: Gang, folder: Path) -> Json:
    folder.mkdir(exist_ok=True)
    (folder / "card.md").write_text("---\nlicense: apache-2.0\n---\n# Tuned\n")
    return {
        "command": "export",
        "snapshot": str(unbroken.folder / "snapshots/epoch-0001"),
        "card": "card.md",
        "output": "model",
    }


def test_an_export_loads_with_the_logits_of_its_snapshot(unbroken: Gang, launcher: Launcher, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    plan = export_plan(unbroken, tmp_path)
    gang = launcher.start("export", plan, tmp_path)
    assert gang.wait() == [0], gang.log()
    assert (tmp_path / "model/README.md").read_text() == (tmp_path / "card.md").read_text()
    (event,) = gang.events(0, "exported")
    assert event["num_parameters"] == unbroken.events(0, "planned")[0]["num_parameters"]
    ids = torch.arange(20)[None]
    with torch.inference_mode():
        first, second = (
            AutoModelForCausalLM.from_pretrained(path)(input_ids=ids).logits  # pyright: ignore[reportCallIssue]
            for path in (plan["snapshot"], tmp_path / "model")
        )
    assert torch.equal(first, second)
    again = launcher.start("export", plan, tmp_path)
    assert again.wait() == [EXIT_CODES["config"]], again.log()
    assert "is not empty" in again.failure()["message"]


def change_a_weight_when_saving() -> None:
    """In the fork: what is saved is not what was computed with."""
    from gpu_runner import export

    original = export.save_model

    def spoiled(model: Any, state: dict[str, torch.Tensor], tokenizer: Any, folder: Path) -> None:
        original(model, {name: tensor + 1e-3 for name, tensor in state.items()}, tokenizer, folder)

    export.save_model = spoiled


def test_an_export_with_other_logits_is_refused_and_leaves_nothing(
    unbroken: Gang, launcher: Launcher, tmp_path: Path
) -> None:
    gang = launcher.start("export", export_plan(unbroken, tmp_path), tmp_path, before=change_a_weight_when_saving)
    assert gang.wait() == [1], gang.log()
    assert "other logits" in gang.failure()["message"]
    assert not (tmp_path / "model").exists()


def test_describe_tells_versions_and_memory(launcher: Launcher, tmp_path: Path) -> None:
    gang = launcher.start("describe", {"command": "describe"}, tmp_path)
    assert gang.wait() == [0], gang.log()
    (event,) = gang.events(0, "described")
    assert event["packages"]["deepspeed"] == "0.19.8"
    assert event["device"] == "cpu" if not torch.cuda.is_available() else "cuda"
    assert event["memory_bytes"] > 2**30
