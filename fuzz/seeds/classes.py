class Shape:
    sides = 0

    @property
    def name(self):
        return lambda: type(self).__name__


class Square(Shape):
    sides = 4


async def wait(one):
    async with one as two:
        return [await x for x in two]
