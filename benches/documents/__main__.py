"""Measures `logweir check` over 3,000 task definitions of 8 KB, beside a Python program that only parses the same files.

    python3 benches/documents [--runs 5] [--count 3000] [--binary target/release/logweir]
    python3 benches/documents --smoke BINARY

The Python program reads each file with `json.load` and reports the containers without `mode`. It is what a user would write
instead, and it makes one of the checks of Logweir. The commands run in turns. The figures are the processor time and the
peak memory of the whole process. A run over a tenth of the files shows how the memory grows.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BYTES = 8 * 1024

PARSES = """
import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.json")):
    for container in json.loads(path.read_bytes())["containerDefinitions"]:
        options = container.get("logConfiguration", {}).get("options", {})
        if "mode" not in options:
            print(f"{path}: {container['name']} has no mode")
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=5, help="run each command this often (default: 5)")
    arguments.add_argument("--count", type=int, default=3000, help="the number of task definitions (default: 3000)")
    arguments.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/logweir", metavar="FILE")
    arguments.add_argument("--smoke", type=pathlib.Path, metavar="BINARY", help="only check that the benchmark runs with this binary")
    options = arguments.parse_args()
    if options.smoke:
        options.binary, options.runs, options.count = options.smoke.resolve(), 1, 20
    if not options.binary.exists():
        sys.exit(f"error: {options.binary} does not exist; run make bench")
    with tempfile.TemporaryDirectory() as folder:
        few, all_of_them = pathlib.Path(folder) / "few", pathlib.Path(folder) / "all"
        write(few, options.count // 10)
        write(all_of_them, options.count)
        commands = {
            "`logweir check`": [options.binary, "check"],
            "`logweir check --format json`": [options.binary, "check", "--format", "json"],
            "Python, parse only": [sys.executable, "-c", PARSES],
        }
        samples = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                samples[name].append((measured([*command, few]), measured([*command, all_of_them])))
    if options.smoke:
        return print(f"all {len(commands)} commands check {options.count} task definitions")
    print(table(samples, options))


def write(folder, count):
    """Writes task definitions of 8 KB. Two of three have a container that logs in blocking mode."""
    for number in range(count):
        path = folder / f"team-{number % 20}" / f"service-{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(definition(number), indent=2) + "\n")


def definition(number):
    options = {"awslogs-group": f"/ecs/service-{number}", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app"}
    right = options | {"mode": "non-blocking", "max-buffer-size": "25m"}
    document = {
        "family": f"service-{number}",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "executionRoleArn": "arn:aws:iam::111122223333:role/execution",
        "containerDefinitions": [
            container("app", right if number % 3 == 0 else options),
            container("sidecar", right),
        ],
    }
    environment, size = document["containerDefinitions"][0]["environment"], len(json.dumps(document, indent=2))
    while size < BYTES:
        one = {"name": f"SETTING_{len(environment):04}", "value": f"value-{number:05}-{len(environment):04}"}
        environment.append(one)
        size += len(json.dumps(one, indent=2)) + 50
    return document


def container(name, options):
    return {
        "name": name,
        "image": f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/{name}:1.4.2",
        "essential": name == "app",
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "environment": [],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }


def measured(command):
    """Returns the processor time of the command in seconds, and its peak memory in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: there are findings
        sys.exit(f"error: {command[0]} ended with {process.returncode}: {error.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def table(samples, options):
    lines = [
        f"| command | processor time for {options.count} files, s | peak memory, MiB | peak memory for a tenth of the files, MiB |",
        "|---|---:|---:|---:|",
    ]
    for name, runs in samples.items():
        seconds, most = [whole for _, (whole, _) in runs], statistics.median(memory for _, (_, memory) in runs)
        least = statistics.median(memory for (_, memory), _ in runs)
        spread = f"{statistics.median(seconds):.2f} ({min(seconds):.2f}, {max(seconds):.2f})"
        lines.append(f"| {name} | {spread} | {most:.1f} | {least:.1f} |")
    cpu = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    machine = f"CPU {cpu.partition(':')[2].strip()}, {len(os.sched_getaffinity(0))} cores; kernel {platform.release()}"
    return "\n".join([*lines, "", f"Median (minimum, maximum) of {options.runs} runs. {machine}; Python {platform.python_version()}."])


if __name__ == "__main__":
    main()
