"""Measures `logweir audit` on an account of a loopback ECS, beside a boto3 script, Cloud Custodian and Prowler.

    python3 benches/audit [--families 1000] [--services 100] [--runs 3] [--only limits,speed] [--write]
    python3 benches/audit --smoke BINARY

The parts, which --only selects:

    limits      every program against an ECS with a latency of 20 ms and AWS's throttle limits
    speed       every program without limits: time, processor time, memory, calls, and right verdicts
    cache       a second audit, also with 50 ACTIVE revisions for each family
    large       100,000 families: memory, the first line, and an audit that is killed and resumed
    cases       the verdict of every program case by case
    runbook     `logweir runbook` over 200, 2,000 and 5,000 families: time and memory, and the memory of each format
    controls    the controls of Security Hub on an account of moto, judged by Prowler and `logweir runbook`

The account (account.py) is generated, and so is the truth about it. A program that is not installed is left out, with a message.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources

import cases  # noqa: E402 (after the line above)
import contenders  # noqa: E402
import controls  # noqa: E402
import large  # noqa: E402
import parts  # noqa: E402
import report  # noqa: E402

PARTS = ["limits", "speed", "cache", "large", "cases", "runbook", "controls"]
RELEASE = contenders.ROOT / "target/release/logweir"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--families", type=int, default=1000)
    arguments.add_argument("--services", type=int, default=100)
    arguments.add_argument("--large", type=int, default=100_000, help="the families of the part large (default: 100,000)")
    arguments.add_argument("--runs", type=int, default=3, help="run each command of the part speed this often (default: 3)")
    arguments.add_argument("--only", default=",".join(PARTS), help="the parts, separated by commas")
    arguments.add_argument("--binary", type=pathlib.Path, default=RELEASE, metavar="FILE")
    arguments.add_argument("--write", action="store_true", help="write the tables into the pages in docs that have marks for them")
    arguments.add_argument("--smoke", type=pathlib.Path, metavar="BINARY", help="only check that the benchmark runs with this binary")
    options = arguments.parse_args()
    options.binary = (options.smoke or options.binary).resolve()
    if not options.binary.exists():
        sys.exit(f"error: {options.binary} does not exist; run make bench-audit")
    if options.smoke:
        return smoke(options)
    measured = {
        "limits": lambda: parts.limits(options, installed(options)),
        "speed": lambda: parts.speed(options, installed(options, *contenders.UNLIMITED)),
        "cache": lambda: parts.cache(options),
        "large": lambda: large.measured(options),
        "cases": lambda: cases.judged(options.binary),
        "runbook": lambda: parts.runbook(options),
        "controls": lambda: controls.judged(options.binary),
    }
    for name in options.only.split(","):
        result = measured[name]()
        print(f"\n### {name}\n\n{result}", flush=True)
        if options.write:
            report.renew(name, f"{result}\n\n{report.machine()}")
    print(f"\n{report.machine()}")


def installed(options, *more):
    """Returns the programs by their names, with more options for Logweir. Leaves out programs that are not installed."""
    programs = {
        "Logweir": contenders.Logweir(options.binary, *more),
        "Logweir, `--scope running`": contenders.Logweir(options.binary, "--scope", "running", *more),
        "boto3, 1 thread": contenders.Script(1),
        "boto3, 16 threads": contenders.Script(16),
        "Cloud Custodian": contenders.Custodian(),
        "Prowler": contenders.Prowler(),
    }
    for name, program in list(programs.items()):
        needed = getattr(program, "program", options.binary)
        if not needed.exists():
            print(f"{name} is not in {needed.parent}; make bench-audit installs it", file=sys.stderr)
            del programs[name]
    return programs


def smoke(options):
    """Checks with little data that the benchmark runs, that the verdicts of Logweir are right, and that its memory stays flat."""
    options.families, options.services, options.runs = 60, 10, 1
    programs = {name: program for name, program in installed(options, *contenders.UNLIMITED).items() if name in ("Logweir", "boto3, 16 threads")}
    results = [parts.speed(options, programs, latency=0), parts.cache(options, revisions=[1], latency=0), parts.runbook_growth(options)]
    missed = [target for result in results for target in result.targets if target.is_exact and not target.is_met]
    if missed:
        sys.exit("error: " + "; ".join(f"{target.figure}: {target.measured} and not {target.aim}" for target in missed))
    print(f"{len(programs)} programs judged {options.families} families")


if __name__ == "__main__":
    main()
