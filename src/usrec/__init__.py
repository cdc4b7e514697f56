"""The agent."""

from __future__ import annotations


def release() -> str:
    """The installed version of the program, such as ``0.1.0``."""
    from importlib.metadata import version

    return version("usrec-agent")
