"""Reads CBOR as it is, tags and all: a timestamp must be seen to be tagged. Independent of botocore's own decoder."""

import struct


class Tagged:
    def __init__(self, tag, value):
        self.tag, self.value = tag, value


def decode(body):
    value, rest = item(memoryview(body))
    if rest:
        raise ValueError("something follows the CBOR value")
    return value


def item(data):
    kind, short, data = data[0] >> 5, data[0] & 31, data[1:]
    if kind == 7:
        return simple(short, data)
    if short == 31:
        raise ValueError("answers have definite lengths")
    number, data = argument(short, data)
    if kind == 0:
        return number, data
    if kind == 1:
        return -1 - number, data
    if kind == 2:
        return bytes(data[:number]), data[number:]
    if kind == 3:
        return str(data[:number], "utf-8"), data[number:]
    if kind == 4:
        values = []
        for _ in range(number):
            value, data = item(data)
            values.append(value)
        return values, data
    if kind == 5:
        members = {}
        for _ in range(number):
            name, data = item(data)
            if name in members:
                raise ValueError(f"{name} is there twice")
            members[name], data = item(data)
        return members, data
    value, data = item(data)
    return Tagged(number, value), data


def argument(short, data):
    if short < 24:
        return short, data
    size = 1 << (short - 24)
    return int.from_bytes(data[:size], "big"), data[size:]


def simple(short, data):
    if short in (20, 21, 22):
        return {20: False, 21: True, 22: None}[short], data
    form, size = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[short]
    return struct.unpack(form, data[:size])[0], data[size:]
