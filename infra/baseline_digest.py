"""The digest of a baseline's settings, as src/domain/baseline/digest.rs defines it: `sha256:` and 64 hexadecimal digits.

    baseline_digest.py FILE

The tests of the template and the load test use this second implementation. `logweir check` prints the digest, too.
"""

import hashlib
import sys
import tomllib


def of(text):
    return "sha256:" + hashlib.sha256(form(tomllib.loads(text)).encode()).hexdigest()


def form(value):
    """The canonical form of a value: the type, then the value. A text has its length in bytes before it."""
    match value:
        case dict():
            return "{" + "".join(text(key) + form(value[key]) for key in sorted(value)) + "}"
        case list():
            return "[" + "".join(map(form, value)) + "]"
        case str():
            return "s" + text(value)
        case bool():
            return f"b{str(value).lower()},"
        case int():
            return f"i{value},"
        case float():
            return f"f{value!r},"
    return f"d{value},"


def text(string):
    return f"{len(string.encode())}:{string}"


if __name__ == "__main__":
    print(of(open(sys.argv[1]).read()))
