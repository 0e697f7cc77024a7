"""Writes a small database of countries in the MaxMind DB format (https://maxmind.github.io/MaxMind-DB/)."""

import ipaddress
import struct


class Number(int):
    """A number with its type in the format: 5, 6 and 9 have 16, 32 and 64 bits."""

    def __new__(cls, kind, number):
        made = super().__new__(cls, number)
        made.kind, made.size = kind, {5: 2, 6: 4, 9: 8}[kind]
        return made


def value(data):
    """A value: its type and size, then its bytes."""
    if isinstance(data, str):
        raw = data.encode()
        return head(2, len(raw)) + raw
    if isinstance(data, Number):
        return head(data.kind, data.size) + data.to_bytes(data.size)
    if isinstance(data, dict):
        return head(7, len(data)) + b"".join(value(part) for pair in data.items() for part in pair)
    return head(11, len(data)) + b"".join(map(value, data))


def head(kind, size):
    assert size < 29, "a small value"
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])


def database(kind, countries):
    """The bytes of a database that gives each network its country."""
    nodes, data = [[None, None]], b""
    for network, country in countries.items():
        network = ipaddress.ip_network(network)
        skipped = 96 if network.version == 4 else 0
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}".rjust(128, "0")[:network.prefixlen + skipped]
        node = 0
        for bit in map(int, bits[:-1]):
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][int(bits[-1])] = bytes(len(data))
        data += value({"country": {"iso_code": country}})
    number = lambda next: len(nodes) if next is None else len(nodes) + 16 + len(next) if isinstance(next, bytes) else next
    tree = b"".join(struct.pack(">I", number(next)) for node in nodes for next in node)
    metadata = {"binary_format_major_version": Number(5, 2), "binary_format_minor_version": Number(5, 0),
                "build_epoch": Number(9, 1780272000),
                "database_type": kind, "description": {"en": "for tests"}, "ip_version": Number(5, 6), "languages": ["en"],
                "node_count": Number(6, len(nodes)), "record_size": Number(5, 32)}
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + value(metadata)
