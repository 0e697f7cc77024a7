"""Measures `logweir activity` over trail files, beside zcat, a Python program, jq and DuckDB.

    python3 benches/activity [--runs 3] [--files 300] [--records 300000] [--binary target/release/logweir]
    python3 benches/activity --smoke BINARY

The question is: how many calls to ECS came from each address? Every program must give the same answer. zcat only decompresses
the files. A second measurement asks for the whole report on the calls to all services, and a third one for both with a
hundred times as many files of the same records. The figures are the elapsed time, the processor time and the peak memory of the
whole process. The files are generated (corpus.py). A program that is not installed is left out, with a message.
"""

import argparse
import collections
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources

import corpus  # noqa: E402 (after the line above)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DUCKDB = ROOT / "target/venv-formats/bin/python"

PYTHON = """
import collections, gzip, json, pathlib, sys
counts = collections.Counter()
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.json.gz")):
    for record in json.loads(gzip.open(path).read())["Records"]:
        if record["eventSource"] == "ecs.amazonaws.com":
            counts[record["sourceIPAddress"]] += 1
for address, count in counts.items():
    print(count, address)
"""

JQ = """find "$1" -name '*.json.gz' -print0 | sort -z | xargs -0 zcat |
jq -r '.Records[] | select(.eventSource == "ecs.amazonaws.com") | .sourceIPAddress' | sort | uniq -c"""

ZCAT = """find "$1" -name '*.json.gz' -print0 | xargs -0 zcat > /dev/null"""

SQL = """
import duckdb, sys
duckdb.sql("SET enable_progress_bar = false")
rows = duckdb.sql(f'''
    SELECT count(*), record.sourceIPAddress FROM (
        SELECT unnest(Records) AS record FROM read_json('{sys.argv[1]}/**/*.json.gz', maximum_object_size = 1073741824,
            columns = {{Records: 'STRUCT(eventSource VARCHAR, sourceIPAddress VARCHAR)[]'}}))
    WHERE record.eventSource = 'ecs.amazonaws.com' GROUP BY ALL''').fetchall()
for count, address in rows:
    print(count, address)
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3, help="run each command this often (default: 3)")
    arguments.add_argument("--files", type=int, default=300)
    arguments.add_argument("--records", type=int, default=300_000)
    arguments.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/logweir", metavar="FILE")
    arguments.add_argument("--smoke", type=pathlib.Path, metavar="BINARY", help="only check that the benchmark runs with this binary")
    options = arguments.parse_args()
    if options.smoke:
        options.binary, options.runs, options.files, options.records = options.smoke.resolve(), 1, 3, 600
    if not options.binary.exists():
        sys.exit(f"error: {options.binary} does not exist; run make bench-activity")
    with tempfile.TemporaryDirectory() as folder:
        few, many = pathlib.Path(folder) / "few", pathlib.Path(folder) / "many"
        corpus.write(few, options.files, options.records)
        corpus.write(many, options.files * 100, options.records)
        commands = {
            "`logweir activity`": ([options.binary, "activity", few, "--format", "json", "--top", "0"], logweir),
            "`zcat`, no answer": (["bash", "-c", ZCAT, "zcat", few], None),
            "Python, `json` and `gzip`": ([sys.executable, "-c", PYTHON, few], counted),
        }
        if shutil.which("jq"):
            commands["`jq`"] = (["bash", "-c", JQ, "jq", few], counted)
        else:
            print("jq is not installed; apt-get install jq", file=sys.stderr)
        if DUCKDB.exists() and not options.smoke:
            commands["DuckDB"] = ([DUCKDB, "-c", SQL, few], counted)
        elif not options.smoke:
            print(f"DuckDB is not in {DUCKDB.parent}; make bench-activity installs it", file=sys.stderr)
        every = [options.binary, "activity", "--source", "all", "--format", "json", "--top", "0"]
        commands |= {
            "`logweir activity --source all`": ([*every, few], None),
            f"`logweir activity`, {options.files * 100} files": ([options.binary, "activity", many, "--format", "json", "--top", "0"], logweir),
            f"`logweir activity --source all`, {options.files * 100} files": ([*every, many], None),
        }
        samples = compared(commands, options)
    if options.smoke:
        return print(f"all {len(commands)} commands read {options.records} records")
    print(table(samples, options))


def compared(commands, options):
    """Runs the commands in turns, and compares their answers."""
    samples, expected = {name: [] for name in commands}, None
    for _ in range(options.runs):
        for name, (command, read) in commands.items():
            sample, output = measured(command)
            samples[name].append(sample)
            if read:
                answer = read(output)
                expected = expected or answer
                if answer != expected or not answer:
                    sys.exit(f"error: {name} has another answer: {answer} and not {expected}")
    return samples


def logweir(output):
    report = json.loads(output)
    records = report["records"]
    if records["read"] != records["kept"] + records["filtered"]:
        sys.exit(f"error: {records}")
    return {row["address"]: row["count"] for row in report["addresses"]}


def counted(output):
    counts = collections.Counter()
    for line in output.decode().splitlines():
        count, address = line.split(maxsplit=1)
        counts[address] += int(count)
    return dict(counts)


def measured(command):
    """Returns the elapsed and the processor time of the command in seconds, its peak memory in MiB, and its output."""
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.monotonic() - start
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"error: {command[0]} ended with {os.waitstatus_to_exitcode(status)}: {error.decode(errors='replace')}")
        process.returncode = 0
        out.seek(0)
        return (elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), out.read()


def table(samples, options):
    lines = [
        f"| command, {options.files} files and {options.records} records | elapsed, s | processor time, s | records for each second of a core "
        "| processor time, in relation to Logweir | peak memory, MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    middle = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in samples.items()}
    first = next(iter(middle.values()))[1]
    for name, (elapsed, processor, memory) in middle.items():
        of_same = "" if "all" in name or "files" in name else f"{processor / first:.1f}"
        lines.append(f"| {name} | {elapsed:.2f} | {processor:.2f} | {options.records / processor:,.0f} | {of_same} | {memory:.0f} |")
    cpu = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    machine = f"CPU {cpu.partition(':')[2].strip()}, {len(os.sched_getaffinity(0))} cores; kernel {platform.release()}"
    lines += ["", *targets(middle, options)]
    return "\n".join([*lines, "", f"Median of {options.runs} runs. {machine}; Python {platform.python_version()}."])


def targets(middle, options):
    """Compares the processor times and the memory with the targets."""
    question = next(iter(middle))
    whole = next(name for name in middle if "all" in name)
    rows = [
        (f"{name}: records for each second of a core", least, options.records / middle[name][1], "{:,.0f}")
        for name, least in ((question, 100_000), (whole, 60_000))
    ]
    for peer, least in (("zcat", 1 / 1.3), ("Python", 3), ("jq", 8), ("DuckDB", 15)):
        for name in (name for name in middle if peer in name):
            rows.append((f"{name}: processor time, in relation to Logweir", least, middle[name][1] / middle[question][1], "{:,.2f}"))
    lines = ["| figure | target | measured | |", "|---|---:|---:|---|"]
    for what, least, measured, form in rows:
        lines.append(f"| {what} | ≥ {form.format(least)} | {form.format(measured)} | {met(measured >= least)} |")
    memory = max(most for name, (*_, most) in middle.items() if "logweir" in name) * 1024**2 / 10**6
    return [*lines, f"| the most memory of all runs of `logweir`, MB | < 64 | {memory:.0f} | {met(memory < 64)} |"]


def met(is_met):
    return "met" if is_met else "**not met**"


if __name__ == "__main__":
    main()
