"""Chance that decides waits (jitter) is the same in every run: `random`, and with it the first kind of UUID.

What must not be guessed stays so: `secrets`, `os.urandom`, `uuid4`.
"""

from os import register_at_fork

SEED = 20260401


def change_random(random, clock, arbiter):
    random.seed(SEED)
    # The module gives a forked process a sequence of its own, when such functions run that were registered before.
    register_at_fork(after_in_child=lambda: random.seed(SEED))


def change_uuid(uuid, clock, arbiter):
    # The C library's own has a clock of its own, and the next choice is the hardware address of this machine.
    uuid._generate_time_safe = None
    uuid._node = 0x0242AC110002
