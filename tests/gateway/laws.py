"""How often the gateway's laws are tried: the short form draws the same each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

IS_LONG = os.environ.get("MAINSPRING_LONG") == "1"


def law(examples: int) -> settings:
    """Nothing is written beside the tests, and a slow machine fails no law."""
    return settings(
        max_examples=examples * 20 if IS_LONG else examples,
        database=None,
        deadline=None,
        derandomize=not IS_LONG,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
