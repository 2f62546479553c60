"""Runs the Python programs of the book: every ```python block of the pages named on the command line.

    python3.13 docs/check_python.py docs/from-asyncio/*.md

Each has a namespace of its own and runs in virtual time, as its Rust counterpart does: when nothing can run, and no
thread of `to_thread` is busy, the clock moves to the next timer. What a program asserts must hold, and asyncio must have
nothing to complain of.
"""

import asyncio
import gc
import logging
import re
import selectors
import sys
import traceback
import warnings
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class VirtualTime(selectors.DefaultSelector):
    """A selector that moves its own clock instead of waiting for a timer."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.jobs = 0

    def select(self, timeout=None):
        if timeout is None or (self.jobs and timeout > 0):
            return super().select()  # what comes is from outside, by the loop's own pipe
        ready = super().select(0)
        if not ready:
            self.now += max(timeout, 0)
        return ready


class Loop(asyncio.SelectorEventLoop):
    """asyncio's loop, on the clock of `VirtualTime`."""

    def __init__(self):
        self._virtual = VirtualTime()
        super().__init__(self._virtual)

    def time(self):
        return self._virtual.now

    def run_in_executor(self, executor, func, *args):
        job = super().run_in_executor(executor, func, *args)
        self._virtual.jobs += 1
        job.add_done_callback(self._job_is_done)
        return job

    def _job_is_done(self, _job):
        self._virtual.jobs -= 1

    async def shutdown_default_executor(self, timeout=None):
        await super().shutdown_default_executor()  # a limit would be over before the threads have heard


class Complaints(logging.Handler):
    """What asyncio logs: a failure that nobody read, a task that was lost."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def run(program, name, first_line):
    """What is wrong with `program`; None if nothing is."""
    complaints = Complaints()
    logger = logging.getLogger("asyncio")
    logger.addHandler(complaints)
    logger.propagate = False
    try:
        # Empty lines before it, so that a traceback has the line numbers of the page.
        code = compile("\n" * (first_line - 1) + program, name, "exec")
        exec(code, {"__name__": "__main__"})
        gc.collect()
    except BaseException:
        return traceback.format_exc()
    finally:
        logger.removeHandler(complaints)
    return "\n".join(complaints.messages) or None


def main(pages):
    if sys.version_info < (3, 13):
        sys.exit(f"the programs of the book need Python 3.13 or later, and this is {sys.version}")
    # What `run` and `Runner` make when they are given no factory.
    asyncio.events.new_event_loop = Loop
    warnings.simplefilter("error")
    programs = failures = 0
    for page in map(Path, pages):
        text = page.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            programs += 1
            line = text.count("\n", 0, block.start(1)) + 1
            if wrong := run(block[1], str(page), line):
                failures += 1
                print(f"{page}:{line}: this program is wrong\n{wrong}", file=sys.stderr)
    print(f"{programs - failures} of {programs} Python programs are true ({sys.version.split()[0]})")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main(sys.argv[1:])
