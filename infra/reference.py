"""Prints docs/reference/parameters.md from the parameters of template.yaml:

    python3 infra/reference.py > docs/reference/parameters.md

The program reads the Parameters block of the template line by line, because Python's standard library has no YAML parser.
It understands the YAML forms that the block uses: plain, quoted and block scalars, and lists in brackets.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"

# Matches a line of a YAML mapping: the indentation, the key and the rest of the line.
ENTRY = re.compile(r"^( *)([A-Za-z]\w*):(?:\s+(.*))?$")

PAGE = """# Parameters of the stack

Written by `infra/reference.py` from [`template.yaml`](../../template.yaml). Do not edit this page: change the template,
then run `python3 infra/reference.py > docs/reference/parameters.md`. To change the value of a parameter:
[Change a parameter](../operations.md#change-a-parameter).

| parameter | default | meaning |
|---|---|---|
{rows}

## Allowed values

{allowed}
"""


def parameters(text):
    """Returns the properties of each parameter, by the parameter's name, in the order of the template."""
    lines = text.splitlines()
    found = {}
    for line, indented in zip(*blocks(lines, lines.index("Parameters:") + 1, 2)):
        name = ENTRY.match(line)[2]
        found[name] = {
            ENTRY.match(first)[2]: value(ENTRY.match(first)[3] or "", rest) for first, rest in zip(*blocks(indented, 0, 4))
        }
    return found


def blocks(lines, start, indent):
    """Returns the entries with this indentation, and the deeper lines below each. Stops at a line with less indentation."""
    heads, bodies = [], []
    for line in lines[start:]:
        depth = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if depth < indent:
            break
        if depth == indent and ENTRY.match(line):
            heads.append(line)
            bodies.append([])
        elif bodies:
            bodies[-1].append(line)
    return heads, bodies


def value(first, rest):
    """Returns a scalar as a text, or a list in brackets as a list of texts."""
    if re.fullmatch(r"[>|][+-]?", first):
        between = " " if first.startswith(">") else "\n"
        return between.join(line.strip() for line in rest)
    text = " ".join([first, *(line.strip() for line in rest)]).strip()
    if text.startswith("["):
        return [scalar(item) for item in re.findall(r'"[^"]*"|\'[^\']*\'|[^\s,\[\]]+', text)]
    return scalar(text)


def scalar(text):
    if text.startswith('"'):
        return text[1 : text.rindex('"')].replace('\\"', '"').replace("\\\\", "\\")
    if text.startswith("'"):
        return text[1 : text.rindex("'")].replace("''", "'")
    return text.split(" #")[0].rstrip()


def cell(text):
    return text.replace("|", "\\|")


def row(name, properties):
    default = properties.get("Default")
    shown = "none" if default is None else "`" + (default or '""') + "`"
    return f"| `{name}` | {shown} | {cell(properties.get('Description', ''))} |"


def allowed(name, properties):
    """Returns a line about the values that CloudFormation accepts. Returns `None` if CloudFormation accepts any value."""
    values = properties.get("AllowedValues")
    if values:
        return f"- `{name}`: {', '.join(f'`{each}`' for each in values)}"
    if "MinValue" in properties or "MaxValue" in properties:
        least, most = properties.get("MinValue", "any"), properties.get("MaxValue", "any")
        return f"- `{name}`: a number from {least} to {most}"
    pattern = properties.get("AllowedPattern")
    if not pattern:
        return None
    constraint = properties.get("ConstraintDescription")
    return f"- `{name}`: {constraint}" if constraint else f"- `{name}`: matches `{pattern}`"


def page(text):
    every = parameters(text).items()
    rows = "\n".join(row(name, properties) for name, properties in every)
    lists = [allowed(name, properties) for name, properties in every]
    return PAGE.format(rows=rows, allowed="\n".join(line for line in lists if line))


if __name__ == "__main__":
    print(page(TEMPLATE.read_text()), end="")
