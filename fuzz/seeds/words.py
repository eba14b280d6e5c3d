import sys


def main(arguments: list[str]) -> int:
    """Say what was said."""
    for number, word in enumerate(arguments, 1):
        print(f"{number}: {word!r}")
    return not arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
