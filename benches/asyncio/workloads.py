"""All workloads by name: each takes what makes a loop, and how much to do, and gives what it cost."""

import asyncio

import combinators
import net
import tasks
import timers
from meter import Meter


def on_a_loop(workload):
    def run(make, n):
        with asyncio.Runner(loop_factory=make) as runner:
            return runner.run(workload(n))

    return run


def start_stop(make, n):
    async def empty():
        pass

    meter = Meter()
    for _ in range(n):
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(empty())
    return meter.stop(n)


WORKLOADS = {
    name: on_a_loop(workload)
    for module in (tasks, combinators, timers, net)
    for name, workload in module.WORKLOADS.items()
}
WORKLOADS["start_stop"] = start_stop
