"""Packs the borders of the countries from Natural Earth into SVG paths, which the activity report contains.

    python3 infra/world_map.py countries-110m.json > src/render/activity/html/world.txt

The input is a file of the npm package world-atlas, which holds version 4.1 of Natural Earth's borders (public domain) as
TopoJSON. `make map` downloads the package. Each line of the output is a code of ISO 3166-1 and a path. The projection is
Equal Earth (Šavrič, Patterson and Jenny, 2018), in which the areas of countries are comparable.
`src/render/activity/html/map.rs` has the same projection for the dots of small states.
"""

import json
import math
import pathlib
import sys

COUNTRIES = pathlib.Path(__file__).resolve().parent.parent / "src/domain/country/countries.tsv"

# The areas without a number of ISO 3166-1 in Natural Earth, with the code that databases of addresses have for them.
WITHOUT_NUMBER = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}

# The map ends above Antarctica.
LEFT_OUT = {"AQ"}

WIDTH = 1600


def raw(longitude, latitude):
    """The plane coordinates of a place, in units of the globe's radius."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    across = 3 * (9 * a4 * theta**8 + 7 * a3 * theta**6 + 3 * a2 * theta**2 + a1)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / across
    return x, a4 * theta**9 + a3 * theta**7 + a2 * theta**3 + a1 * theta


SCALE = WIDTH / (2 * raw(180, 0)[0])
TOP = raw(0, 84)[1]


def projected(place):
    x, y = raw(*place)
    return round(x * SCALE + WIDTH / 2), round((TOP - y) * SCALE)


def arcs(topology):
    """The arcs as longitudes and latitudes. TopoJSON stores the difference of each point to the point before it."""
    (x_scale, y_scale), (x_start, y_start) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        places = []
        for right, up in arc:
            x, y = x + right, y + up
            places.append((x * x_scale + x_start, y * y_scale + y_start))
        yield places


def ring(indices, lines):
    """The places of a closed line. A negative index means the arc in the other direction."""
    places = []
    for index in indices:
        line = lines[index] if index >= 0 else lines[~index][::-1]
        places += line if not places else line[1:]
    return places


def halves(places):
    """The parts of a closed line on each side of the 180th meridian, which is the edge of the map."""
    turns, unwound = 0, []
    for (before, _), (longitude, latitude) in zip([places[0], *places], places):
        turns += (before - longitude > 180) - (longitude - before > 180)
        unwound.append((longitude + 360 * turns, latitude))
    for turn in {-1, 0, 1}:
        inside = cut(cut(unwound, 360 * turn - 180, 1), 360 * turn + 180, -1)
        if len(inside) > 2:
            yield [(longitude - 360 * turn, latitude) for longitude, latitude in inside]


def cut(places, edge, side):
    """The part of a closed line that is east (side 1) or west (side -1) of a meridian."""
    kept = []
    for (x, y), (next_x, next_y) in zip(places, places[1:] + places[:1]):
        if (x - edge) * side >= 0:
            kept.append((x, y))
        if (x - edge) * (next_x - edge) < 0:
            kept.append((edge, y + (next_y - y) * (edge - x) / (next_x - x)))
    return kept


def path(points, pen):
    """The path of a closed line, in steps from point to point, and the point at which the path ends."""
    steps = []
    x, y = pen
    for point in points:
        if steps and point in ((x, y), points[0]):
            continue
        steps.append((point[0] - x, point[1] - y))
        x, y = point
    if len(steps) < 4:
        return "", pen
    start, *rest = [f"{right}{'' if down < 0 else ' '}{down}" for right, down in steps]
    line = rest[0] + "".join(step if step.startswith("-") else f" {step}" for step in rest[1:])
    return f"m{start}l{line}z", points[0]


def outline(geometry, lines):
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    text, pen = "", (0, 0)
    for indices in (indices for polygon in polygons for indices in polygon):
        for places in halves(ring(indices, lines)):
            part, pen = path([projected(place) for place in places], pen)
            text += part
    return text


def main(source):
    topology = json.loads(pathlib.Path(source).read_text())
    rows = [line.split("\t") for line in COUNTRIES.read_text().splitlines()]
    codes = {number: code for code, number, *_ in rows}
    lines = list(arcs(topology))
    outlines = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = codes[geometry["id"]] if "id" in geometry else WITHOUT_NUMBER[geometry["properties"]["name"]]
        # A path that follows another one in the same element starts at an absolute place.
        text = outline(geometry, lines)
        outlines[code] = outlines.get(code, "") + (text.replace("m", "M", 1) if text else "")
    for code, text in sorted(outlines.items()):
        if code not in LEFT_OUT and text:
            print(code, text)


if __name__ == "__main__":
    main(sys.argv[1])
