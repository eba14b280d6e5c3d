from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

for module in ("security.people", "compiling.calls"):
    pytest.register_assert_rewrite(module)

from security.conftest import installation, stranger  # noqa: E402
from security.people import need_root  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["installation", "stranger"]
#: folders that root alone can write to, up to the root of the file system, and that all can enter
WHERE = "/opt"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that is root's, and everything above it."""
    need_root()
    folder = Path(tempfile.mkdtemp(prefix="mainspring-image-", dir=WHERE))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
