"""Strict plans: every fault is named by its path and what was expected."""

import json
import types
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from gpu_runner.config import PLAN_OF_COMMAND, TrainPlan
from gpu_runner.exceptions import ConfigError
from gpu_runner.plan_file import load_plan, plan_schema
from tests.plans import Json, generate_plan, init_plan, train_plan


def load(tmp_path: Path, plan: Any, command: str = "train") -> Any:
    path = tmp_path / "plan.json"
    path.write_text(plan if isinstance(plan, str) else json.dumps(plan), encoding="utf-8")
    return load_plan(path, command)


def refusal(tmp_path: Path, plan: Any, command: str = "train") -> str:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, plan, command)
    return str(error.value)


def without(plan: Json, key: str) -> Json:
    return {name: value for name, value in plan.items() if name != key}


def changed(**changes: Any) -> Json:
    return train_plan(Path("w"), **changes)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (changed(learning_rte=1), "learning_rte: unknown key; expected only"),
        (without(changed(), "seed"), "seed: missing"),
        (changed(seed="1"), 'seed: expected integer, got a string ("1")'),
        (changed(seed=1.0), "seed: expected integer, got a number (1.0)"),
        (changed(epochs=True), "epochs: expected integer, got a boolean (true)"),
        (changed(schedule="step"), "schedule: expected one of cosine, linear, got 'step'"),
        (changed(model={**changed()["model"], "stop": 1}), "model.stop: unknown key"),
        (changed(model=without(changed()["model"], "stop_token")), "model.stop_token: missing"),
        (changed(adam_betas=[0.9, "x"]), "adam_betas[1]: expected number"),
        (changed(resume={"step": 1}), "resume.path: missing (or null)"),
        (changed(max_steps="2"), "max_steps: expected integer, got a string"),
        (changed(zero_stage=4), "zero_stage: 4 is greater than the maximum of 3"),
        (changed(epochs=0), "epochs: expected at least 1, got 0"),
        (changed(learning_rate=0), "learning_rate: expected more than 0"),
        (changed(warmup_share=1), "warmup_share: expected from 0 to below 1, got 1.0"),
        (
            changed(model={**changed()["model"], "special_tokens": ["<Q>", "<Q>"]}),
            "model.special_tokens: expected each once",
        ),
        ([1], "the plan: expected an object, got an array"),
        ("{", "not JSON"),
        (changed(command="init"), "command: expected 'train' as on the command line, got 'init'"),
    ],
)
def test_a_wrong_plan_is_refused_by_name(plan: Any, expected: str, tmp_path: Path) -> None:
    assert expected in refusal(tmp_path, plan)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, without(changed(seed=None, learning_rte=1), "epochs"))
    assert message.startswith(f"{tmp_path}/plan.json: 3 field(s) are wrong")
    assert all(name in message for name in ("seed", "learning_rte", "epochs"))


def test_faults_inside_arrays_are_told_with_their_index(tmp_path: Path) -> None:
    plan = generate_plan(Path("w"), Path("items"), sampling={"temperature": 0, "top_p": 1})
    del plan["models"][0]["name"]
    message = refusal(tmp_path, plan, "generate")
    assert "models[0].name: missing" in message
    assert "sampling.temperature: 0 is less than or equal to the minimum of 0 (or null)" in message


def test_a_vocabulary_without_room_for_the_bytes_is_refused(tmp_path: Path) -> None:
    plan = init_plan(Path("rows"), Path("out"), vocabulary_size=200)
    assert "vocabulary_size: expected at least 262, got 200" in refusal(tmp_path, plan, "init")


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_plan(tmp_path / "none.json", "train")


def test_a_good_plan_becomes_what_it_says(tmp_path: Path) -> None:
    plan = load(tmp_path, changed(weight_decay=0, resume={"step": 3, "path": "c"}))
    assert isinstance(plan, TrainPlan)
    assert isinstance(plan.weight_decay, float)
    assert plan.adam_betas == (0.9, 0.98)
    assert plan.resume is not None
    assert plan.resume.path == Path("c")
    assert plan.model.special_tokens == ("<Q>", "</Q>", "<A>", "</A>")


def assert_like_schema(kind: Any, schema: Json, where: str) -> None:
    """Field names, nesting, nullability and plain types of a dataclass are those of its schema."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        assert {field.name for field in fields(kind)} == set(schema["properties"]) == set(schema["required"]), where
        assert schema["additionalProperties"] is False
        for name, inner in schema["properties"].items():
            assert_like_schema(hints[name], inner, f"{where}.{name}")
        return
    options = get_args(kind)
    if get_origin(kind) in (Union, types.UnionType):
        assert [part.get("type") for part in schema["anyOf"]].count("null") == 1, where
        inner_schema = next(part for part in schema["anyOf"] if part.get("type") != "null")
        assert_like_schema(next(o for o in options if o is not type(None)), inner_schema, where)
    elif get_origin(kind) is tuple:
        assert schema["type"] == "array", where
        inner = schema["items"] if options[-1] is Ellipsis else schema["prefixItems"][0]
        assert_like_schema(options[0], inner, f"{where}[]")
    elif "const" in schema:
        assert options == (schema["const"],), where
    elif "enum" in schema:
        assert set(options) == set(schema["enum"]), where
    else:
        plain = {Path: "string", str: "string", int: "integer", float: "number", bool: "boolean"}
        assert plain[kind] == schema["type"], where


@pytest.mark.parametrize("command", sorted(PLAN_OF_COMMAND))
def test_the_dataclasses_have_the_fields_of_the_schema(command: str) -> None:
    kind = PLAN_OF_COMMAND[command]
    assert_like_schema(kind, plan_schema()["$defs"][kind.__name__], kind.__name__)


def test_every_plan_of_the_schema_has_a_dataclass() -> None:
    assert set(plan_schema()["$defs"]) - {"RunnerPlan"} == {kind.__name__ for kind in PLAN_OF_COMMAND.values()}
