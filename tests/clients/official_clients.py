#!/usr/bin/env python3
"""Runs unchanged official clients, and checks of the raw answers, against the running program.

    official_clients.py PROGRAM TOOLS [CLIENT…]

PROGRAM is started with the demonstration for each client on a free port of its own, and once more with each of what can be
switched on. TOOLS holds the clients as they came from their registries: python, awscli, javascript. Each client is told in a
file where the program is and with which keys to call it, prints a line for every sentence that it checks, and fails when
one does not hold.
"""

import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from boto3_client import Browser, PASSWORD, fact
from free_port import free_port

HERE = pathlib.Path(__file__).resolve().parent
TREND, OTHER, ACME = "294406891311", "518230947715", "111122223333"
VISION, BY_USE = "Trend Vision One", "Vision One Pay-as-you-go"
QUEUE = "events"
PRODUCTS = {"credits": (VISION, "74az0btybm649octamy0sktos"), "by_use": (BY_USE, "6c1fy8rk4wz2nt7pv5xh9bq3d")}


@contextlib.contextmanager
def program(path, switches=""):
    """The program on a port of its own; gives what a client is told of it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [path, "serve", "--listen", f"127.0.0.1:{port}", "--data", folder]
        environment = {**os.environ, "CREDITDESK_WIRE_SWITCHES": switches}
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            origin = f"http://127.0.0.1:{port}"
            wait_for(origin)
            yield {"origin": origin, "database": database_in(folder), **keys_and_products(origin)}
        finally:
            running.terminate()
            running.wait()


def wait_for(origin):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        try:
            direct.open(origin + "/readyz")
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("the program did not start")


def database_in(folder):
    return str(next(pathlib.Path(folder).glob("*.db"), next(pathlib.Path(folder).glob("*.sqlite*"), "")))


def keys_and_products(origin):
    operator = Browser(origin)
    operator.post("/sign-in", "/sign-in", email="operator@creditdesk.example", password=PASSWORD)

    def key(name, account, acts_as=""):
        status, page = operator.post("/admin/access-keys/new", "/admin/access-keys", name=name, account=account, acts_as=acts_as)
        if status != 201:
            sys.exit(f"no key for {account}: {status}")
        return [fact(page, "Access key ID"), fact(page, "Secret access key")]

    keys = {"seller": key("Seller", TREND), "other": key("Other", OTHER), "buyer": key("Buyer", ACME, "buyer@acme.example")}
    target = {"seller": TREND, "name": QUEUE, "kind": "queue", "address": "", "topic": "events"}
    if operator.post("/admin/event-targets/new", "/admin/event-targets", **target)[0] != 303:
        sys.exit("no queue")
    page = operator.send("/admin/access-keys")[1]
    products = {}
    for name, (title, code) in PRODUCTS.items():
        part = page[page.index(title):]
        terms = {term: fact(part, f"Term: {term}") for term in ("legal", "support", "pricing", "renewal")}
        products[name] = {"code": code, "proposal": fact(part, "Agreement proposal"), "terms": terms}
    return {**keys, "products": products, "queue": QUEUE}


def expire_tokens(database):
    """A token lives 30 minutes; nobody waits for that."""
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as opened, opened:
        opened.execute("UPDATE registration_tokens SET expires_at = issued_at")


CLIENTS = {
    "javascript": lambda tools: (["node", "--no-warnings", str(HERE / "javascript_client.mjs"), str(tools / "javascript")], {}),
    "aws_cli": lambda tools: ([sys.executable, str(HERE / "aws_cli.py")], {"PYTHONPATH": str(tools / "awscli")}),
    "boto3_metering": lambda tools: ([sys.executable, str(HERE / "boto3_metering.py")], {}),
    "conformance": lambda tools: ([sys.executable, str(HERE / "conformance.py")], {}),
}


def main():
    path, tools, wanted = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:] or list(CLIENTS)
    os.environ["NO_PROXY"] = "127.0.0.1"
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    failed = []
    with program(path, "throttling,empty-pages") as switched, program(path, "disabled-api") as disabled:
        for name in wanted:
            command, environment = CLIENTS[name](tools)
            with program(path) as plain, tempfile.NamedTemporaryFile("w", suffix=".json") as told:
                json.dump({"plain": plain, "switched": switched, "disabled": disabled, "expire": [sys.executable, __file__, "--expire", plain["database"]]}, told)
                told.flush()
                began = time.monotonic()
                status = subprocess.run([*command, told.name], env={**os.environ, **environment}).returncode
                print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
                if status:
                    failed.append(name)
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")


if __name__ == "__main__":
    if sys.argv[1] == "--expire":
        expire_tokens(sys.argv[2])
    else:
        main()
