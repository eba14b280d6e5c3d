"""stub"""


class Ahead:
    effect = None
    files = set()
    folders = set()
    names = set()
    listed = set()
    read_names = set()


def import_ahead(recipe):
    for m, _ in recipe.ahead:
        __import__(m)
    return Ahead()
