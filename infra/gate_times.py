"""Measures the duration of the gate with empty caches (`make gate-times`), and prints a table with the times.

    gate_times.py [--runs 3] [--timings FOLDER] [COMMAND …]

Each run uses a fresh copy of the files that git would commit now, with empty caches of cargo, pip, uv and npm. So each time
includes the downloads. Without a COMMAND, the program measures `.ci/run` and `make demo`. FOLDER (default:
target/gate-times) receives the reports of `cargo --timings`, which show how long each crate took to compile. Run no other
program on the machine during the measurement.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMANDS = [".ci/run", "make demo"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--timings", type=pathlib.Path, metavar="FOLDER", default=ROOT / "target/gate-times")
    arguments.add_argument("commands", nargs="*", default=COMMANDS, metavar="COMMAND")
    options = arguments.parse_args()
    rows = []
    for command in options.commands:
        name = re.sub(r"\W+", "-", command).strip("-")
        rows.append((command, [timed(command, options.timings / f"{name}-{n + 1}") for n in range(options.runs)]))
    print(table(rows))


def timed(command, timings):
    """Runs the command with empty caches. Returns the elapsed seconds and the processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        copy, caches = pathlib.Path(folder) / "logweir", pathlib.Path(folder) / "caches"
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
        if (shared := ROOT.parent / "shared").exists():  # tests read the collected task definitions in this folder
            (copy.parent / "shared").symlink_to(shared)
        env = {name: value for name, value in os.environ.items() if name not in ("CARGO_TARGET_DIR", "MAKEFLAGS", "MAKELEVEL")}
        env |= {
            "CARGO_HOME": str(caches / "cargo"),
            "PIP_CACHE_DIR": str(caches / "pip"),
            "UV_CACHE_DIR": str(caches / "uv"),
            "npm_config_cache": str(caches / "npm"),
            "TIMINGS": "--timings",
        }
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        ended = subprocess.run(command.split(), cwd=copy, env=env, stdout=sys.stderr)
        seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if ended.returncode:
            sys.exit(f"error: {command} failed with exit code {ended.returncode}")
        if (reports := copy / "target/cargo-timings").exists():
            shutil.copytree(reports, timings, dirs_exist_ok=True)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(rows):
    lines = ["| command | each run | median | processor time |", "|---|---|---:|---:|"]
    for command, runs in rows:
        each = ", ".join(minutes(passed) for passed, _ in runs)
        medians = (minutes(statistics.median(values)) for values in zip(*runs))
        lines.append(f"| `{command}` | {each} | {' | '.join(medians)} |")
    cpu = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    rust = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    machine = f"CPU {cpu.partition(':')[2].strip()}, {len(os.sched_getaffinity(0))} cores; kernel {platform.release()}; Rust {rust}"
    return "\n".join([*lines, "", f"{datetime.date.today()}: {machine}."])


def minutes(seconds):
    return "{} min {:02} s".format(*divmod(round(seconds), 60))


if __name__ == "__main__":
    main()
