"""The launcher that was installed with this package is found from the command that runs."""

import os
import sys
import sysconfig


def find_launcher() -> str:
    """The launcher's path, or its name if it is in neither of the folders where it would be."""
    folders = [os.path.dirname(sys.argv[0]), sysconfig.get_path("scripts")]
    paths = [os.path.join(folder, "mainspring") for folder in folders]
    return next((path for path in paths if os.path.isfile(path)), "mainspring")
