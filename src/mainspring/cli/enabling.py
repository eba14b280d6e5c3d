"""`mainspring enable` writes a slot, and `mainspring disable` takes it back."""

import os
import sys

import click

from mainspring.errors import NoUserFolderError
from mainspring.slot import placing, register
from mainspring.slot.survey import survey_interpreter

python_option = click.option(
    "--python",
    metavar="PATH",
    type=click.Path(),
    default=sys.executable,
    help="The interpreter; the one that Mainspring is installed for if not given.",
)


@click.command(epilog="Example: mainspring enable --python .venv/bin/python")
@python_option
@click.option("--user", is_flag=True, help="For this user alone: in the user's site folder.")
def enable(python: str, user: bool) -> None:
    """Let every start of an interpreter use cached code."""
    survey = survey_interpreter(python)
    if user and not survey.heeds_user_folder:
        raise NoUserFolderError(survey.executable)
    folder = survey.user_folder if user else survey.site_folder
    path, written = placing.enable(survey, folder)
    register.add_interpreter(os.environ, survey.executable)
    click.echo(f"wrote {path}" if written else f"already enabled by {path}")


@click.command(epilog="Example: mainspring disable --python .venv/bin/python")
@python_option
def disable(python: str) -> None:
    """Take back what `enable` wrote, and nothing else."""
    survey = survey_interpreter(python)
    removed = placing.disable(survey)
    register.drop_interpreter(os.environ, survey.executable)
    for path in removed:
        click.echo(f"removed {path}")
    if not removed:
        click.echo(f"nothing to remove: {survey.executable} is not enabled")
