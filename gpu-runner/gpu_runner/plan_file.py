"""Reading a plan: checked against schema/plan.json, then made a dataclass of config.py."""

import json
import types
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from gpu_runner.config import PLAN_OF_COMMAND, Plan
from gpu_runner.exceptions import ConfigError


@cache
def plan_schema() -> dict[str, Any]:
    """The JSON Schema of all plans, generated from the TypeScript contract."""
    return json.loads((Path(__file__).parent / "schema" / "plan.json").read_text(encoding="utf-8"))


def load_plan(path: Path, command: str) -> Plan:
    """The plan of `command`; raises ConfigError with every field that is wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give the path of a plan file") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON ({error}); write the plan again") from None
    problems = _violations(document, command)
    if problems:
        raise ConfigError(f"{path}: {len(problems)} field(s) are wrong; " + "; ".join(problems))
    try:
        return _build(PLAN_OF_COMMAND[command], document, "")
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; correct the plan") from None


def _violations(document: Any, command: str) -> list[str]:
    # Imported here: `describe` of a broken environment should still say what is broken.
    from jsonschema import Draft202012Validator, validators

    if not isinstance(document, dict):
        return [f"the plan: expected an object, got {_name_of(document)}"]
    if (found := document.get("command")) != command:
        return [f"command: expected {command!r} as on the command line, got {found!r}"]
    # JSON Schema counts 2.0 and true as integers; a plan that has them was not written by the contract.
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    strict = validators.extend(Draft202012Validator, type_checker=checker)
    definition = PLAN_OF_COMMAND[command].__name__
    schema = {"$defs": plan_schema()["$defs"], "$ref": f"#/$defs/{definition}"}
    return [line for error in strict(schema).iter_errors(document) for line in _explain(error)]


def _explain(error: Any) -> list[str]:
    """One line for each fault behind an error of jsonschema: path, what was expected, what is there."""
    where = _path_of(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            known = ", ".join(error.schema["properties"])
            unknown = sorted(set(error.instance) - set(error.schema["properties"]))
            return [f"{_join(where, key)}: unknown key; expected only {known}" for key in unknown]
        case "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            # jsonschema reports each missing key by itself; its message names the one.
            return [f"{_join(where, key)}: missing" for key in missing if error.message.startswith(f"'{key}'")]
        case "type":
            return [f"{where or 'the plan'}: expected {error.validator_value}, got {_name_of(error.instance)}"]
        case "anyOf":
            # Only nullable fields are unions in the contract.
            inner = [line for part in error.context if part.validator_value != "null" for line in _explain(part)]
            return [f"{line} (or null)" for line in inner]
        case "enum":
            return [f"{where}: expected one of {', '.join(map(str, error.validator_value))}, got {error.instance!r}"]
        case _:
            return [f"{where}: {error.message}"]


def _build(kind: Any, value: Any, where: str) -> Any:
    """`value`, already valid against the schema, as an instance of `kind`."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        arguments = {f.name: _build(hints[f.name], value[f.name], _join(where, f.name)) for f in fields(kind)}
        try:
            return kind(**arguments)  # pyright: ignore[reportCallIssue]
        except ValueError as error:
            # Nested fields have put their own path in front already.
            raise ValueError(_join(where, str(error)) if where else str(error)) from None
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _build(next(o for o in options if o is not type(None)), value, where)
    if origin is tuple:
        element_kinds = [options[0]] * len(value) if options[-1] is Ellipsis else options
        return tuple(_build(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(element_kinds, value, strict=True)))
    return Path(value) if kind is Path else float(value) if kind is float else value


def _path_of(parts: Any) -> str:
    path = ""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else _join(path, str(part))
    return path


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _name_of(value: Any) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "an integer",
        float: "a number",
    }
    return "null" if value is None else f"{names[type(value)]} ({json.dumps(value)[:40]})"
