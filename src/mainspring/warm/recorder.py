"""stub"""


def begin(folder, recipe_id, program, python):
    return None
