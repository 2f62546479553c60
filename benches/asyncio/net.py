"""Round trips over TCP, both ends in this process, through streams: `scenario/echo.rs`."""

import asyncio
import socket

from meter import Meter

NEVER = 3600
LARGE = 16 * 1024


async def connections(count):
    """Both ends of each connection, as (reader, writer)."""
    listener = socket.create_server(("127.0.0.1", 0))
    pairs = []
    for _ in range(count):
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
        pairs.append([await streams(end) for end in (near, far)])
    listener.close()
    return pairs


async def streams(end):
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return await asyncio.open_connection(sock=end)


async def answer(reader, writer, bytes_at_once):
    while data := await reader.read(bytes_at_once):
        writer.write(data)
        await writer.drain()


def echo(count, size):
    async def workload(n):
        each = -(-n // count)
        message = bytes(size)

        async def talk(reader, writer):
            for _ in range(each):
                writer.write(message)
                await writer.drain()
                await reader.readexactly(size)

        pairs = await connections(count)
        meter = Meter()
        answering = [asyncio.create_task(answer(*far, size)) for _, far in pairs]
        for task in [asyncio.create_task(talk(*near)) for near, _ in pairs]:
            await task
        outcome = meter.stop(each * count)
        for task in answering:
            task.cancel()
        return outcome

    return workload


async def timeout_per_read(n):
    each = -(-n // 64)
    message = bytes(64)

    async def talk(reader, writer):
        for _ in range(each):
            writer.write(message)
            async with asyncio.timeout(NEVER):
                await reader.readexactly(64)

    async def answer_in_time(reader, writer):
        while True:
            async with asyncio.timeout(NEVER):
                data = await reader.read(64)
            if not data:
                return
            writer.write(data)

    pairs = await connections(64)
    meter = Meter()
    answering = [asyncio.create_task(answer_in_time(*far)) for _, far in pairs]
    for task in [asyncio.create_task(talk(*near)) for near, _ in pairs]:
        await task
    outcome = meter.stop(each * 64)
    for task in answering:
        task.cancel()
    return outcome


WORKLOADS = {
    f"echo_{count}_{name}": echo(count, size)
    for name, size in (("64", 64), ("16k", LARGE))
    for count in (1, 64, 1000)
} | {"timeout_per_read": timeout_per_read}
