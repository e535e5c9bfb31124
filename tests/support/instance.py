"""An instance of a tree for tests in Python: ./pcn with a state and a port of its own, and calls on it as any client makes them."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

AWAIT_S = 30


def run(command, environment=None):
    """What it printed. Ends the test where the command fails."""
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise SystemExit("%s\n%s ended with %d" % (text[-8000:], " ".join(command), done.returncode))
    return text


def await_that(what, look):
    """There is no event to wait for: it is the outside that is looked at."""
    end = time.monotonic() + AWAIT_S
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit("it did not come: " + what)
        time.sleep(0.05)


def equal(what, found, expected):
    if found != expected:
        raise SystemExit("%s: %r, not %r" % (what, found, expected))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Instance:
    def __init__(self, tree, build, **settings):
        self.tree, self.place, self.port = tree, tempfile.mkdtemp(prefix="pcn-instance-"), free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.state = os.path.join(self.place, "state")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PCN_")}
        self.environment.update({"PCN_DEMO": "no", **settings}, PCN_STATE=self.state, PCN_HTTP_PORT=str(self.port), PCN_BUILD=build)

    def pcn(self, *arguments):
        return run([os.path.join(self.tree, "pcn")] + list(arguments), self.environment)

    def token(self, role, organisation):
        return self.pcn("token", "--role", role, "--org", organisation).strip()

    def ctl(self, token, *arguments):
        return run([os.path.join(self.state, "bin", "pcnctl")] + list(arguments) + ["--url", self.url], dict(self.environment, PCN_TOKEN=token))

    def metrics(self, daemon):
        """The series without labels: name to number."""
        text = run(["curl", "-sS", "--unix-socket", os.path.join(self.state, "run", daemon + ".metrics"), "http://localhost/metrics"])
        pairs = (line.split(" ") for line in text.split("\n") if line and line[0] != "#" and "{" not in line)
        return {name: float(value) for name, value in pairs}

    def call(self, token, method, path, body=None, key=None, match=None):
        """(status, headers, JSON)"""
        headers = {"Authorization": "Bearer " + token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        if match is not None:
            headers["If-Match"] = match
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)

    def end(self):
        subprocess.run([os.path.join(self.tree, "pcn"), "down"], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=False)
        shutil.rmtree(os.path.realpath(self.state), ignore_errors=True)
        shutil.rmtree(self.place, ignore_errors=True)
