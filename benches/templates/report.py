"""The figures of the templates, as JSON, as a table, and in the page."""

import datetime
import os
import pathlib
import platform
import statistics
import sys

BEGIN = "<!-- figures: python3 benches/templates target/release/logweir --write docs/performance.md -->"
END = "<!-- end of the figures of templates -->"
AIM = 500


def result(taken, counts, size, versions):
    cpu = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "CPU": f"{cpu.partition(':')[2].strip()}, {len(os.sched_getaffinity(0))} cores",
            "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        } | versions,
        "rounds": len(taken["logweir"]),
        "bytes": size,
        "counts": counts,
        "cpu_seconds": {name: summary([sample["cpu"] for sample in each]) for name, each in taken.items()},
        "samples": taken,
    }


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def markdown(result):
    own = result["cpu_seconds"]["logweir"]["median"]
    lines = [f"| {result['bytes'] / 1e3:.1f} KB a template | templates in a run | CPU seconds a template | templates a CPU second | ratio |",
             "|---|---:|---:|---:|---:|"]
    for name, figures in result["cpu_seconds"].items():
        each = f"{short(figures['median'])} ({short(figures['min'])}, {short(figures['max'])})"
        lines.append(f"| {name} | {result['counts'][name]} | {each} | {1 / figures['median']:.1f} | {figures['median'] / own:.0f} |")
    lines += ["", f"Each figure is the median (minimum, maximum) of {result['rounds']} runs of each tool, in turns."]
    met = "met" if 1 / own >= AIM else "**not met**"
    lines += ["", "| target | measured | |", "|---|---:|---|",
              f"| {AIM} templates a second on one core | {1 / own:.0f} | {met} |"]
    return "\n".join([*lines, "", f"{result['date']}: " + "; ".join(f"{name} {each}" for name, each in result["machine"].items()) + "."])


def short(seconds):
    return f"{seconds:.2f}" if seconds >= 0.1 else f"{seconds:.5f}"


def renew(page, result):
    """Writes the figures between the page's two marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        sys.exit(f"error: {page} lacks the marks for the figures: {BEGIN} and {END}")
    page.write_text(f"{before}{begin}\n\n{markdown(result)}\n\n{end}{after}")
