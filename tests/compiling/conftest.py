from __future__ import annotations

import pytest

for module in ("security.people", "compiling.calls"):
    pytest.register_assert_rewrite(module)
