"""The rules of docs/rules.md about a task definition, stated again in a few lines each.

A reader (`cloudformation.py`, `terraform.py`) gives a task definition as a `Definition`. Each of its values is a list of
alternatives: the value itself, the branches of `Fn::If`, or the default of a parameter.
"""

import dataclasses
import re
import typing

DRIVERS = {"json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"}
ACCEPTED = {"awslogs", "awsfirelens", "splunk"}
NEED_A_ROLE = {"FARGATE", "MANAGED_INSTANCES", "EXTERNAL"}
SMALLEST, LARGEST_SHARE, RETENTION_DAYS = 4 << 20, 0.25, 30
UNITS = {"": 0, "b": 0, "k": 1, "kb": 1, "kib": 1, "m": 2, "mb": 2, "mib": 2, "g": 3, "gb": 3, "gib": 3, "t": 4, "tb": 4, "tib": 4}
# What deploy tools and authors write in place of a value.
PLACEHOLDER = re.compile(
    r"[$#@%]\{|\$\(|\{\{|<[^<>]+>|\(\(|%\w+%|__[A-Za-z]\w*__|\$[A-Za-z_]|\[\w+\]|\{\w*\}|@\w+@|"
    r"(?i:\b(your|replace|changeme|placeholder|todo|fixme)|region\b|x{3,}\b)|^[A-Z0-9]+(_[A-Z0-9]+)+$"
)
GROUP = re.compile(r"(?!aws/)[\w./#-]{1,512}", re.ASCII)
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")


class Special:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


ABSENT, UNKNOWN, OWN_REGION = Special("absent"), Special("unknown"), Special("own Region")


@dataclasses.dataclass
class Definition:
    resource: str
    node: typing.Any
    # Returns the alternatives of a node: pairs of a value and "yes" or "by-default".
    alternatives: typing.Callable
    # Returns the name of a member in the spelling of the format.
    spelled: typing.Callable
    # Returns the log group resources to which a value of `awslogs-group` refers, and whether each reference is
    # beyond doubt.
    group: typing.Callable = lambda node: []
    # The alternatives of the retention of each log group resource.
    retentions: dict = dataclasses.field(default_factory=dict)
    # Whether a macro may change the template.
    is_partial: bool = False

    def member(self, node, name):
        """Returns the alternatives of a member of an object."""
        for spelling in {name, self.spelled(name)}:
            if spelling in node:
                return self.alternatives(node[spelling])
        return [(ABSENT, "yes")]


@dataclasses.dataclass
class Log:
    """One alternative of a container's log configuration."""

    driver: typing.Any
    options: typing.Any
    decided: str
    secret: set


def claims(definition, region, found):
    """Adds what has to be found in a task definition."""
    if definition.is_partial:
        found.unknown.add((None, None))
    lacks_role = without_role(definition)
    uses_awslogs = False
    for containers, _ in definition.member(definition.node, "containerDefinitions"):
        if not isinstance(containers, list):
            found.hide((definition.resource, None))
            continue
        for index, item in enumerate(containers):
            for container, decided in definition.alternatives(item):
                if container is ABSENT:
                    continue
                if not isinstance(container, dict):
                    found.hide((definition.resource, None))
                    continue
                uses_awslogs |= of_container(definition, index, container, decided, region, found)
    if lacks_role and uses_awslogs:
        found.findings[("missing-execution-role", definition.resource, None)] = lacks_role


def without_role(definition):
    """Returns how it is decided that the task needs an execution role and has none, or `None`."""
    needs = None
    for types, decided in definition.member(definition.node, "requiresCompatibilities"):
        for item in types if isinstance(types, list) else []:
            if any(value in NEED_A_ROLE for value, _ in definition.alternatives(item)):
                needs = decided
    roles = definition.member(definition.node, "executionRoleArn")
    missing = [decided for role, decided in roles if role is ABSENT or isinstance(role, str) and not role.strip()]
    return weaker(needs, missing[0]) if needs and missing else None


def weaker(*decided):
    return "by-default" if "by-default" in decided else "yes"


def of_container(definition, index, container, decided, region, found):
    """Adds what has to be found in a container. Returns whether the container uses awslogs, or is asked to."""
    names = [value for value, sure in definition.member(container, "name") if isinstance(value, str) and sure == "yes"]
    called = names[0] if len(names) == 1 else f"#{index}"
    uses = False

    def claim(rule, how, detail=None):
        key = (rule, definition.resource, called) if detail is None else (rule, definition.resource, called, detail)
        # A finding that does not depend on a default is certain.
        found.findings[key] = "yes" if "yes" in (found.findings.get(key), how) else how

    for log, how in definition.member(container, "logConfiguration"):
        how = weaker(decided, how)
        if log is UNKNOWN or isinstance(log, str) and PLACEHOLDER.search(log):
            found.hide((definition.resource, called))
            continue
        if log is ABSENT or log == {} or log is None:
            claim("missing-log-driver", how)
            uses = True
            continue
        if not isinstance(log, dict):
            claim("missing-log-driver", how)
            continue
        for driver, sure in definition.member(log, "logDriver"):
            if driver is UNKNOWN:
                found.hide((definition.resource, called))
                continue
            if not isinstance(driver, str) or not driver:
                claim("missing-log-driver", weaker(how, sure))
                continue
            uses |= driver == "awslogs"
            for options, also in definition.member(log, "options"):
                if options is UNKNOWN:
                    found.hide((definition.resource, called))
                    continue
                if options is ABSENT or options is None:
                    options = {}
                if not isinstance(options, dict):
                    if driver == "awslogs":
                        claim("unnamed-log-group", weaker(how, sure, also))
                    continue
                log_claims(definition, container, Log(driver, options, weaker(how, sure, also), secrets(definition, log)),
                           called, region, found, claim)
    return uses


def secrets(definition, log):
    """Returns the names of the options that the container reads from secrets."""
    names = set()
    for options, _ in definition.member(log, "secretOptions"):
        for item in options if isinstance(options, list) else []:
            for option, _ in definition.alternatives(item):
                if isinstance(option, dict):
                    names |= {name for name, _ in definition.member(option, "name") if isinstance(name, str)}
    return names


def log_claims(definition, container, log, called, region, found, claim):
    def option(name):
        if name in log.secret:
            return [(UNKNOWN, "yes")]
        alternatives = definition.alternatives(log.options[name]) if name in log.options else [(ABSENT, "yes")]
        return [(plain(value), weaker(log.decided, how)) for value, how in alternatives]

    place = (definition.resource, called)
    if log.driver == "awslogs":
        for name in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
            for value, how in option(name):
                is_invalid = name == "awslogs-group" and isinstance(value, str) and not GROUP.fullmatch(value)
                if value in (ABSENT, "") or isinstance(value, (dict, list)) or is_invalid:
                    claim("unnamed-log-group", how, name)
        for value, how in option("awslogs-region"):
            if isinstance(value, str) and REGION.fullmatch(value) and value != region:
                claim("foreign-region", how)
        of_group(definition, log, found)
    if log.driver == "awsfirelens" or log.driver not in DRIVERS:
        return
    for mode, how in option("mode"):
        if mode is UNKNOWN:
            found.hide(place)
        elif mode in (ABSENT, ""):
            if log.driver == "awslogs":
                claim("blocking-delivery", how)
        elif mode != "non-blocking":
            claim("blocking-delivery", how)
    share = largest(definition, container, found, place)
    for mode, sure in option("mode"):
        for size, how in option("max-buffer-size"):
            how = weaker(sure, how) if mode is not ABSENT else how
            fault = unsized(log.driver, mode, size, share)
            if fault is UNKNOWN:
                found.hide(place)
            elif fault:
                claim("unsized-buffer", how)
            elif fault is None:
                # The buffers of several containers may exceed the memory of the task together.
                found.optional.add(("unsized-buffer", *place))


def plain(value):
    """Returns the text that CloudFormation makes of a boolean or a number."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and PLACEHOLDER.search(value):
        return UNKNOWN
    return value


def unsized(driver, mode, size, share):
    """Returns whether a buffer size is a fault. `None`: this depends on the other containers of the task."""
    if mode is UNKNOWN:
        return False
    if size is UNKNOWN:
        return UNKNOWN if mode == "non-blocking" or driver == "awslogs" else False
    found = size_of(size) if size not in (ABSENT, "") else None
    is_malformed = size not in (ABSENT, "") and found is None
    if mode != "non-blocking" and driver != "awslogs" and not is_malformed:
        return False
    if size in (ABSENT, ""):
        return driver == "awslogs"
    if is_malformed or found < SMALLEST:
        return True
    if share is None:
        return False
    if found > max(share, SMALLEST):
        return True
    return None if found * 4 > share else False


def size_of(text):
    """Returns the bytes of a size in Docker's notation, or `None`."""
    parsed = re.fullmatch(r"([\d.]+) ?([a-z]*)", text.lower()) if isinstance(text, str) else None
    try:
        return int(float(parsed[1]) * 1024 ** UNITS[parsed[2]])
    except (TypeError, KeyError, ValueError):
        return None


def largest(definition, container, found, place):
    """Returns the largest buffer that the memory of the container, else of the task, allows, or `None` if not known."""
    known = []
    for node in (container, definition.node):
        for value, how in definition.member(node, "memory"):
            if value is UNKNOWN or how == "by-default" or isinstance(value, str) and PLACEHOLDER.search(value):
                found.unknown.add(place)
            elif (bytes_of := memory(value)) is not None:
                known.append(bytes_of)
    return min(known) * LARGEST_SHARE if known else None


def memory(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value * 1024**2 if value > 0 else None
    parsed = re.fullmatch(r"([\d.]+)\s*(gb|mb)?", value.strip().lower()) if isinstance(value, str) else None
    if not parsed:
        return None
    amount = float(parsed[1]) * (1024 if parsed[2] == "gb" else 1)
    return amount * 1024**2 if amount > 0 else None


def of_group(definition, log, found):
    """Adds what has to be found in the log group that a container uses."""
    if "awslogs-group" not in log.options:
        return
    for group, is_certain in definition.group(log.options["awslogs-group"]):
        claim = ("unbounded-retention", group, None)
        for days, how in definition.retentions.get(group, []):
            if days is UNKNOWN:
                found.unknown.add((group, None))
                found.hide((definition.resource, None))
            elif days in (ABSENT, 0) or int(days) < RETENTION_DAYS:
                found.findings[claim] = "yes" if "yes" in (found.findings.get(claim), how) else how
                if not is_certain:
                    found.optional.add(claim)
