"""Opening a checkpoint: a `transformers` folder with safetensors and a fast tokenizer, and nothing that runs code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from synth.errors import UserError

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "tekken.json", "vocab.txt")


def load(name_or_path: str) -> tuple[Any, Any]:
    """Return the model and the tokenizer of a folder, or of the model hub where no such folder exists.

    On a GPU the weights are bfloat16, else float32. A folder is opened without network. Pickled weights and code that
    comes with a checkpoint are refused. Raise `UserError` naming what is missing.
    """
    folder = Path(name_or_path).expanduser()
    local = folder.exists()
    if local:
        _look(folder)
    elif name_or_path.startswith(("/", ".", "~")) or name_or_path.count("/") != 1:
        raise UserError(f"{name_or_path}: no such folder; give the path of a checkpoint or its NAME/MODEL on the hub")
    place = str(folder) if local else name_or_path
    options = {"trust_remote_code": False, "local_files_only": local}
    try:
        config = AutoConfig.from_pretrained(place, **options)
    except Exception as error:
        raise _failed(place, local, "its config.json cannot be used", error) from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **options)
    except Exception as error:
        raise _failed(place, local, "its tokenizer cannot be loaded", error) from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            place, config=config, dtype=dtype, use_safetensors=True, output_loading_info=True, **options
        )
    except Exception as error:
        raise _failed(place, local, "its weights cannot be loaded", error) from None
    finally:
        if shown:
            logging.enable_progress_bar()
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise UserError(f"{place}: the checkpoint lacks {len(missing)} of the model's weights, such as {missing[0]}")
    if getattr(model, "_is_stateful", False) or model.config.is_encoder_decoder:
        raise UserError(
            f"{place}: {type(model).__name__} has no cache of keys and values; use a decoder-only transformer"
        )
    return model.to(device).eval().requires_grad_(False), tokenizer


def _look(folder: Path) -> None:
    """Refuse what would be guessed at, or be read as a pickle, with a message of its own."""
    if not folder.is_dir():
        raise UserError(f"{folder}: not a folder; give the folder that holds config.json")
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: no config.json there; is it the folder of a transformers checkpoint?")
    if not any(folder.glob("*.safetensors")):
        pickled = [*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pth")]
        why = f"{pickled[0].name} is a pickle, which could run code; convert it" if pickled else "save the weights"
        raise UserError(f"{folder}: no weights in safetensors; {why} with `save_pretrained` of transformers")
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        raise UserError(f"{folder}: no tokenizer there; put the tokenizer.json of the model beside its config.json")


def _failed(place: str, local: bool, what: str, error: Exception) -> UserError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = f"{type(error).__name__}: {(lines or ['no message'])[0][:200]}"
    hint = "" if local else "; without network give the path of a downloaded folder"
    return UserError(f"{place}: {what} ({said}){hint}")
