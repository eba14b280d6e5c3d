"""Every bound of the gateway stands here once: its default, its unit and what happens beyond it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import Any

KIB, MIB = 1 << 10, 1 << 20


def bound(default: float, unit: str, meaning: str) -> Any:
    return field(default=default, metadata={"default": default, "unit": unit, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one gateway allows; `list_bounds` tells of each."""

    body: int = bound(128 * MIB, "bytes", "body of a request; 413 beyond it")
    params: int = bound(128 * KIB, "bytes", "meta-variables, or headers, of a request; 431 beyond it")
    unfinished: int = bound(
        32 * MIB,
        "bytes",
        "of all incomplete requests together; the oldest get 503 beyond it",
    )
    head: int = bound(64 * KIB, "bytes", "head of a script's answer; 500 beyond it")
    seconds: float = bound(60, "seconds", "that a request may take; then 504, and SIGTERM to the script")
    grace: float = bound(5, "seconds", "from SIGTERM to SIGKILL, which both go to the process group")
    children: int = bound(
        max(8, 4 * (os.cpu_count() or 1)), "scripts", "that run at once; further requests wait"
    )
    queue: int = bound(128, "requests", "that wait for a place; 503 beyond it")
    queue_seconds: float = bound(
        10,
        "seconds",
        "that a request waits for a place, or for a file server to find it; then 503",
    )
    idle: float = bound(60, "seconds", "of an open connection with no request; then it is closed")
    silence: float = bound(10, "seconds", "without a byte of a request that has begun; then it is closed")
    connections: int = bound(4096, "connections", "at once; beyond it, the longest silent one goes")
    redirects: int = bound(10, "redirects", "within the gateway for one request; 500 beyond it")
    reuse: int = bound(0, "requests", "that one process serves; 0 for a process of its own each")
    kept_idle: float = bound(
        300, "seconds", "that a kept process waits for its next request; then it ends"
    )
    slow: float = bound(5, "seconds", "after which a request is slow, and logged with its stack")


def list_bounds() -> list[tuple[str, float, str, str]]:
    """Name, default, unit and meaning of each, for the command line and its documentation."""
    return [
        (one.name, one.metadata["default"], one.metadata["unit"], one.metadata["meaning"])
        for one in fields(Bounds)
    ]
