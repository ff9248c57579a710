"""Opening a tokenizer, adding the tokens of a task, and turning rows into token ids.

Nothing here imports torch, so that `tokens` can do without it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_runner.config import ModelToLoad
from gpu_runner.exceptions import ConfigError

# Real padding: where pad is the end token, a collator that masks padding masks the end as well.
PAD_TOKEN = "<|pad|>"  # noqa: S105 (not a password)

# Every kind of text that tokenizers are known to treat differently: case, digits, runs of blanks,
# brackets, quotes, accents, other scripts, line ends, and a word at the very start.
PROBE_TEXT = 'Probe: The Elder\'s  naïve_plan[cost=1,024.50] ("ok")?\n\tΣ 東京 🙂 x1 end.'


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskTokenizer:
    """A tokenizer that knows a task's tokens."""

    backend: Any
    """The transformers tokenizer."""
    size_before: int
    """One more than the highest id that it had before tokens were added."""
    new_ids: tuple[int, ...]
    """Ids that the model has not been trained on, ascending."""
    stop_id: int
    pad_id: int
    prefix: tuple[int, ...]
    """What the tokenizer itself puts before a text: the begin token, or nothing."""

    @property
    def size(self) -> int:
        """One more than the highest id: the embedding rows that are needed."""
        return highest_id(self.backend) + 1


def open_tokenizer(model: ModelToLoad) -> TaskTokenizer:
    """Load, add what is missing, check that special tokens survive the round trip.

    Raises ConfigError where the directory has no usable tokenizer.
    """
    backend = load_backend(model.path)
    old_vocabulary = backend.get_vocab()
    size_before = highest_id(backend) + 1
    wanted = list(dict.fromkeys((*model.special_tokens, model.stop_token)))
    _add_special_tokens(backend, [token for token in wanted if token not in backend.added_tokens_encoder])
    _ensure_pad_token(backend)
    vocabulary = backend.get_vocab()
    for token in wanted:
        _check_round_trip(backend, token)
    return TaskTokenizer(
        backend=backend,
        size_before=size_before,
        new_ids=tuple(sorted(i for token, i in vocabulary.items() if token not in old_vocabulary)),
        stop_id=vocabulary[model.stop_token],
        pad_id=backend.pad_token_id,
        prefix=_prefix_of(backend),
    )


def load_backend(directory: Path) -> Any:
    """The transformers tokenizer of a directory; raises ConfigError where there is none."""
    from transformers import AutoTokenizer

    if not directory.is_dir():
        raise ConfigError(f"{directory}: no such directory; give the path of a transformers directory")
    if not any((directory / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise ConfigError(
            f"{directory}: has no tokenizer (no tokenizer.json or tokenizer.model); save one into it with save_pretrained"
        )
    try:
        return AutoTokenizer.from_pretrained(directory, local_files_only=True)
    except Exception as error:
        raise ConfigError(
            f"{directory}: the tokenizer cannot be loaded ({_first_line(error)}); save it again with save_pretrained"
        ) from error


def read_model_config(directory: Path) -> dict[str, Any]:
    """config.json of a model directory; raises ConfigError where it is missing or malformed."""
    path = directory / "config.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(f"{directory}: has no config.json; give the path of a transformers directory") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON ({error}); save the model again with save_pretrained") from None


def check_context(directory: Path, context_tokens: int) -> None:
    """Raise ConfigError where the context is longer than the positions of the model."""
    limit = read_model_config(directory).get("max_position_embeddings")
    if limit is not None and context_tokens > limit:
        raise ConfigError(
            f"context_tokens: expected at most {limit}, the max_position_embeddings of {directory}, got {context_tokens}; lower it"
        )


def tokenise(tokenizer: TaskTokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text by itself, without the tokenizer's own prefix."""
    return tokenizer.backend(list(texts), add_special_tokens=False)["input_ids"] if texts else []


def probe_sha256(tokenizer: TaskTokenizer, special_tokens: Sequence[str]) -> str:
    """Hash of how a fixed text and the special tokens tokenise; equal hashes, equal tokenizers."""
    text = PROBE_TEXT + "".join(f"{token}word" for token in special_tokens)
    ids = tokenizer.backend(text, add_special_tokens=True)["input_ids"]
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()


def highest_id(backend: Any) -> int:
    """Highest id of the vocabulary, which may have holes."""
    return max(backend.get_vocab().values())


def _add_special_tokens(backend: Any, tokens: list[str]) -> None:
    if tokens:
        from tokenizers import AddedToken

        added = [AddedToken(t, special=True, normalized=False, lstrip=False, rstrip=False) for t in tokens]
        backend.add_special_tokens({"extra_special_tokens": added}, replace_extra_special_tokens=False)


def _ensure_pad_token(backend: Any) -> None:
    if backend.pad_token_id is None or backend.pad_token_id == backend.eos_token_id:
        backend.add_special_tokens({"pad_token": PAD_TOKEN})


def _prefix_of(backend: Any) -> tuple[int, ...]:
    ids = backend("", add_special_tokens=True)["input_ids"]
    begin = backend.bos_token_id
    return (begin,) if begin is not None and ids[:1] == [begin] else ()


def _check_round_trip(backend: Any, token: str) -> None:
    """A special token is one id, and a word right after it reads as it does alone."""
    word = "word"
    token_id = backend.convert_tokens_to_ids(token)
    ids = backend(token + word, add_special_tokens=False)["input_ids"]
    alone = backend(word, add_special_tokens=False)["input_ids"]
    rest = ids[1:]
    # SentencePiece marks the start of a text, not of what follows a special token; the text is then the same.
    if ids[:1] == [token_id] and (rest == alone or backend.decode(rest) == word):
        return
    raise ConfigError(
        f"special token {token!r} does not survive: {token + word!r} reads as {backend.convert_ids_to_tokens(ids)}; choose another spelling"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
