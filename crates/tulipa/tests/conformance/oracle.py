"""Asks CPython what asyncio does: writes random programs with the outcome that CPython gives them, one JSON object a line.

    python3.13 oracle.py --seed 7 --count 100 > vectors.jsonl

A program is kept only if its outcome hangs on nothing that asyncio leaves open or does by accident. So each is run many
times: in the order of the loop and in random orders of what is ready at one instant; with a cancellation passed on inside
`cancel()`, as asyncio does, and only when the cancelled task next runs, as a runtime of several threads must. All
runs must agree. If they also agree when other tasks run between any two statements, the program is marked `parallel`.
"""

import argparse
import asyncio
import collections
import contextlib
import contextvars
import json
import random
import selectors
import sys
import warnings

OLDEST = (3, 13)  # `uncancel` withdraws a request, `as_completed` is an async iterator
ORDERS = 20  # random orders that must agree
MOST_CALLBACKS = 20_000  # a program that needs more goes round in circles


# How a program is run ------------------------------------------------------------------------------------------------


class Discard(Exception):
    """This program says nothing: it is stuck, or does what no program of the language may."""


class ClockSelector(selectors.DefaultSelector):
    """Where the loop waits for time to pass, time passes: a unit of the loop's clock is a millisecond of the program."""

    def __init__(self):
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise Discard("nothing will ever happen")
        self.now += timeout
        return super().select(0)


class Bag(collections.deque):
    """A queue in which everything is put at a random place: what is ready may be passed over for long."""

    def __init__(self, rng):
        super().__init__()
        self.rng = rng

    def append(self, callback):
        self.insert(self.rng.randint(0, len(self)), callback)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, rng):
        self.clock = ClockSelector()
        super().__init__(self.clock)
        self.callbacks_left = MOST_CALLBACKS
        self._clock_resolution = 1e-9
        if rng is not None:
            self._ready = Bag(rng)
        self.set_exception_handler(lambda loop, context: None)

    def time(self):
        return self.clock.now

    def _run_once(self):
        self.callbacks_left -= 1
        if self.callbacks_left < 0:
            raise Discard("goes round in circles")
        super()._run_once()


class PatientTask(asyncio.tasks._PyTask):
    """A task that passes a request on to what it awaits when it is its turn, not inside `cancel()`."""

    def cancel(self, msg=None):
        if self.done():
            return False
        self._num_cancels_requested += 1
        self._must_cancel, self._cancel_message = True, msg
        self.get_loop().call_soon(self._pass_on)
        return True

    def _pass_on(self):
        waiter = self._fut_waiter
        if self._must_cancel and waiter is not None and waiter.cancel(self._cancel_message):
            self._must_cancel = False


class UserError(Exception):
    @property
    def kind(self):
        return self.args[0]


WHAT_PROGRAMS_RAISE = UserError, TimeoutError, asyncio.CancelledError, BaseExceptionGroup
MISHAPS = KeyError, RuntimeError  # a name that does not exist yet; a group that takes no more, a task that awaits itself

VARIABLES = [contextvars.ContextVar(f"variable {i}", default=None) for i in range(2)]
RETURN_WHEN = {"all": asyncio.ALL_COMPLETED, "first": asyncio.FIRST_COMPLETED, "exception": asyncio.FIRST_EXCEPTION}


def as_data(error):
    match error:
        case asyncio.CancelledError(args=args):
            return ["cancelled", args[0] or None if args else None]
        case UserError():
            return ["error", error.kind]
        case BaseExceptionGroup():
            return ["group", sorted(map(as_data, error.exceptions), key=json.dumps)]
        case TimeoutError():
            return ["timeout"]
    return ["odd", type(error).__name__]


def state_of(future):
    if not future.done():
        return ["pending"]
    if future.cancelled():
        return ["cancelled"]
    error = future.exception()
    return ["ok", future.result()] if error is None else as_data(error)


def fits(error, kinds):
    name, *rest = as_data(error)
    return name in kinds or (name == "error" and rest[0] in kinds) or (name != "cancelled" and "any" in kinds)


class Run:
    """One run of a program. `pause` is awaited before each statement."""

    def __init__(self, defs, pause=None):
        self.defs, self.pause = defs, pause
        self.logs, self.objects = {}, {}
        self.mishap = None

    def log(self, kind, value=None, who=None):
        who = who or asyncio.current_task().get_name()
        millis = round(asyncio.get_running_loop().time())
        self.logs.setdefault(who, []).append([millis, kind, value])

    def all(self, names):
        return [self.objects[name] for name in names]

    async def coroutine(self, definition):
        self.log("start")
        returned = await Block(self).run(self.defs[definition])
        return returned and returned[0]

    def start(self, create_task, name, definition):
        task = self.objects[name] = create_task(self.coroutine(definition), name=name)
        task.add_done_callback(lambda task: self.log("done", state_of(task), name + "!"))


class Block:
    """Where statements stand: the group around them, and what was caught. A method a statement; a tuple is a `return`."""

    def __init__(self, run, group=None, caught=None):
        self.world, self.group, self.caught = run, group, caught
        self.log = run.log

    async def run(self, body):
        for operation, *arguments in body:
            if self.world.pause:
                await self.world.pause()
            try:
                returned = await getattr(self, "do_" + operation)(*arguments)
            except MISHAPS as error:
                self.world.mishap = error
                raise
            if returned:
                return returned

    def inside(self, **changed):
        return Block(self.world, **{"group": self.group, "caught": self.caught, **changed})

    async def do_log(self, value):
        self.log("log", value)

    async def do_sleep(self, millis):
        self.log("slept", await asyncio.sleep(millis, millis))

    async def do_yield(self):
        await asyncio.sleep(0)

    async def do_return(self, value):
        return (value,)

    async def do_raise(self, kind):
        raise UserError(kind)

    async def do_raise_cancelled(self, message):
        raise asyncio.CancelledError() if message is None else asyncio.CancelledError(message)

    async def do_reraise(self):
        if self.caught is not None:
            raise self.caught

    async def do_spawn(self, name, definition):
        self.world.start(asyncio.create_task, name, definition)

    async def do_group_spawn(self, name, definition):
        if self.group is not None:
            self.world.start(self.group.create_task, name, definition)

    async def do_future(self, name):
        self.world.objects[name] = asyncio.get_running_loop().create_future()

    async def do_set_result(self, name, value):
        self.complete(name, lambda future: future.set_result(value))

    async def do_set_error(self, name, kind):
        self.complete(name, lambda future: future.set_exception(UserError(kind)))

    def complete(self, name, complete):
        try:
            complete(self.world.objects[name])
        except asyncio.InvalidStateError:
            self.log("set", False)
        else:
            self.log("set", True)

    async def do_cancel(self, name, message):
        self.log("cancel", self.world.objects[name].cancel(message))

    async def do_cancelling(self):
        self.log("cancelling", asyncio.current_task().cancelling())

    async def do_uncancel(self):
        self.log("uncancel", asyncio.current_task().uncancel())

    async def do_status(self, name):
        self.log("status", [name, state_of(self.world.objects[name])])

    async def do_callback(self, name, tag):
        who = f"{asyncio.current_task().get_name()}:{tag}"
        self.world.objects[name].add_done_callback(lambda future: self.log("callback", [tag, state_of(future)], who))

    async def do_await(self, name):
        self.log("got", await self.world.objects[name])

    async def do_shield(self, name):
        self.log("got", await asyncio.shield(self.world.objects[name]))

    async def do_wait_for(self, name, millis):
        self.log("got", await asyncio.wait_for(self.world.objects[name], millis))

    async def do_gather(self, names, return_exceptions):
        results = await asyncio.gather(*self.world.all(names), return_exceptions=return_exceptions)
        self.log("gathered", [as_data(r) if isinstance(r, BaseException) else ["ok", r] for r in results])

    async def do_wait(self, names, millis, until):
        both = await asyncio.wait(self.world.all(names), timeout=millis, return_when=RETURN_WHEN[until])
        self.log("waited", [sorted({name for name in names if self.world.objects[name] in some}) for some in both])

    async def do_as_completed(self, names, millis):
        name_of = {self.world.objects[name]: name for name in names}
        try:
            async for future in asyncio.as_completed(name_of, timeout=millis):
                self.log("next", [name_of[future], state_of(future)])
        finally:
            self.log("as_completed_end")

    async def do_wait_for_block(self, millis, body):
        return await asyncio.wait_for(self.run(body), millis)

    async def do_timeout(self, millis, body):
        async with asyncio.timeout(millis):
            return await self.run(body)

    async def do_group(self, body):
        async with asyncio.TaskGroup() as group:
            returned = await self.inside(group=group).run(body)
        self.log("group_done")
        return returned

    async def do_try(self, body, handlers, final):
        try:
            return await self.guarded(body, handlers)
        finally:
            if final:
                self.log("finally")
                await self.run(final)

    async def guarded(self, body, handlers):
        try:
            return await self.run(body)
        except (Exception, asyncio.CancelledError) as error:
            handler = next((handler for kinds, handler in handlers if fits(error, kinds)), None)
            if handler is None:
                raise
            self.log("caught", as_data(error))
            return await self.inside(caught=error).run(handler)

    async def do_context_set(self, index, value):
        VARIABLES[index].set(value)

    async def do_context_get(self, index):
        self.log("context", [index, VARIABLES[index].get()])

    async def do_all_tasks(self):
        self.log("all_tasks", sorted(task.get_name() for task in asyncio.all_tasks()))

    async def do_name(self):
        self.log("name", asyncio.current_task().get_name())


def outcome(defs, order=None, patient=False, interrupted=False, cut_short=False):
    """What one run comes to. `order`: of what is ready, by that seed. `cut_short`: the shutdown comes at once."""
    rng = random.Random(order)

    async def pause():
        for _ in range(rng.choice([0, 0, 0, 1, 2, 3])):
            await asyncio.sleep(0)

    run = Run(defs, pause if interrupted else None)

    async def main():
        asyncio.current_task().set_name("main")
        try:
            return await run.coroutine("main")
        finally:
            if cut_short:
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()

    def make_loop():
        loop = VirtualLoop(None if order is None else rng)
        if patient:
            loop.set_task_factory(lambda loop, coroutine, **options: PatientTask(coroutine, loop=loop, **options))
        return loop

    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner(loop_factory=make_loop))
        stack.callback(lambda: setattr(runner.get_loop(), "callbacks_left", MOST_CALLBACKS))
        try:
            ended = ["ok", runner.run(main())]
        except (*WHAT_PROGRAMS_RAISE, *MISHAPS) as error:
            ended = as_data(error)
    if run.mishap is not None:
        raise Discard(run.mishap)
    return {"outcome": ended, "logs": run.logs}


def settled(defs):
    """The outcome and whether it is `parallel`, if all runs agree on it."""
    try:
        expect = outcome(defs)
        runs = [dict(order=n, patient=n % 3 == 0, cut_short=n % 2 == 1) for n in range(ORDERS)]
        if any(outcome(defs, **run) != expect for run in [dict(patient=True), *runs]):
            return None
        return expect, all(outcome(defs, **run, interrupted=True) == expect for run in runs)
    except Discard:
        return None


# How a program is made up ---------------------------------------------------------------------------------------------

USUAL = {
    "log": 1, "sleep": 10, "yield": 1, "return": 1, "raise": 1.5, "raise_cancelled": 0.5, "reraise": 3, "spawn": 6, "group_spawn": 7,
    "future": 2, "set_result": 3, "set_error": 1.5, "cancel": 6, "cancelling": 0.7, "uncancel": 0.2, "status": 3, "callback": 1.2,
    "await": 5, "shield": 2.5, "wait_for": 3, "gather": 3.5, "wait": 3.5, "as_completed": 2.5, "wait_for_block": 1.5, "timeout": 3,
    "group": 2.5, "try": 6, "context_set": 0.7, "context_get": 0.9, "all_tasks": 0.2, "name": 0.3,
}  # fmt: skip
NEEDS_OBJECTS = {"cancel", "status", "callback", "await", "shield", "wait_for", "gather", "wait", "as_completed"}
NEEDS_FUTURES = {"set_result", "set_error"}
HOLDS_BODIES = {"wait_for_block", "timeout", "group", "try"}
LEAVES = {"return", "raise", "raise_cancelled", "reraise"}

THEMES = {
    "plain": {},
    "cancel": {"cancel": 4, "try": 2, "await": 2, "cancelling": 3, "raise_cancelled": 4},
    "gather": {"gather": 6, "spawn": 2, "raise": 2},
    "wait": {"wait": 6, "spawn": 2, "raise": 2},
    "as_completed": {"as_completed": 7, "spawn": 2},
    "shield": {"shield": 6, "cancel": 2},
    "wait_for": {"wait_for": 5, "wait_for_block": 5},
    "timeout": {"timeout": 6, "try": 2, "cancel": 1.5},
    "group": {"group": 5, "group_spawn": 3, "raise": 2, "cancel": 1.5},
    "nest": {"group": 4, "group_spawn": 4, "timeout": 4, "try": 3, "cancel": 2, "raise": 2},
    "future": {"future": 5, "set_result": 3, "set_error": 3, "callback": 3},
    "context": {"context_set": 9, "context_get": 9, "spawn": 2},
    "look": {"status": 4, "callback": 4, "name": 4, "all_tasks": 8, "cancelling": 4},
    "uncancel": {"uncancel": 25, "cancelling": 4, "timeout": 2, "group": 2},
}

Place = collections.namedtuple("Place", "depth in_group in_handler in_finally")


class Author:
    """Writes one program. Names are used only after they were made, as far as the text goes."""

    def __init__(self, rng, theme):
        self.rng = rng
        self.weights = {word: weight * THEMES[theme].get(word, 1) for word, weight in USUAL.items()}
        self.defs, self.tasks, self.futures = {}, [], []
        self.words_left = rng.randint(6, 34)
        self.named = 0
        self.delays = rng.sample(range(1, 4001), 200)  # no two alike: timers that coincide are not the subject
        self.defs["main"] = self.body(Place(0, False, False, False), rng.randint(3, 7))

    def body(self, place, length=None):
        body = []
        for _ in range(length or self.rng.randint(1, 4)):
            if self.words_left <= 0:
                break
            self.words_left -= 1
            body.append(self.statement(place))
            if body[-1][0] in LEAVES:
                break
        return body or [["sleep", self.delay()]]

    def statement(self, place):
        allowed = {word: weight for word, weight in self.weights.items() if self.is_allowed(word, place)}
        [word] = self.rng.choices(list(allowed), list(allowed.values()))
        return [word, *getattr(self, "of_" + word, lambda place: [])(place)]

    def is_allowed(self, word, place):
        if word in NEEDS_OBJECTS and not self.tasks + self.futures or word in NEEDS_FUTURES and not self.futures:
            return False
        if word == "return" and place.in_finally or word == "reraise" and not place.in_handler:
            return False
        if word == "group_spawn" and not place.in_group or word in HOLDS_BODIES and place.depth >= 4:
            return False
        return True

    def delay(self):
        return self.delays.pop()

    def limit(self, *others):
        return self.delay() if self.rng.random() < 0.75 else self.rng.choice(others)

    def new_name(self, letter):
        self.named += 1
        return f"{letter}{self.named}"

    def any_name(self):
        return self.rng.choice(self.tasks + self.futures)

    def some_names(self):
        known = self.tasks + self.futures
        return self.rng.sample(known, min(len(known), self.rng.randint(1, 4)))

    def message(self):
        return self.rng.choice([None, None, "enough", "over"])

    def number(self):
        return self.rng.randint(0, 99)

    def deeper(self, place, **changed):
        return self.body(place._replace(depth=place.depth + 1, **changed))

    def of_log(self, place):
        return [self.number()]

    of_return = of_log

    def of_sleep(self, place):
        return [self.delay()]

    def of_raise(self, place):
        return [self.rng.choice(["E1", "E2"])]

    def of_raise_cancelled(self, place):
        return [self.message()]

    def of_spawn(self, place):
        definition = self.new_name("d")
        self.defs[definition] = []  # in the order of the text
        self.defs[definition] = self.body(Place(place.depth + 1, False, False, False))
        task = self.new_name("t")
        self.tasks.append(task)
        return [task, definition]

    of_group_spawn = of_spawn

    def of_future(self, place):
        self.futures.append(self.new_name("f"))
        return [self.futures[-1]]

    def of_set_result(self, place):
        return [self.rng.choice(self.futures), self.number()]

    def of_set_error(self, place):
        return [self.rng.choice(self.futures), self.rng.choice(["E1", "E2"])]

    def of_cancel(self, place):
        return [self.any_name(), self.message()]

    def of_status(self, place):
        return [self.any_name()]

    of_await = of_shield = of_status

    def of_callback(self, place):
        return [self.any_name(), self.new_name("k")]

    def of_wait_for(self, place):
        return [self.any_name(), self.limit(None, 0)]

    def of_gather(self, place):
        twice = [self.any_name()] if self.rng.random() < 0.05 else []
        return [self.some_names() + twice, self.rng.random() < 0.5]

    def of_wait(self, place):
        return [self.some_names(), self.limit(None), self.rng.choice(list(RETURN_WHEN))]

    def of_as_completed(self, place):
        return [self.some_names(), self.limit(None)]

    def of_wait_for_block(self, place):
        return [self.limit(None, 0), self.deeper(place)]

    def of_timeout(self, place):
        return [self.limit(None, 0), self.deeper(place)]

    def of_group(self, place):
        return [self.deeper(place, in_group=True)]

    def of_try(self, place):
        kinds = [["cancelled"], ["cancelled"], ["any"], ["timeout"], ["E1"], ["group"], ["error"], ["cancelled", "any"]]
        body = self.deeper(place)
        handlers = [[self.rng.choice(kinds), self.deeper(place, in_handler=True)] for _ in range(self.rng.choice([1, 1, 2]))]
        final = self.deeper(place, in_finally=True) if self.rng.random() < 0.3 else []
        return [body, handlers, final]

    def of_context_set(self, place):
        return [self.rng.randrange(len(VARIABLES)), self.number()]

    def of_context_get(self, place):
        return [self.rng.randrange(len(VARIABLES))]


def is_eventful(expect):
    """Whether enough happened in it: several tasks, and something that was cancelled, caught or failed."""
    logs, text = expect["logs"], json.dumps(expect)
    busy = len(logs) >= 3 and sum(map(len, logs.values())) >= 8
    return busy and any(sign in text for sign in ('"cancel", true', '"caught"', '["timeout"]', '["group"', '["error"'))


def vectors(seed, count):
    rng = random.Random(f"tulipa {seed}")
    kept = 0
    while kept < count:
        theme = rng.choice(list(THEMES))
        defs = Author(random.Random(rng.getrandbits(64)), theme).defs
        found = settled(defs)
        if found and is_eventful(found[0]):
            kept += 1
            expect, parallel = found
            yield {"id": f"{theme}-{seed}-{kept:05}", "defs": defs, "parallel": parallel, "expect": expect}


def main():
    if sys.version_info < OLDEST:
        sys.exit(f"{sys.executable} is Python {sys.version.split()[0]}: the oracle needs {'.'.join(map(str, OLDEST))} or newer")
    if sys.implementation.name != "cpython":
        sys.exit(f"{sys.executable} is {sys.implementation.name}: what counts is CPython's asyncio")
    options = argparse.ArgumentParser(description="Random programs with what asyncio did, as JSON lines.")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=100)
    options = options.parse_args()
    warnings.simplefilter("ignore")  # coroutines that never began are part of some programs
    sys.unraisablehook = lambda unraisable: None
    for vector in vectors(options.seed, options.count):
        print(json.dumps(vector, separators=(",", ":")), flush=True)


if __name__ == "__main__":
    main()
