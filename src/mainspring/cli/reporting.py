"""`mainspring status` shows interpreters, the cache, and what starts gained."""

import click

from mainspring.cli.output import is_terminal, print_json, print_lines, write_out


@click.command(epilog="Example: mainspring status | grep '^interpreter'")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
def status(as_json: bool) -> None:
    """Show which interpreters are enabled, what the cache holds and what starts gained."""
    # the native module, which this needs, may be what is missing: other commands go on without
    from mainspring.observe.status import list_lines, look_around
    from mainspring.observe.text import escape_controls

    found = look_around()
    if as_json:
        print_json(found.list_facts())
    elif is_terminal():
        from mainspring.observe.tables import print_status

        write_out(lambda: print_status(found))
    else:
        print_lines("\t".join(map(escape_controls, fields)) for fields in list_lines(found))
