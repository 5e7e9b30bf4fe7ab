"""The Python side of tools/bench isolation: multiprocessing's processes, each with a pipe. One measurement per call, one line of JSON
on standard output.

    python3 isolation.py fork ask_process_32 5000 32

"fork" or "spawn" is multiprocessing's start method. The names and sizes are those of bench_isolation.cpp; what each one does is
described in ../README.md. Nothing supervises a Process: whoever started it hears of its end and starts another, as here.
"""

import json
import multiprocessing
import os
import signal
import statistics
import sys
import time


def serve(pipe):
    while True:
        what = pipe.recv_bytes()
        if what == b"stop":
            return
        if what == b"fail":
            sys.stderr = open(os.devnull, "w")  # nobody reads the traceback
            raise RuntimeError("on demand")
        if what == b"kill":
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send_bytes(what)


class Child:
    def __init__(self, context):
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,))
        self.process.start()
        theirs.close()

    def call(self, what):
        self.pipe.send_bytes(what)
        return self.pipe.recv_bytes()

    def tell(self, what):
        self.pipe.send_bytes(what)

    def join(self):
        self.process.join()
        self.process.close()
        self.pipe.close()


def ask(context, rounds, size):
    child, question = Child(context), b"x" * size
    child.call(question)
    began = time.perf_counter()
    for _ in range(rounds):
        child.call(question)
    seconds = (time.perf_counter() - began) / rounds
    child.tell(b"stop")
    child.join()
    return seconds


def restart(context, how, times):
    seconds, child = [], Child(context)
    for _ in range(times):
        child.call(b"are you there?")
        time.sleep(0.02)
        began = time.perf_counter()
        child.tell(how)
        child.join()
        child = Child(context)
        child.call(b"are you there?")
        seconds.append(time.perf_counter() - began)
    child.tell(b"stop")
    child.join()
    return statistics.median(seconds)


def spawn(context, times):
    """Until it answers: start() returns before the process runs any Python."""
    seconds, children = [], []
    for _ in range(times + 1):
        began = time.perf_counter()
        children.append(Child(context))
        children[-1].call(b"are you there?")
        seconds.append(time.perf_counter() - began)
        time.sleep(0.03)
    for child in children:
        child.tell(b"stop")
    for child in children:
        child.join()
    return statistics.median(seconds[1:])


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def proportional_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024


def many(context, count):
    files, began = descriptors(), time.perf_counter()
    children = [Child(context) for _ in range(count)]
    for child in children:
        child.tell(b"are you there?")
    for child in children:
        child.pipe.recv_bytes()
    started = time.perf_counter() - began
    memory = sum(proportional_bytes(child.process.pid) for child in children)
    files = descriptors() - files
    began = time.perf_counter()
    for child in children:
        child.tell(b"stop")
    for child in children:
        child.join()
    return {
        "many_start": started,
        "many_memory": memory / count,
        "many_descriptors": files / count,
        "many_stop": time.perf_counter() - began,
    }


def main(method, name, *sizes):
    context, sizes = multiprocessing.get_context(method), [int(each) for each in sizes]
    if name == "many":
        values = many(context, sizes[0])
    elif name.startswith("ask"):
        values = {name: ask(context, *sizes)}
    elif name.startswith("restart"):
        values = {name: restart(context, b"kill" if name.endswith("killed") else b"fail", *sizes)}
    else:
        values = {name: spawn(context, *sizes)}
    print(json.dumps(values))


if __name__ == "__main__":
    main(*sys.argv[1:])
