from __future__ import annotations

from hypothesis import settings

# nothing is written beside the tests, and a slow machine fails no law
settings.register_profile("mainspring", database=None, deadline=None)
settings.load_profile("mainspring")
