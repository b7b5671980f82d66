"""An SMTP server that takes everything at once: `python -m bench.sink` prints its port, and on SIGTERM one line of JSON
with the number of mails and the seconds between the first and the last.

It parses nothing, so that what is measured is the sender. RFC 5321 as far as a sender needs it.
"""

import asyncio
import contextlib
import json
import signal
import time

READY = b"220 bench ESMTP\r\n"
END_OF_DATA = b"\r\n.\r\n"
times: list[float] = []


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(READY)
    with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-bench\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(END_OF_DATA)
                times.append(time.monotonic())
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
    writer.close()


async def main() -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**22)
    print(server.sockets[0].getsockname()[1], flush=True)
    await over.wait()
    print(json.dumps({"mails": len(times), "seconds": times[-1] - times[0] if times else 0}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
