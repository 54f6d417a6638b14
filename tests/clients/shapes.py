"""A strict check of raw answers, written from botocore's models: every member known and of its type, what is required there,
lengths, ranges, patterns and enums, timestamps in the protocol's own form, nothing null."""

import re

from cbor import Tagged

# Names that AWS has for every service, which are in no model.
EVERYWHERE = {
    "AccessDeniedException": 400,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 400,
    "MissingAuthenticationTokenException": 400,
    "RequestEntityTooLargeException": 413,
    "SerializationException": 400,
    "UnknownOperationException": 400,
    "UnrecognizedClientException": 400,
    "ValidationException": 400,
}


class Unlike(Exception):
    """The answer is not as the model says."""


def check(shape, value, protocol, path="answer"):
    def demand(holds, what):
        if not holds:
            raise Unlike(f"{path}: {what}: {value!r}")

    demand(value is not None, "null")
    bounds = shape.metadata
    kind = shape.type_name
    if kind == "structure":
        demand(isinstance(value, dict), "no structure")
        for name, member in value.items():
            demand(name in shape.members, f"the model has no member {name}")
            check(shape.members[name], member, protocol, f"{path}.{name}")
        for name in shape.required_members:
            demand(name in value, f"{name} is required")
        demand(not getattr(shape, "is_tagged_union", False) or len(value) == 1, "a union has exactly one member")
    elif kind == "list":
        demand(isinstance(value, list), "no list")
        demand(bounds.get("min", 0) <= len(value) <= bounds.get("max", len(value)), "too short or too long")
        for index, member in enumerate(value):
            check(shape.member, member, protocol, f"{path}[{index}]")
    elif kind == "map":
        demand(isinstance(value, dict), "no map")
        for name, member in value.items():
            check(shape.key, name, protocol, f"{path} key")
            check(shape.value, member, protocol, f"{path}.{name}")
    elif kind == "string":
        demand(isinstance(value, str), "no string")
        demand(bounds.get("min", 0) <= len(value) <= bounds.get("max", len(value)), "too short or too long")
        demand(not shape.enum or value in shape.enum, f"not one of {shape.enum}")
        pattern = bounds.get("pattern")
        demand(pattern is None or re.fullmatch(pattern.removeprefix("^").removesuffix("$") if "|" not in pattern else pattern, value), f"not of the pattern {pattern}")
    elif kind in ("integer", "long"):
        demand(isinstance(value, int) and not isinstance(value, bool), "no whole number")
        demand(bounds.get("min", value) <= value <= bounds.get("max", value), "out of range")
    elif kind in ("double", "float"):
        demand(isinstance(value, (int, float)) and not isinstance(value, bool), "no number")
    elif kind == "boolean":
        demand(isinstance(value, bool), "not true or false")
    elif kind == "timestamp":
        if protocol == "smithy-rpc-v2-cbor":
            demand(isinstance(value, Tagged) and value.tag == 1, "no timestamp under tag 1")
            value = value.value
        demand(isinstance(value, (int, float)) and not isinstance(value, bool), "no number of seconds")
    else:
        demand(False, f"no check for {kind}")


def check_error(operation, status, body, protocol):
    """The error's name, once it is as the model says."""
    name = body.pop("__type", None)
    modelled = {shape.name: shape for shape in operation.error_shapes}
    if name in modelled:
        error = modelled[name].metadata.get("error", {})
        expected = error.get("httpStatusCode") or (500 if modelled[name].metadata.get("fault") else 400)
        check(modelled[name], body, protocol, name)
    else:
        expected = EVERYWHERE.get(name)
        if set(body) - {"message"}:
            raise Unlike(f"{name}: {body}")
    if status != expected:
        raise Unlike(f"{name} has the status {status}, the model says {expected}")
    if not body.get("message"):
        raise Unlike(f"{name} has no message")
    return name
