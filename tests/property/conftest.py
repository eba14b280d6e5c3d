from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# nothing is written beside the tests, and a slow machine fails no law; what the short form draws is the
# same each time, and the long form draws anew
settings.register_profile(
    "mainspring",
    database=None,
    deadline=None,
    derandomize=os.environ.get("MAINSPRING_LONG") != "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mainspring")
