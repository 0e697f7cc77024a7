"""The parts of the benchmark that compare programs on one account."""

import json
import pathlib
import statistics
import sys
import tempfile

import contenders
import measure
from account import Account
from report import Part, Target
from server import LIMITS

LATENCY = 0.02
# The calls with which Logweir finds the account and its own stack.
START = ("GetCallerIdentity", "GetParameter")
# The formats of `logweir runbook`. The first one also counts the results.
FORMATS = ["json", "text", "markdown", "csv", "ocsf", "asff", "sarif", "html"]


def limits(options, programs):
    """Runs every program once against AWS's throttle limits."""
    account = Account(options.families, options.services)
    rows, targets = [], []
    with tempfile.TemporaryDirectory() as folder, measure.server(**size(options), latency=LATENCY, limited=True) as url:
        for number, (name, program) in enumerate(programs.items()):
            place = pathlib.Path(folder) / str(number)
            sample = measure.run(program.command(place), url, place)
            least = least_seconds(sample)
            shares, lost, _ = judged(account, program, place, sample)
            right = ["", "", ""] if "running" in name else [lost, *map(share, shares)]
            rows.append([name, ended(sample), f"{sample.elapsed:.1f}", f"{least:.1f}", sample.calls, sample.throttled, *right])
            if name == "Logweir":
                over = sample.elapsed / least - 1
                targets.append(Target("Logweir: time above the least for its calls", "≤ 5 %", f"{over:.1%}", over <= 0.05))
                targets.append(Target("Logweir: revisions without a verdict", "0", str(lost), lost == 0))
    head = ["with AWS's limits", "end", "elapsed, s", "the least for its calls, s", "answered calls", "throttled calls",
            "revisions without verdict", "right, explicit", "right, effective"]
    return Part(head, rows, targets)


def speed(options, programs, latency=LATENCY):
    """Runs every program in turns without limits."""
    account = Account(options.families, options.services)
    samples, answers = {name: [] for name in programs}, {}
    with tempfile.TemporaryDirectory() as folder, measure.server(**size(options), latency=latency) as url:
        for turn in range(options.runs):
            for number, (name, program) in enumerate(programs.items()):
                place = pathlib.Path(folder) / f"{turn}-{number}"
                sample = measure.run(program.command(place), url, place)
                samples[name].append(sample)
                answers[name] = judged(account, program, place, sample)
                if sample.status not in (0, 1) and name.startswith("Logweir"):
                    sys.exit(f"error: {name} ended with {sample.status}: {sample.error[-2000:]}")
    middle = {name: median(runs) for name, runs in samples.items()}
    rows = []
    for name, (elapsed, processor, memory, first) in middle.items():
        shares, lost, stale = answers[name]
        right = ["", ""] if "running" in name else [share(shares[0]), share(shares[1])]
        rows.append([name, f"{elapsed:.2f}", f"{first:.2f}", f"{processor:.2f}", f"{memory:.0f}", samples[name][-1].calls, *right, stale])
    head = ["without limits", "elapsed, s", "first output, s", "processor time, s", "peak memory, MB", "calls", "right, explicit",
            "right, effective", "faults in revisions that nothing runs"]
    return Part(head, rows, [*speed_targets(middle, answers), reported(samples["Logweir"][-1])])


def reported(sample):
    """Compares the calls that Logweir reports with those that the server counted, except for the start of the program."""
    [account] = json.loads(sample.output)["accounts"]
    made = {operation: count["made"] for operation, count in account["coverage"]["calls"].items()}
    counted = {operation: number for operation, number in sample.server["calls"].items() if operation not in START}
    is_same = made == counted
    return Target("calls that Logweir reports", "as counted", "equal" if is_same else f"{made} and not {counted}", is_same, is_exact=True)


def speed_targets(middle, answers):
    rows, script, logweir = [], middle.get("boto3, 16 threads"), middle["Logweir"]
    for index, what in enumerate(("elapsed time", "processor time", "peak memory")):
        ratio = logweir[index] / script[index]
        rows.append(Target(f"{what} of Logweir, in relation to boto3 with 16 threads", "≤ 0.5", f"{ratio:.2f}", ratio <= 0.5))
    if running := middle.get("Logweir, `--scope running`"):
        ratio = running[0] / script[0]
        rows.append(Target("elapsed time of `--scope running`, in relation to boto3 with 16 threads", "< 0.25", f"{ratio:.2f}", ratio < 0.25))
    measured = " and ".join(map(share, answers["Logweir"][0]))
    what = "right verdicts of Logweir, by the explicit and the effective mode"
    return [*rows, Target(what, "1.0 and 1.0", measured, answers["Logweir"][0] == [1, 1], is_exact=True)]


def cache(options, revisions=(1, 50), latency=LATENCY):
    """Audits the account twice, with the cache of the first audit, for each number of ACTIVE revisions."""
    rows, targets = [], []
    for count in revisions:
        with tempfile.TemporaryDirectory() as folder, measure.server(**size(options), revisions=count, latency=latency) as url:
            place, program = pathlib.Path(folder) / "home", contenders.Logweir(options.binary, *contenders.UNLIMITED)
            first, second = (measure.run(program.command(place), url, place) for _ in range(2))
        of_count = f"with {count} ACTIVE revision{'s' * (count > 1)} for each family"
        for turn, sample in (("first", first), ("second", second)):
            rows.append([f"{turn}, {of_count}", f"{sample.elapsed:.2f}", f"{sample.processor:.2f}", sample.calls, by_operation(sample)])
        described, part = second.server["calls"].get("DescribeTaskDefinition", 0), second.calls / first.calls
        targets.append(Target(f"revisions that the second audit describes, {of_count}", "0", str(described), described == 0, is_exact=True))
        if count == 1:
            targets.append(Target(f"calls of the second audit, {of_count}", "< 6 %", f"{part:.1%}", part < 0.06))
        same = findings(first) == findings(second)
        targets.append(Target(f"findings of both audits, {of_count}", "equal", "equal" if same else "different", same, is_exact=True))
    return Part(["audit", "elapsed, s", "processor time, s", "calls", "calls by operation"], rows, targets)


def by_operation(sample):
    calls = sorted(sample.server["calls"].items(), key=lambda pair: -pair[1])
    return ", ".join(f"{number} {operation}" for operation, number in calls)


def findings(sample):
    """Returns the findings of an audit by revision, without what a second run may change."""
    return {revision["arn"]: revision["findings"] for revision in contenders.Logweir.revisions(sample.output)}


def runbook(options):
    """Checks the runbook over 200 families and 50 services, and over ten and 25 times as many families for the memory."""
    rows, few, memory, others = [], None, {}, {}
    for families, services, formats in ((200, 50, ["json"]), (2000, 500, FORMATS), (5000, 500, ["json"])):
        latency = LATENCY if families == 200 else 0
        with tempfile.TemporaryDirectory() as folder, measure.server(families=families, services=services, latency=latency) as url:
            for format in formats:
                runs = options.runs if families == 200 else 1
                samples = [measure.run([options.binary, "runbook", "--format", format], url, folder) for _ in range(runs)]
                sample = samples[-1]
                if sample.status not in (0, 1):
                    sys.exit(f"error: `logweir runbook` ended with {sample.status}: {sample.error[-2000:]}")
                middle = median(samples)
                few = few or middle
                if format == "json":
                    memory[families] = middle[2]
                    results = sum(len(requirement["results"]) for requirement in json.loads(sample.output)["requirements"])
                else:
                    others[format] = middle[2]
                figures = [f"{middle[0]:.2f}", f"{middle[1]:.2f}", f"{middle[2]:.1f}", results, f"{len(sample.output) / 1e6:.1f}", sample.calls]
                rows.append([f"{families} families, {services} services, {format}", *figures])
    head = ["`logweir runbook`", "elapsed, s", "processor time, s", "peak memory, MB", "results", "output, MB", "calls"]
    most = max(others, key=others.get)
    targets = [
        Target("elapsed time for 200 families and 50 services, with a latency of 20 ms, s", "< 5", f"{few[0]:.2f}", few[0] < 5),
        growth("2000 families", memory[2000] - memory[200], 10),
        growth("5000 families", memory[5000] - memory[200], 20),
        growth(f"2000 families, in the largest other format ({most})", others[most] - memory[200], 10),
    ]
    return Part(head, rows, targets)


def growth(what, measured, most, few=200, is_exact=False):
    """Returns the target for the memory that a run needs more than the run over a few families."""
    return Target(f"peak memory above that of {few} families: {what}, MB", f"< {most}", f"{measured:.1f}", measured < most, is_exact)


def runbook_growth(options):
    """Checks with little data that the memory of the runbook hardly grows. It holds no result, so every machine meets the target."""
    memory = []
    for families, services in ((60, 10), (600, 100)):
        with tempfile.TemporaryDirectory() as folder, measure.server(families=families, services=services) as url:
            memory.append(measure.run([options.binary, "runbook", "--format", "json"], url, folder).memory)
    return Part([], [], [growth("600 families", memory[1] - memory[0], 15, few=60, is_exact=True)])


def size(options):
    return {"families": options.families, "services": options.services}


def median(samples):
    return [statistics.median(column) for column in zip(*((each.elapsed, each.processor, each.memory, each.first) for each in samples))]


def least_seconds(sample):
    """Returns the time in which AWS's limits allow the answered calls: the slowest of the limits."""
    return max(
        max(0, sum(sample.server["calls"].get(operation, 0) for operation in operations) - burst) / refill
        for burst, refill, operations in LIMITS.values()
    )


def judged(account, program, place, sample):
    try:
        verdicts = program.verdicts(place, sample.output)
    except (ValueError, KeyError, OSError):  # the program ended before it wrote a whole report
        verdicts = {}
    return contenders.accuracy(account, verdicts)


def ended(sample):
    if sample.status in (0, 1):
        return "complete" if not sample.error.count("Traceback") else "error"
    return f"exit code {sample.status}"


def share(part):
    return f"{part:.3f}"
