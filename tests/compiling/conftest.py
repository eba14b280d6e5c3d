from __future__ import annotations

import pytest

for module in ("security.people", "compiling.calls"):
    pytest.register_assert_rewrite(module)

from security.conftest import installation, stranger  # noqa: E402

__all__ = ["installation", "stranger"]
