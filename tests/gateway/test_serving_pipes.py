"""What a script reads, writes and complains of is pumped at once, and nothing of it is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gateway.ground import PLAIN
from gateway.wire import (
    STDIN,
    FastCGIClient,
    fetch_scgi,
    pack,
    pack_opening,
)

if TYPE_CHECKING:
    from gateway.ground import Ground

WRITES_FIRST = PLAIN + (
    "import sys\n"
    "sys.stdout.flush()\n"
    "sys.stdout.buffer.write(b'x' * 400_000)\n"
    "sys.stdout.buffer.write(b'%d\\n' % len(sys.stdin.buffer.read()))\n"
)
COMPLAINS = (
    PLAIN
    + "import sys\nfor number in range(5000): print('line', number, file=sys.stderr)\nprint('done')\n"
)
COUNTS = PLAIN + "import os, sys\nprint(len(sys.stdin.buffer.read()), os.environ['CONTENT_LENGTH'])\n"
ECHOES = PLAIN + "import sys\nsys.stdout.flush()\nsys.stdout.buffer.write(sys.stdin.buffer.read())\n"


def test_a_script_may_write_much_before_it_reads_much(ground: Ground) -> None:
    """As long as the client reads while it sends."""
    ground.write("a.py", WRITES_FIRST)
    params = ground.name("a.py", REQUEST_METHOD="POST")
    with FastCGIClient(ground.wire.fastcgi) as client:
        sending = threading.Thread(target=client.ask, args=(params, bytes(1 << 20)))
        sending.start()
        assert client.answer().body == b"x" * 400_000 + b"%d\n" % (1 << 20)
        sending.join()


def test_a_script_may_complain_of_much_before_it_answers(ground: Ground) -> None:
    ground.write("a.py", COMPLAINS)
    assert ground.get("a.py", b"body").body == b"done\n"
    assert ground.log.count(": line ") > 1000
    assert ground.told()[-1]["id"] in ground.log


def test_all_bytes_come_back_as_they_were(ground: Ground) -> None:
    ground.write("a.py", ECHOES)
    body = bytes(range(256)) * 3000
    assert ground.get("a.py", body).body == body
    params = ground.name("a.py", REQUEST_METHOD="POST")
    assert fetch_scgi(ground.wire.scgi, params, body).body == body


def test_a_script_need_not_read_its_body(ground: Ground) -> None:
    ground.write("a.py", PLAIN + "import sys\nsys.stdin.close()\nprint('unread')\n")
    assert ground.get("a.py", bytes(1 << 20)).body == b"unread\n"


def test_what_is_beyond_the_announced_length_is_no_part_of_the_body(ground: Ground) -> None:
    ground.write("a.py", COUNTS)
    assert ground.get("a.py", bytes(100), CONTENT_LENGTH="60").body == b"60 60\n"


def test_a_body_that_is_shorter_than_announced_is_a_bad_request(ground: Ground) -> None:
    ground.write("a.py", COUNTS)
    assert ground.get("a.py", bytes(100), CONTENT_LENGTH="160").status == 400


def test_a_body_of_unknown_length_is_given_one(ground: Ground) -> None:
    ground.write("a.py", COUNTS)
    answer = ground.get("a.py", bytes(200_000), CONTENT_LENGTH="")
    assert answer.body == b"200000 200000\n"


def test_a_request_without_a_body_has_nothing_to_read(ground: Ground) -> None:
    ground.write(
        "a.py", PLAIN + "import os, sys\nprint(sys.stdin.read(), 'CONTENT_LENGTH' in os.environ)\n"
    )
    assert ground.get("a.py").body == b" False\n"


def test_what_comes_of_a_script_comes_at_once(ground: Ground) -> None:
    """It goes on when what it has written was read."""
    ground.write(
        "a.py", PLAIN + "import os, sys\nprint('first', flush=True)\nos.read(0, 1)\nprint('second')\n"
    )
    params = ground.name("a.py", REQUEST_METHOD="POST", CONTENT_LENGTH="1")
    with FastCGIClient(ground.wire.fastcgi) as client:
        client.send(pack_opening(params))
        out = b""
        while b"first\n" not in out:
            record = client.read_record()
            assert record is not None
            out += record.content
        client.send(pack(STDIN, 1, b"x") + pack(STDIN, 1))
        assert client.answer().out == b"second\n"
