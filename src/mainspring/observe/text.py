"""Text that comes from outside, made fit to be shown: one line, and nothing that a terminal obeys."""


def escape_controls(text: str) -> str:
    """*text* with what cannot be printed written as escapes; backslashes stay as they are.

    The log escapes programs already: escaping twice would show another name than the log has.
    """
    return "".join(
        character if character.isprintable() else escape_character(character) for character in text
    )


def escape_character(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is no text, as os.fsdecode has it
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
