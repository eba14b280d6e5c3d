"""What the documentation says in tables is what the tables in the code say."""

from pathlib import Path

from mainspring.settings import SETTINGS

README = Path(__file__).parents[2] / "README.md"


def read_rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table of *text* whose first column is called *heading*."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    return rows


def test_the_readme_names_every_setting_with_its_default() -> None:
    rows = read_rows(README.read_text(encoding="utf-8"), "setting")
    said = {row[0].strip("` "): row[1].replace("`", "").strip() for row in rows}
    assert said == {name: default for name, (default, _) in SETTINGS.items()}
