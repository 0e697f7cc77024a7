"""Probes: each answers one open point of docs/fidelity.md, and says what it did and what AWS answered."""

from aws import Refused, Unanswered
from making import TooMany

YES, NO, OTHER = "yes", "no", "other"
NOT_ANSWERED, NOT_ANSWERABLE, NOT_RUN = "not answered", "not answerable here", "not run"
# The codes of an endpoint that does not know the call, or of a caller that may not make it.
UNKNOWN_CALL = {"UnknownOperationException", "InvalidAction", "NotImplemented", "UnsupportedOperation"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

PROBES = {}


class Answer:
    def __init__(self, verdict, text):
        self.verdict, self.text = verdict, text


def yes(text):
    return Answer(YES, text)


def no(text):
    return Answer(NO, text)


def other(text):
    return Answer(OTHER, text)


def not_answered(text):
    return Answer(NOT_ANSWERED, text)


class Probe:
    """`asks` is the question. `done` is the docstring of the function: what it does. `early` runs before all probes."""

    def __init__(self, name, asks, function, early, needs):
        self.name, self.asks, self.function, self.early, self.needs = name, asks, function, early, needs
        self.done = " ".join((function.__doc__ or "").split())
        self.file = function.__module__.replace(".", "/") + ".py"


def probe(name, asks, early=None, needs=()):
    """Adds a function to the probes, in the order of the source."""
    def added(function):
        assert name not in PROBES, name
        PROBES[name] = Probe(name, asks, function, early, needs)
        return function
    return added


class Tried:
    """The outcome of a call that AWS may refuse."""

    def __init__(self, answer=None, refused=None):
        self.answer, self.refused = answer, refused
        self.accepted = refused is None
        self.message = f"{refused.code}: {refused.message}" if refused else "accepted"

    @property
    def revision(self):
        return self.answer["taskDefinition"]["taskDefinitionArn"]


class Bench:
    """Everything that a probe may use. Resources that several probes share are created when the first probe needs them."""

    def __init__(self, account, maker, say, trail_seconds):
        self.account, self.make, self.say, self.trail_seconds = account, maker, say, trail_seconds
        self.run, self.clock, self.shared = maker.run, account.clock, {}
        self.evidence = []

    def ask(self, probe):
        """Runs a probe. Returns its answer and evidence after any error except an interruption."""
        self.evidence = []
        begun = self.clock.now()
        try:
            answer = probe.function(self)
        except Refused as refused:
            answer = not_answered(self._why(refused))
        except (Unanswered, TooMany) as why:
            answer = not_answered(str(why))
        except Exception as error:  # a fault of the probe must not end the trial
            answer = not_answered(f"the probe failed: {type(error).__name__}: {error}")
        return answer, self.evidence, round(self.clock.now() - begun, 3)

    def _why(self, refused):
        call = f"{refused.service}:{refused.operation}"
        if refused.code in DENIED:
            return f"the caller may not call {call}"
        if refused.code in UNKNOWN_CALL or refused.status >= 500:
            return f"this endpoint does not answer {call} ({refused.code})"
        return f"{call} was refused: {refused.code}: {refused.message}"

    def note(self, what, value):
        self.evidence.append({"what": what, "value": value})

    def call(self, service, operation, /, **body):
        return self.account.call(service, operation, body)

    def ecs(self, operation, /, **body):
        return self.call("ecs", operation, **body)

    def tried(self, what, act):
        """Notes whether AWS accepts a call, with the message of a refusal."""
        try:
            tried = Tried(answer=act())
        except Refused as refused:
            if refused.code in UNKNOWN_CALL | DENIED or refused.status >= 500:
                raise  # this says nothing about the question
            tried = Tried(refused=refused)
        self.note(what, tried.message)
        return tried

    def registered(self, what, document, rewrite=str):
        return self.tried(what, lambda: self.make.revision(document, rewrite))

    def until(self, what, holds, seconds=30, pause=0.2):
        """Waits until a condition holds. Notes and returns the seconds, or None after this time."""
        begun = self.clock.now()
        while True:
            if holds():
                passed = round(self.clock.now() - begun, 2)
                self.note(what, f"after {passed} s")
                return passed
            if self.clock.now() - begun > seconds:
                self.note(what, f"not within {seconds} s")
                return None
            self.clock.sleep(pause)

    def once(self, name, create):
        """Returns a shared resource, and creates it at the first use."""
        if name not in self.shared:
            self.shared[name] = create()
        return self.shared[name]

    def cluster(self):
        return self.once("cluster", lambda: self.make.cluster("cluster"))

    def log_group(self):
        return self.once("log-group", lambda: self.make.log_group("app"))

    def role(self):
        return self.once("role", lambda: self.make.role("execution"))
