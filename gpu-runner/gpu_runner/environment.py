"""Environment variables that libraries read when they are imported."""

import os

from gpu_runner.config import Device


def prepare_environment(device: Device) -> None:
    """To be called before transformers or deepspeed is imported."""
    # Detection of the accelerator starts a process and can take tens of seconds.
    os.environ["DS_ACCELERATOR"] = device
    # Its info lines go to stdout, several for each rank and group.
    os.environ.setdefault("DS_LOG_LEVEL", "warning")
    # A model is a local directory; a hub must never be asked for what is missing in it.
    os.environ["HF_HUB_OFFLINE"] = "1"
    # The log is a file, in which a bar is one endless line.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if device == "cpu":
        # DeepSpeed decorates its Muon optimizer with torch.compile at import, which loads all of the
        # compiler (5 s) though nothing here is compiled on CPU.
        os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
