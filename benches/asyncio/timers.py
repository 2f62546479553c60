"""Timers that fire, timers that never do, and how late they are: `scenario/time.rs`."""

import asyncio
import statistics
import time

from meter import Meter

NEVER = 3600


async def timers_fire(n):
    meter = Meter()
    for task in [asyncio.create_task(asyncio.sleep(i / n)) for i in range(n)]:
        await task
    return meter.stop(n, "cpu ns/op", "cpu")


async def timers_churn(n):
    each = -(-n // 1000)

    async def churn():
        for _ in range(each):
            async with asyncio.timeout(NEVER):
                await asyncio.sleep(0)

    meter = Meter()
    for task in [asyncio.create_task(churn()) for _ in range(1000)]:
        await task
    return meter.stop(each * 1000)


async def timers_many(n):
    loop = asyncio.get_running_loop()
    meter = Meter()
    timers = [loop.call_later(NEVER + i / 1000, lambda: None) for i in range(n)]
    for timer in timers:
        timer.cancel()
    return meter.stop(n)


async def sleep_lateness(n):
    late = []
    meter = Meter()
    for _ in range(n):
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - began - 0.001) * 1e6)
    return meter.stop(n, "us late", statistics.median(late))


WORKLOADS = {
    "timers_fire": timers_fire,
    "timers_churn": timers_churn,
    "timers_many": timers_many,
    "sleep_lateness": sleep_lateness,
}
