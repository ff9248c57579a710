"""The human log on stderr."""

import logging
import sys


def configure_log(rank: int) -> None:
    """Lines of all loggers go to stderr with time and rank; libraries speak from warnings up."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format=f"%(asctime)s rank {rank} %(levelname)s %(message)s",
    )
    logging.getLogger("gpu_runner").setLevel(logging.INFO)
