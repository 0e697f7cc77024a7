"""The figures, as JSON, as tables, and in the page."""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

BEGIN, END = "<!-- figures: python3 benches/process --write docs/performance.md -->", "<!-- end of the figures -->"
ROWS = {
    "first_poll_ms": "process start to first poll, ms",
    "first_invocation_ms": "first invocation, ms",
    "first_answer_ms": "process start to first answer, ms",
    "last_invocation_ms": "hundredth invocation, ms",
    "cpu_ms": "CPU time of the start and of all hundred invocations, ms",
    "memory_mib": "peak memory, MiB",
}
BENCHMARKS = ["parse", "plan", "plan + patch", "parse + plan + patch"]


def result(root, python, samples, binary_bytes, calls):
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(python),
        "runs": len(samples["logweir"]),
        "plan_us": {name: criterion(root, name) for name in BENCHMARKS},
        "process": {contender: summary(each) for contender, each in samples.items()},
        "binary_bytes": binary_bytes,
        "calls": calls,
        "samples": samples,
    }


def criterion(root, name):
    """Returns the median of the last `cargo bench --bench plan`, in microseconds."""
    path = root / "target/criterion" / name / "new/estimates.json"
    if not path.exists():
        sys.exit("error: the plan benchmark has no figures; run cargo bench --locked --bench plan")
    return json.loads(path.read_text())["median"]["point_estimate"] / 1e3


def summary(samples):
    return {
        metric: {"median": statistics.median(values), "p95": statistics.quantiles(values, n=20)[-1], "min": min(values)}
        for metric in ROWS
        for values in [[sample[metric] for sample in samples]]
    }


def machine(python):
    cpu = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    versions = "import platform, boto3, ssl; print(platform.python_version(), boto3.__version__, ssl.OPENSSL_VERSION.split()[1])"
    python_version, boto3_version, openssl_version = output(python, "-c", versions).split()
    return {
        "CPU": f"{cpu.partition(':')[2].strip()}, {len(os.sched_getaffinity(0))} cores",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Rust": output("rustc", "--version").split()[1],
        "Python": python_version,
        "boto3": boto3_version,
        "its OpenSSL": openssl_version,
    }


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def markdown(result):
    logweir, python = result["process"]["logweir"], result["process"]["python"]
    lines = ["| | Logweir | Python + boto3 | ratio |", "|---|---:|---:|---:|"]
    for metric, title in ROWS.items():
        ratio = python[metric]["median"] / logweir[metric]["median"]
        lines.append(f"| {title} | {spread(logweir[metric])} | {spread(python[metric])} | {ratio:.1f} |")
    lines += ["", f"Each figure for a function is the median (minimum, 95th percentile) of {result['runs']} process starts."]
    lines += ["", "| 64 KiB, ten containers, each with faults | µs |", "|---|---:|"]
    lines += [f"| {name} | {time:.0f} |" for name, time in result["plan_us"].items()]
    lines += ["", "| target | measured | |", "|---|---:|---|"]
    lines += [f"| {aim} | {measured} | {'met' if met else '**not met**'} |" for aim, measured, met in aims(result)]
    lines += ["", f"{result['date']}: " + "; ".join(f"{name} {value}" for name, value in result["machine"].items()) + "."]
    return "\n".join(lines)


def spread(figures):
    def short(value):
        return f"{value:.1f}" if value < 100 else f"{value:.0f}"

    return f"{short(figures['median'])} ({short(figures['min'])}, {short(figures['p95'])})"


def aims(result):
    """Returns each target with the measured value, and whether the target is met."""

    def ratio(metric):
        python, logweir = (result["process"][contender][metric]["median"] for contender in ("python", "logweir"))
        return python / logweir

    def times(aim, metric, least):
        return aim, f"{ratio(metric):.1f} ×", ratio(metric) >= least

    plan, size, calls = result["plan_us"]["plan + patch"], result["binary_bytes"], result["calls"]
    return [
        ("plan and patch under 1 ms", f"{plan / 1e3:.2f} ms", plan < 1000),
        times("50 times faster to the first poll", "first_poll_ms", 50),
        times("30 times faster to the first answer", "first_answer_ms", 30),
        times("a sixth of the memory", "memory_mib", 6),
        ("binary under 8 MB", f"{size / 1e6:.2f} MB", size < 8_000_000),
        ("a compliant revision costs two calls", f"{sum(calls.values())}: {', '.join(calls)}", sum(calls.values()) == 2),
    ]


def renew(page, result):
    """Writes the figures between the page's two marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        sys.exit(f"error: {page} lacks the marks for the figures: {BEGIN} and {END}")
    page.write_text(f"{before}{begin}\n\n{markdown(result)}\n\n{end}{after}")
