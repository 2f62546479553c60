"""Waiting for many tasks: `scenario/combinators.rs`."""

import asyncio

from meter import Meter

LONG_LIVED = 8


async def give(i):
    return i


async def gather(n):
    meter = Meter()
    results = await asyncio.gather(*[asyncio.create_task(give(i)) for i in range(n)])
    assert len(results) == n
    return meter.stop(n)


async def as_completed(n):
    count = 0
    meter = Meter()
    for ended in asyncio.as_completed([asyncio.create_task(give(i)) for i in range(n)]):
        await ended
        count += 1
    assert count == n
    return meter.stop(n)


async def wait_first_completed(n):
    tasks = {asyncio.create_task(asyncio.Event().wait()) for _ in range(LONG_LIVED)}
    meter = Meter()
    for i in range(n):
        tasks.add(asyncio.create_task(give(i)))
        _, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return meter.stop(n)


WORKLOADS = {
    "gather": gather,
    "as_completed": as_completed,
    "wait_first_completed": wait_first_completed,
}
