"""Spawning, waking, yielding, ending: `scenario/tasks.rs` and `scenario/blocking.rs`."""

import asyncio
import threading

from meter import Meter, resident_bytes


async def nothing():
    pass


async def spawn_join(n):
    meter = Meter()
    tasks = [asyncio.create_task(nothing()) for _ in range(n)]
    for task in tasks:
        await task
    return meter.stop(n)


async def spawn_await(n):
    meter = Meter()
    for _ in range(n):
        await asyncio.create_task(nothing())
    return meter.stop(n)


async def spawn_batch(n):
    batches = -(-n // 100)
    meter = Meter()
    for _ in range(batches):
        for task in [asyncio.create_task(nothing()) for _ in range(100)]:
            await task
    return meter.stop(batches * 100)


class Countdown:
    """Done when so many have called."""

    def __init__(self, n):
        self.left = n
        self.done = asyncio.get_running_loop().create_future()

    async def call(self):
        self.left -= 1
        if self.left == 0:
            self.done.set_result(None)


async def spawn_detached(n):
    countdown = Countdown(n)
    running = set()  # asyncio itself does not keep them
    meter = Meter()
    for _ in range(n):
        task = asyncio.create_task(countdown.call())
        running.add(task)
        task.add_done_callback(running.discard)
    await countdown.done
    return meter.stop(n)


def remote_spawn(threads):
    async def workload(n):
        each = -(-n // threads)
        countdown = Countdown(each * threads)
        loop = asyncio.get_running_loop()

        def spawn():
            for _ in range(each):
                asyncio.run_coroutine_threadsafe(countdown.call(), loop)

        meter = Meter()
        for _ in range(threads):
            threading.Thread(target=spawn).start()
        await countdown.done
        return meter.stop(each * threads)

    return workload


async def yield_many(n):
    each = -(-n // 200)

    async def give_way():
        for _ in range(each):
            await asyncio.sleep(0)

    meter = Meter()
    for task in [asyncio.create_task(give_way()) for _ in range(200)]:
        await task
    return meter.stop(each * 200)


async def ping_pong(n):
    each = -(-n // 64)
    loop = asyncio.get_running_loop()

    async def answer(ping, pong):
        pong.set_result(await ping)

    async def play():
        for ball in range(each):
            ping, pong = loop.create_future(), loop.create_future()
            partner = asyncio.create_task(answer(ping, pong))
            ping.set_result(ball)
            await pong
            del partner

    meter = Meter()
    for task in [asyncio.create_task(play()) for _ in range(64)]:
        await task
    return meter.stop(each * 64)


async def chained_spawn(n):
    done = asyncio.get_running_loop().create_future()
    running = set()

    def link(left):
        task = asyncio.create_task(chain(left))
        running.add(task)
        task.add_done_callback(running.discard)

    async def chain(left):
        if left == 0:
            done.set_result(None)
        else:
            link(left - 1)

    meter = Meter()
    link(n)
    await done
    return meter.stop(n)


async def skynet(n):
    async def tree(first, size):
        if size < 10:
            return first, 1
        branch = size // 10
        children = [asyncio.create_task(tree(first + i * branch, branch)) for i in range(10)]
        total, tasks = 0, 1
        for child in children:
            of_child, more = await child
            total += of_child
            tasks += more
        return total, tasks

    meter = Meter()
    _, tasks = await asyncio.create_task(tree(0, n))
    return meter.stop(tasks)


async def mutex(n):
    each = -(-n // 4)
    lock = asyncio.Lock()

    async def count():
        for _ in range(each):
            async with lock:
                await asyncio.sleep(0)

    meter = Meter()
    for task in [asyncio.create_task(count()) for _ in range(4)]:
        await task
    return meter.stop(each * 4)


async def cancel_many(n):
    async def suspend():
        await asyncio.get_running_loop().create_future()

    tasks = [asyncio.create_task(suspend()) for _ in range(n)]
    await asyncio.sleep(0)
    meter = Meter()
    for task in tasks:
        task.cancel()
    for task in tasks:
        try:
            await task
        except asyncio.CancelledError:
            pass
    return meter.stop(n)


async def all_tasks(n):
    async def suspend():
        await asyncio.get_running_loop().create_future()

    tasks = [asyncio.create_task(suspend()) for _ in range(n)]
    await asyncio.sleep(0)
    meter = Meter()
    for _ in range(10):
        assert len(asyncio.all_tasks()) >= n
    outcome = meter.stop(n * 10)
    for task in tasks:
        task.cancel()
    return outcome


def blocking(submitters):
    async def workload(n):
        each = -(-n // submitters)
        loop = asyncio.get_running_loop()

        async def submit():
            jobs = [loop.run_in_executor(None, lambda: 1) for _ in range(each)]
            for job in jobs:
                await job

        meter = Meter()
        for task in [asyncio.create_task(submit()) for _ in range(submitters)]:
            await task
        return meter.stop(each * submitters)

    return workload


def memory(name):
    async def workload(n):
        before = resident_bytes()
        meter = Meter()
        tasks = [asyncio.create_task(asyncio.sleep(3600), name=name and f"{name}-{i}") for i in range(n)]
        await asyncio.sleep(0)
        value = (resident_bytes() - before) / n
        outcome = meter.stop(n, "bytes/task", value)
        for task in tasks:
            task.cancel()
        return outcome

    return workload


WORKLOADS = {
    "spawn_join": spawn_join,
    "spawn_await": spawn_await,
    "spawn_detached": spawn_detached,
    "spawn_batch": spawn_batch,
    "remote_spawn_1": remote_spawn(1),
    "remote_spawn_2": remote_spawn(2),
    "yield_many": yield_many,
    "ping_pong": ping_pong,
    "chained_spawn": chained_spawn,
    "skynet": skynet,
    "mutex": mutex,
    "cancel_many": cancel_many,
    "all_tasks": all_tasks,
    "blocking_1": blocking(1),
    "blocking_2": blocking(2),
    "memory": memory(None),
    "memory_named": memory("sleeper"),
}
