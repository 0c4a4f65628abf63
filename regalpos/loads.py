"""How many connections each worker holds, where all of them can see it.

Tills keep their connections, and whoever accepts one serves it for hours; the kernel, asked by
several, gives most of them to one. So a worker leaves a new connection to a sibling that holds
fewer, for a moment: the sibling may be too busy to take it.
"""

import mmap
import struct
import tempfile
from typing import IO

SLOTS = 256  # workers, those that are leaving too
COUNT = struct.Struct("I")
NOBODY = 2**32 - 1  # in a slot whose worker takes nothing


def sheet() -> IO[bytes]:
    """A file for the counts of all workers, to be inherited; nobody works yet."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the shop)
    file.write(COUNT.pack(NOBODY) * SLOTS)
    file.flush()
    return file


class Loads:
    """One worker's own line on the sheet, and a look at the others'."""

    def __init__(self, sheet: int, slot: int) -> None:
        self._memory = mmap.mmap(sheet, COUNT.size * SLOTS)
        self._place = slot * COUNT.size
        self.mine = 0

    def add(self, number: int) -> None:
        """So many more connections are held here."""
        self.mine += number
        if self._read() != NOBODY:
            self._write(self.mine)

    def come(self) -> None:
        """This worker takes its share from now on."""
        self._write(self.mine)

    def go(self) -> None:
        """This worker takes nothing more."""
        self._write(NOBODY)

    def others_have_less(self) -> bool:
        """Somebody at work holds fewer than this worker."""
        counts: list[int] = [count for (count,) in COUNT.iter_unpack(self._memory[:])]
        return self.mine > min(counts)

    def _read(self) -> int:
        (count,) = COUNT.unpack_from(self._memory, self._place)
        return int(count)

    def _write(self, count: int) -> None:
        COUNT.pack_into(self._memory, self._place, count)
