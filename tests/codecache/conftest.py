from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .trees import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.register_assert_rewrite("security.people")


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """A cache, made by hand, and the scripts that its entries are of."""
    tree = Tree(tmp_path)
    yield tree
    tree.close()
