"""A small load generator: keep-alive connections on loopback, for a fixed time, that counts answers."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """Requests answered, their number per second, and the median time of one in milliseconds."""

    answers: int
    per_second: float
    median_ms: float


def run_load(
    port: int, path: str, bodies: list[bytes], headers: dict[str, str], *, connections: int, seconds: float
) -> Load:
    """Send the bodies in turn, repeatedly, over the given number of connections.

    Raises
    ------
    RuntimeError
        A response was not a success.
    """
    return asyncio.run(_run(port, path, bodies, headers, connections, seconds))


async def _run(
    port: int, path: str, bodies: list[bytes], headers: dict[str, str], connections: int, seconds: float
) -> Load:
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    requests = [
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{lines}"
        f"content-length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    until = time.perf_counter() + seconds
    started = time.perf_counter()
    times = await asyncio.gather(*(_connection(port, requests, i, until) for i in range(connections)))
    took = time.perf_counter() - started
    every = sorted(t for connection_times in times for t in connection_times)
    return Load(len(every), len(every) / took, every[len(every) // 2] * 1_000)


async def _connection(port: int, requests: list[bytes], first: int, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    number = first
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(requests[number % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
        times.append(time.perf_counter() - begun)
        number += len(requests) // 7 + 1
    writer.close()
    return times
