"""Starts the account's server, and measures a command against it."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


@contextlib.contextmanager
def server(**settings):
    """Serves an account in a process of its own, and yields the server's URL."""
    process = subprocess.Popen([sys.executable, HERE / "server.py", json.dumps(settings)], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def calls(url):
    """Returns what the server counted since the last call of this function, and fills its buckets."""
    with urllib.request.urlopen(f"{url}/calls") as reply:
        return json.load(reply)


@dataclasses.dataclass
class Sample:
    """One run of a command: seconds, MB (10^6 bytes), and the calls that the server counted."""

    elapsed: float
    processor: float
    memory: float
    first: float  # when the first byte of the output or of a note came
    status: int
    output: bytes
    error: str
    server: dict

    @property
    def calls(self):
        return sum(self.server["calls"].values())

    @property
    def throttled(self):
        return sum(self.server["throttled"].values())


def environment(url, folder):
    """Returns the environment of a command: no credentials but invented ones, no other endpoint, and its own home folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOGWEIR_", "XDG_"))}
    return kept | {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "invented", "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "HOME": str(folder), "NO_COLOR": "1",
    }


def start(command, url, folder, **more):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(url, folder), cwd=folder, **more)


# Linux counts the memory of the process that starts a program as memory of the program. So a small process starts it.
STARTER = """
import os, sys
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
os.write(int(sys.argv[1]), f"{os.waitstatus_to_exitcode(status)} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}".encode())
"""


def run(command, url, folder):
    """Runs the command to its end, and returns the sample."""
    calls(url)
    reader, writer = os.pipe()
    begin = time.monotonic()
    process = start([sys.executable, "-I", "-S", "-c", STARTER, writer, *command], url, folder, pass_fds=[writer])
    os.close(writer)
    read = {}

    def drain(stream, name):
        parts = []
        while part := stream.read1(65536):
            read.setdefault("first " + name, time.monotonic())
            parts.append(part)
        read[name] = b"".join(parts)

    threads = [threading.Thread(target=drain, args=arguments) for arguments in ((process.stdout, "output"), (process.stderr, "error"))]
    for thread in threads:
        thread.start()
    process.wait()
    end = time.monotonic()
    elapsed = end - begin
    for thread in threads:
        thread.join()
    with os.fdopen(reader) as figures:
        status, processor, memory = figures.read().split()
    return Sample(
        elapsed, float(processor), int(memory) * 1024 / 1e6, min(read.get("first output", end), read.get("first error", end)) - begin, int(status),
        read["output"], read["error"].decode(errors="replace"), calls(url),
    )
