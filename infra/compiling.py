"""Runs cargo and prints its progress every 15 seconds, instead of a line for each crate. If VERBOSE is set, prints cargo's
own output instead of the progress.

    compiling.py cargo build …
"""

import os
import re
import subprocess
import sys
import time

EVERY = 15  # seconds


def main(command):
    if os.environ.get("VERBOSE"):
        return subprocess.call(command)
    counts, said = {"Downloaded": 0, "Compiling": 0}, time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as cargo:
        for line in cargo.stderr:
            status = re.match(r" *(?:(Downloaded|Compiling)|Updating|Locking|Downloading|Finished) ", line)
            if not status:
                print(line, end="", file=sys.stderr, flush=True)  # cargo's warnings, errors and messages about waiting
            elif status[1]:
                counts[status[1]] += 1
                if time.monotonic() - said > EVERY:
                    said = time.monotonic()
                    print(f"  {status[1].lower()} crate {counts[status[1]]}: {line.split()[1]}", flush=True)
    return cargo.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
