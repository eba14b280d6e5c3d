from __future__ import annotations

import pytest

pytest.register_assert_rewrite("security.people")

from security.conftest import installation, stranger  # noqa: E402 - after the above

__all__ = ["installation", "stranger"]
