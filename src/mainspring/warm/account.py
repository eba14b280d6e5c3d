"""What a host tells of itself, as JSON: no module for that is loaded in it."""

import os


def format_account(texts: "dict[str, str | None]", numbers: "dict[str, int]") -> bytes:
    """A JSON object of both."""
    fields = [f'"{name}": {quote_json(text)}' for name, text in texts.items()]
    fields += [f'"{name}": {number}' for name, number in numbers.items()]
    return ("{" + ", ".join(fields) + "}").encode()


def quote_json(text: str | None) -> str:
    if text is None:
        return "null"
    quoted = "".join(
        character if " " <= character <= "~" and character not in '"\\' else f"\\u{ord(character):04x}"
        for character in text
        if ord(character) <= 0xFFFF  # others would need two
    )
    return f'"{quoted}"'


def read_pss() -> int:
    """Kilobytes of memory, of which what is shared counts in parts."""
    try:
        with open("/proc/self/smaps_rollup", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(b"Pss:")), 0)


def name_terminal(session: str) -> str | None:
    """The path of a session's terminal, where the number of its device tells."""
    if not session:
        return None
    device = int(session.partition(":")[2])
    major, minor = os.major(device), os.minor(device)
    is_pseudo = 136 <= major <= 143  # Documentation/admin-guide/devices.txt
    return f"/dev/pts/{(major - 136) * 256 + minor}" if is_pseudo else f"{major}:{minor}"
