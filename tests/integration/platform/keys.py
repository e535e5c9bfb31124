#!/usr/bin/env python3
"""A gateway that has the issuer's keys from an address: ready once they are there, and none the worse when the issuer answers with nonsense.

usage: keys.py CLONE BUILD
"""

import http.server
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import Instance, await_that, equal  # noqa: E402


class Issuer(http.server.ThreadingHTTPServer):
    """Answers with the set in the file, or with nonsense."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.file, self.nonsense, self.asked = None, False, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.server.asked += 1
        body = b"<html>"
        if not self.server.nonsense:
            with open(self.server.file, "rb") as file:
                body = file.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):  # pylint: disable=arguments-differ
        pass


def check(instance, issuer):
    instance.pcn("up", "--detach", "--empty")
    token = instance.token("operations", "ics-llr")
    equal("a token of the issuer", instance.call(token, "GET", "/v1/organisations")[0], 200)
    equal("a token of nobody", instance.call(token[:-8] + "AAAAAAAA", "GET", "/v1/organisations")[0], 401)
    figures = instance.metrics("gateway")
    equal("failures", figures["pcn_gateway_keys_failures_total"], 0)
    if figures["pcn_gateway_keys_timestamp_seconds"] <= 0 or issuer.asked < 1:
        raise SystemExit("the keys did not come from the address: %r" % figures)
    # The floor: what was asked for just now is not asked for at once.
    issuer.nonsense = True
    run_reload(instance)
    await_that("the failure", lambda: instance.metrics("gateway")["pcn_gateway_keys_failures_total"] > 0)
    equal("with the keys that were good", instance.call(token, "GET", "/v1/organisations")[0], 200)
    states = {line.split()[2] for line in instance.pcn("status").strip().split("\n")[1:]}
    equal("states", states - {"ready", "done"}, set())


def run_reload(instance):
    pid = next(line.split()[1] for line in instance.pcn("status").split("\n") if line.startswith("gateway "))
    os.kill(int(pid), signal.SIGHUP)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    issuer = Issuer()
    instance = Instance(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
                        PCN_GATEWAY_JWKS_URL="http://127.0.0.1:%d/jwks.json" % issuer.server_port)
    issuer.file = os.path.join(instance.state, "issuer", "jwks.json")
    try:
        check(instance, issuer)
    finally:
        instance.end()
        issuer.shutdown()


if __name__ == "__main__":
    main()
