"""Sizes are added up by age: how old what has to go is can be told without a list of all entries."""

AGE_CLASSES = 112  # up to eight years


def classify_age(seconds: float) -> int:
    """The age class: four to each doubling, from a second on."""
    quarters = max(int(seconds * 4), 4)
    doublings = quarters.bit_length() - 1
    part = (quarters << 2 >> doublings) & 3
    return min((doublings - 2) * 4 + part, AGE_CLASSES - 1)


def find_class(sizes: list[int], keep: int) -> tuple[int, int]:
    """The age class with which more than *keep* bytes are held, and how many all younger ones hold."""
    younger = 0
    for age_class, size in enumerate(sizes):
        if younger + size > keep:
            return age_class, younger
        younger += size
    return AGE_CLASSES - 1, younger - sizes[-1]


def begin_class(age_class: int) -> float:
    """The least age, in seconds, of an age class."""
    doublings, part = divmod(age_class, 4)
    return (4 + part) * 2.0**doublings / 4 if age_class else 0.0
