"""Redaction of everything that a report contains. No text of AWS reaches a report except through a Redactor.

A Redactor replaces the values that it knows (the account, the caller's names and keys), everything that has the form of an
identifier, and whole members of a CloudTrail record that describe the caller. If a known value is still in a text afterwards,
in any spelling or encoding that the Redactor knows, it withholds the whole text.
"""

import base64
import html
import ipaddress
import json
import re
import unicodedata
import urllib.parse

# Members whose values are always replaced. Names in lower case.
IDENTITY = {
    "useridentity", "sourceipaddress", "useragent", "requestid", "eventid", "sharedeventid", "recipientaccountid",
    "vpcendpointid", "vpcendpointaccountid", "tlsdetails", "sessioncredentialfromconsole", "accesskeyid", "principalid",
    "username", "userid", "registeredby", "createdby", "responsemetadata", "nexttoken", "inscopeof", "onbehalfof",
}
# The only values inside of those members that stay.
IDENTITY_TYPES = {"Root", "IAMUser", "AssumedRole", "FederatedUser", "AWSAccount", "AWSService", "IdentityCenterUser", "Role"}
REDACTED, WITHHELD = "<redacted>", "<withheld>"
# The parts of an ARN's resource that stay, beside the trial's own names and short numbers.
RESOURCE_TYPES = {
    "*", "assumed-role", "cluster", "federated-user", "log-group", "log-stream", "parameter", "policy", "role", "root",
    "service", "service-deployment", "service-revision", "task", "task-definition", "user",
}
NOT_NAMES = RESOURCE_TYPES | {""}
ARN = re.compile(r"(?i)\barn:([\w-]*):([\w-]*):([\w-]*):([^:\s\"']*):([^\s\"'<>,;()\[\]{}]*)")
PATTERNS = [(re.compile(pattern), placeholder) for pattern, placeholder in [
    (r"[^\s@<>\"'\[\](){},;]{1,64}@[^\s@<>\"'\[\](){},;]{1,255}", "<email>"),
    (r"(?i)(?:A3T[A-Z0-9]|AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|ABIA|ACCA|APKA|ASCA|AIPA)[A-Z0-9]{8,}", "<key>"),
    (r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"(?<!\d)\d{1,3}([.-])\d{1,3}\1\d{1,3}\1\d{1,3}(?!\d)", "<ip>"),
    (r"(?i)\b[a-z]{1,8}-[0-9a-f]{8,17}\b", "<id>"),
    (r"(?i)[\w.-]{1,100}\.(?:internal|local|lan|corp)\b", "<host>"),
    (r"(?<!\d)\d{4}[-. _]\d{4}[-. _]\d{4}(?!\d)", "<account>"),
    (r"(?<!\d)\d{12}(?!\d)", "<account>"),
    (r"\d{9,}", "<number>"),
    (r"(?i)(?<![0-9a-z])(?=[0-9a-f]*\d)[0-9a-f]{16,}(?![0-9a-z])", "<id>"),
    (r"(?<![A-Za-z0-9+/=_-])(?=[A-Za-z+/=_-]*\d[A-Za-z+/=_-]*\d)[A-Za-z0-9+/=_-]{20,}", "<token>"),
]]
ADDRESS = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
LONGEST = 20_000  # characters; the patterns take too long for a longer text
NUMBER = 10**8  # a larger number may be an account, a time or a serial number


class Redactor:
    def __init__(self, run, account, arn="", user_id="", credentials=()):
        self.run = re.compile(re.escape(run), re.IGNORECASE)
        named = [part for text in (arn.rpartition(":")[2], user_id) for part in re.split(r"[/:]", text)]
        named += [part for name in named if "@" in name for part in name.split("@")]
        names = {name for name in named if name.lower() not in NOT_NAMES}
        known = dict.fromkeys(names, "<caller>") | dict.fromkeys(filter(None, credentials), "<key>") | {account: "<account>"}
        self.known = [(of_name(value), place) for value, place in sorted(known.items(), key=lambda each: -len(each[0]))]
        self.encoded = {form for value in known if len(value) >= 6 for form in encodings(value)}
        self.squeezed = {squeezed(value) for value in (account, *credentials) if value}

    def of(self, value):
        """Redacts a JSON value, with the names of its members."""
        if isinstance(value, dict):
            return {self.text(key): whole(each, self) if key.lower() in IDENTITY else self.of(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(each) for each in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float)):
            return "<number>" if abs(value) >= NUMBER else value
        return self.text(str(value))

    def text(self, text):
        nested = parsed(text)
        if nested is not None:
            return json.dumps(self.of(nested))
        text = plain(text)
        if len(text) > LONGEST:
            return WITHHELD
        text = ARN.sub(self._arn, text)
        text = self.run.sub("<run>", text)
        for pattern, placeholder in self.known + PATTERNS:
            text = pattern.sub(placeholder, text)
        text = ADDRESS.sub(address, text)
        return WITHHELD if self.leaks(text) else text

    def leaks(self, text):
        """Says whether a known value is in a text: encoded, or with other characters between its own."""
        letters = squeezed(text)
        return any(form in text for form in self.encoded) or any(form in letters for form in self.squeezed)

    def _arn(self, found):
        partition, service, region, account, resource = found.groups()
        kept = [self._part(part) for part in re.split(r"([/:])", resource)]
        return f"arn:{partition}:{service}:{region}:{'<account>' if account else ''}:{''.join(kept)}"

    def _part(self, part):
        name = self.run.sub("<run>", part)
        known = part in RESOURCE_TYPES or part in ("/", ":", "") or re.fullmatch(r"\d{1,4}|<run>(?:-[a-z-]{1,30})?", name)
        return name if known else REDACTED


def whole(value, redactor):
    """Replaces every value, and keeps the structure."""
    if isinstance(value, dict):
        return {redactor.text(key): whole(each, redactor) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [whole(each, redactor) for each in value]
    return value if value is None or value in IDENTITY_TYPES else REDACTED


def parsed(text):
    """Returns the object or list that a text is in JSON, or None."""
    if not text.lstrip()[:1] in ("{", "["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def plain(text):
    """Undoes encodings that could hide a value from the patterns."""
    for _ in range(3):
        decoded = html.unescape(urllib.parse.unquote(text))
        decoded = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), decoded)
        decoded = unicodedata.normalize("NFKC", decoded)
        decoded = "".join(each if each in "\n\t" or unicodedata.category(each)[0] != "C" else "" for each in decoded)
        if decoded == text:
            break
        text = decoded
    return text


def of_name(value):
    """Returns the pattern of a known value. A short name only counts as a whole word, because it may be a part of others."""
    escaped = re.escape(value)
    whole_word = escaped if len(value) >= 5 else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
    return re.compile(whole_word, re.IGNORECASE)


def encodings(value):
    """Returns the spellings of a value in hexadecimal and Base64."""
    forms = {value.encode().hex(), value.encode().hex().upper()}
    for padding in range(3):
        # The first and the last characters depend on the text around the value.
        encoded = base64.b64encode(b"\0" * padding + value.encode()).decode().rstrip("=")
        forms.add(encoded[padding + 1 if padding else 0:-1])
    return forms


def squeezed(text):
    return re.sub(r"[^0-9a-z]", "", text.lower())


def address(found):
    try:
        ipaddress.IPv6Address(found[0].strip("."))
    except ValueError:
        return found[0]
    return "<ip>"
