"""A wire between clients and a server that loses messages: requests, replies, halves of them."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PASS, LOST_REQUEST, LOST_REPLY, HALF_REPLY = "passed", "request lost", "reply lost", "reply cut"


class Wire:
    """Listens on a port of its own and passes HTTP on; every message may be its last."""

    def __init__(self, url: str, loss: float, seed: int) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname or "", parts.port or 80)
        self.loss = loss
        self.fates: Counter[str] = Counter()
        self.chance = random.Random(seed)
        self.url = ""

    async def listen(self) -> asyncio.Server:
        """Open for connections; `url` leads here."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = f"http://localhost:{server.sockets[0].getsockname()[1]}"
        return server

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One client's connection, until either end or chance closes it."""
        far: asyncio.StreamWriter | None = None
        try:
            reader, far = await asyncio.open_connection(*self.target)
            while await self._exchange(near, back, reader, far):
                pass
        except (OSError, EOFError):
            pass  # One end has gone; the other is told by closing.
        finally:
            back.close()
            if far is not None:
                far.close()

    async def _exchange(
        self,
        near: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        reader: asyncio.StreamReader,
        far: asyncio.StreamWriter,
    ) -> bool:
        """A request and its reply, as far as they come."""
        request = await _message(near)
        fate = self._fate(request)
        self.fates[fate] += 1
        if fate == LOST_REQUEST:
            return False
        far.write(request)
        reply = await _message(reader)  # By now the server has done what was asked.
        if fate == LOST_REPLY:
            return False
        back.write(reply if fate == PASS else reply[: len(reply) // 2])
        await back.drain()
        return fate == PASS

    def _fate(self, request: bytes) -> str:
        if not request.startswith((b"PUT ", b"GET ")) or self.chance.random() > self.loss:
            return PASS
        return self.chance.choice((LOST_REQUEST, LOST_REPLY, LOST_REPLY, HALF_REPLY))


@contextmanager
def leaky_wire(url: str, *, loss: float, seed: int = 1) -> Iterator[Wire]:
    """Within, `wire.url` leads to the server at `url`, if you are lucky."""
    wire = Wire(url, loss, seed)
    loop = asyncio.new_event_loop()
    worker = threading.Thread(target=loop.run_forever)
    worker.start()
    try:
        server = asyncio.run_coroutine_threadsafe(wire.listen(), loop).result()
        yield wire
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        worker.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with its body; its length is always said here."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    [length] = [int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")]
    return head + await reader.readexactly(length)
