"""Sentences that a client checks: each is one line of the test report, and one that does not hold fails the client."""

import sys
import traceback

failed = []


def says(client, sentence=None):
    """A decorator: the function's name is the sentence, where no other is given."""

    def decorate(function):
        def run(*arguments):
            name = f"test clients::{client}::{sentence or function.__name__}"
            try:
                function(*arguments)
            except Exception:  # noqa: BLE001: whatever it is, the sentence does not hold
                failed.append(name)
                print(f"{name} ... FAILED", flush=True)
                traceback.print_exc(file=sys.stdout)
            else:
                print(f"{name} ... ok", flush=True)

        return run

    return decorate


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}\n  got      {got!r}\n  expected {expected!r}")


def finish():
    sys.exit(1 if failed else 0)
