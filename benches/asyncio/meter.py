"""Time on the wall, time of all processors, peak memory: what `meter.rs` measures, in the same words."""

import resource
import time


class Meter:
    """Measures from its making until `stop`."""

    def __init__(self):
        self.cpu = time.process_time_ns()
        self.wall = time.perf_counter_ns()

    def stop(self, operations, unit="ns/op", value=None):
        """What so many operations cost. Judged by time on the wall, unless by `value`: a number, or "cpu"."""
        wall = time.perf_counter_ns() - self.wall
        cpu = time.process_time_ns() - self.cpu
        if value is None:
            value = wall / operations
        elif value == "cpu":
            value = cpu / operations
        return {
            "operations": operations,
            "wall_ns": wall,
            "cpu_ns": cpu,
            "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            "value": value,
            "unit": unit,
        }


def resident_bytes():
    """Memory in use now. Linux only, as the workloads that ask for it."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
