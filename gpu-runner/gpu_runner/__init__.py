"""Tensors and text: a plan file in, JSON Lines events out, an exit code at the end.

Knows nothing of tasks, workflows or clouds. See `__main__.py` for the commands.
"""
