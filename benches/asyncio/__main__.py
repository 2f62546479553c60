"""One measurement on asyncio or uvloop, as a process of its own: what `runner.rs` is for the runtimes in Rust.

    python3 benches/asyncio --runtime asyncio --workload spawn_join --n 50000

The workloads have the names and the meaning of those in `benches/src/scenario`, written as asyncio's users would. Both
print the same line of JSON. There is one thread, whatever `--workers` says.
"""

import argparse
import asyncio
import json
import platform
import sys

OLDEST = (3, 11)  # Runner, timeout

sys.dont_write_bytecode = True  # nothing is left behind in the tree


def loop_factories():
    """What can run here: the name of each, its version, and how to make its loop, or why not."""
    yield "asyncio", platform.python_version(), asyncio.new_event_loop, None
    try:
        import uvloop
    except ImportError as error:
        yield "uvloop", "", None, f"{error} ({sys.executable})"
    else:
        yield "uvloop", uvloop.__version__, uvloop.new_event_loop, None


def catalogue(workloads):
    for name, version, make, problem in loop_factories():
        able = [{"name": workload} for workload in workloads] if make else []
        yield {"name": name, "version": version, "workloads": able, "problem": problem}


def main():
    if sys.version_info < OLDEST:
        sys.exit(f"Python {platform.python_version()} is too old: asyncio has neither Runner nor timeout before 3.11")
    from workloads import WORKLOADS

    parser = argparse.ArgumentParser(prog="benches/asyncio")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--runtime", default="asyncio")
    parser.add_argument("--workload", choices=sorted(WORKLOADS))
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    if options.list:
        print(json.dumps(list(catalogue(WORKLOADS))))
        return
    make = {name: make for name, _, make, _ in loop_factories()}.get(options.runtime)
    if make is None or options.workload is None:
        sys.exit(f"cannot run {options.workload} on {options.runtime}: see --list")
    outcome = WORKLOADS[options.workload](make, options.n)
    said = {"runtime": options.runtime, "workload": options.workload, "n": options.n, "workers": 1}
    print(json.dumps(said | outcome))


main()
