"""Copies a database of addresses, with the type `DBIP-Country-Lite` in its metadata.

    python3 infra/geo.py dbip-country.mmdb target/geo/dbip-country-lite.mmdb

The npm package of DB-IP Lite calls the type `country ipvAll`. Logweir credits DB-IP by the type, as the licence CC BY 4.0
demands. The metadata are a map at the end of the file (https://maxmind.github.io/MaxMind-DB/), so nothing else moves.
`make geo` downloads the package.
"""

import pathlib
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"
TYPE = "DBIP-Country-Lite"


def text(value):
    """A string of fewer than 29 bytes in the MaxMind DB format: its type 2, its length, its bytes."""
    return bytes([2 << 5 | len(value)]) + value.encode()


def main(source, target):
    data = pathlib.Path(source).read_bytes()
    start = data.rindex(MARKER) + len(MARKER)
    member = text("database_type")
    at = data.index(member, start) + len(member)
    if data[at] >> 5 != 2 or data[at] & 31 > 28:
        raise SystemExit(f"{source}: the type of the database is not a short string")
    end = at + 1 + (data[at] & 31)
    pathlib.Path(target).write_bytes(data[:at] + text(TYPE) + data[end:])


if __name__ == "__main__":
    main(*sys.argv[1:])
