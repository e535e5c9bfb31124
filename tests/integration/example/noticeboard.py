#!/usr/bin/env python3
"""A service made as docs/new-service.md says, in a tree of its own: built, its tests run, started, called, followed, restarted.

usage: noticeboard.py CLONE FOLDER CONTRACT [COMPILER LAUNCHER]

FOLDER keeps the tree and its build, so that a second run builds only what changed; CONTRACT the linters' tools (tests/contract/run.sh).
"""

import filecmp
import json
import os
import re
import shutil
import signal
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import AWAIT_S, Instance, await_that, equal, run  # noqa: E402

EXAMPLE = os.path.join("tests", "example", "noticeboard")
LEFT_OUT = re.compile(r"^(\.git|\.pcn.*|build(-.*)?|node_modules|__pycache__)$")
# The two lines of the tree that a new service changes, as the document says: its scopes in the rows of roles, its ports.
EDITS = (
    ("common/app/roles.h", r'(X\("network-manager", "[^"]*", )', r'\1"noticeboard.read", "noticeboard.write", '),
    ("tools/pcn.d/instance.sh", r"(        referral\) echo 7131 ;;\n)", r"\1        noticeboard) echo 7191 ;;\n"),
)
TARGETS = ("pcn-supervisor", "pcnctl", "pcn-registry", "pcn-noticeboard", "pcn-gateway", "pcn_proto_documents",
           "test_noticeboard_rules_notice", "itest_noticeboard_statements")
TODAY, LATER = "2026-11-26", "2026-12-02"


def files_of(folder):
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not LEFT_OUT.match(name)]
        for name in names:
            yield os.path.relpath(os.path.join(place, name), folder)


def make_tree(clone, tree):
    """The clone's files, the example's over them, and the edits. What is the same already keeps its time."""
    wanted = {name: os.path.join(clone, name) for name in files_of(clone)}
    example = os.path.join(clone, EXAMPLE)
    wanted.update({name: os.path.join(example, name) for name in files_of(example)})
    edited = {}
    for name, pattern, text in EDITS:
        with open(wanted[name], encoding="utf-8") as file:
            edited[name], count = re.subn(pattern, text, file.read())
        if count != 1:
            raise SystemExit("%s has no place for %s" % (name, text))
    for name in list(files_of(tree)) if os.path.isdir(tree) else ():
        if name not in wanted:
            os.unlink(os.path.join(tree, name))
    for name, source in wanted.items():
        target = os.path.join(tree, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if name in edited:
            write_if_new(target, edited[name])
            shutil.copymode(source, target)
        elif not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            shutil.copy(source, target)


def write_if_new(path, text):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def build(tree, folder, launcher):
    options = ["-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DBUILD_TESTING=ON"]
    if launcher:
        options.append("-DCMAKE_C_COMPILER_LAUNCHER=" + launcher)
    run(["cmake", "-S", tree, "-B", folder, "-G", "Ninja"] + options)
    run(["nice", "-n", "5", "ninja", "-C", folder, "-j", "2"] + list(TARGETS))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PCN_")}
    run(["ctest", "--test-dir", folder, "--output-on-failure", "--no-tests=error", "-R", "^(unit|integration)/noticeboard/"], environment)


NOTICE = {"code": "flu-clinics", "organisation": "pcn-rutland", "text": "Flu clinics on Saturdays", "until": "2026-12-01"}


def start(platform, today):
    platform.environment["PCN_NOTICEBOARD_TODAY"] = today
    platform.pcn("up", "--detach")


def check_calls(platform, token, stranger):
    # The copy of the registry comes by itself: until then there is no such organisation.
    status, headers, notice = await_that("the copy of the registry", lambda: created(platform.call(token, "POST", "/v1/notices", NOTICE, "one")))
    equal("etag", headers["etag"], '"1"')
    equal("location", headers["location"], "/v1/notices/flu-clinics")
    equal("the notice", {name: notice[name] for name in NOTICE}, NOTICE)
    equal("once more under its key", platform.call(token, "POST", "/v1/notices", NOTICE, "one")[2], notice)
    equal("read", platform.call(token, "GET", "/v1/notices/flu-clinics")[2], notice)
    equal("read by pcnctl", json.loads(platform.ctl(token, "noticeboard", "get-notice", "--code", "flu-clinics", "--json")), notice)
    refusals = (
        (platform.call(token, "POST", "/v1/notices", NOTICE), 409, "code"),
        (platform.call(token, "POST", "/v1/notices", dict(NOTICE, code="late", until="2026-11-25")), 422, "until"),
        (platform.call(token, "POST", "/v1/notices", dict(NOTICE, code="x y")), 400, "code"),
        (platform.call(token, "POST", "/v1/notices", dict(NOTICE, version=7)), 400, "version"),
        (platform.call(token, "POST", "/v1/notices", dict(NOTICE, organisation="pcn-slam")), 404, "organisation"),
        (platform.call(token, "GET", "/v1/notices/none"), 404, "code"),
        (platform.call(stranger, "GET", "/v1/notices/flu-clinics"), 403, None),
    )
    for (status, _, problem), expected, field in refusals:
        equal(problem, (status, problem.get("field")), (expected, field))
    status, _, taken = platform.call(token, "POST", "/v1/notices", dict(NOTICE, code="mistake"))
    equal(taken, status, 201)
    status, _, taken = platform.call(token, "POST", "/v1/notices/mistake:take-down")
    equal(taken, (status, taken.get("takenDownOn"), taken.get("version")), (200, TODAY, 2))
    status, _, problem = platform.call(token, "POST", "/v1/notices/mistake:take-down")
    equal("taken down twice", (status, problem["detail"]), (422, "It was taken down on " + TODAY))


def created(answer):
    if answer[0] == 201:
        return answer
    equal("before the copy is there", (answer[0], answer[2]["detail"]), (422, "There is no organisation pcn-rutland"))
    return None


def events(platform, token):
    status, _, page = platform.call(token, "GET", "/v1/events/noticeboard?after=0")
    equal(page, status, 200)
    return [(event["sequence"], event["type"], event["subject"], event["data"]["version"]) for event in page["events"]]


EVENTS = [
    (1, "pcn.noticeboard.notice.created", "notices/flu-clinics", 1),
    (2, "pcn.noticeboard.notice.created", "notices/mistake", 1),
    (3, "pcn.noticeboard.notice.updated", "notices/mistake", 2),
]
EXPIRED = (4, "pcn.noticeboard.notice.updated", "notices/flu-clinics", 2)


def check_stream(platform, token):
    """The same events live, from the beginning on."""
    request = urllib.request.Request(platform.url + "/v1/events/stream?services=noticeboard&after=0", headers={"Authorization": "Bearer " + token})
    seen = []
    with urllib.request.urlopen(request, timeout=AWAIT_S) as stream:
        while len(seen) < len(EVENTS):
            line = stream.readline().decode()
            if line.startswith("data: {"):
                seen.append(json.loads(line[6:]))
    equal("the stream", [(event["type"], event["subject"]) for event in seen], [event[1:3] for event in EVENTS])


def check_documents(platform, tree, build_folder, contract):
    with urllib.request.urlopen(platform.url + "/openapi.json", timeout=30) as answer:
        document = json.load(answer)
    paths = [path for path in document["paths"] if path.startswith("/v1/notices")]
    equal("paths", sorted(paths), ["/v1/notices", "/v1/notices/{code}", "/v1/notices/{code}:take-down"])
    if shutil.which("npm"):
        print(run([os.path.join(tree, "tests", "contract", "run.sh"), "documents", contract, os.path.join(build_folder, "pcn_proto")])[-600:])


def check(platform, tree, build_folder, contract):
    start(platform, TODAY)
    manager, auditor = platform.token("network-manager", "pcn-rutland"), platform.token("auditor", "pcn-rutland")
    follower, operator = platform.token("subscriber", "pcn-rutland"), platform.token("operations", "ics-llr")
    check_calls(platform, manager, auditor)
    equal("events", await_that("the events", lambda: (lambda found: found if len(found) == 3 else None)(events(platform, follower))), EVENTS)
    check_stream(platform, follower)
    check_documents(platform, tree, build_folder, contract)
    platform.ctl(auditor, "audit", "verify", "--service", "noticeboard")
    if "registry" not in platform.ctl(operator, "followers", "--service", "noticeboard"):
        raise SystemExit("the follower is not listed")
    # Its last day is over: the job takes it down at the start, and what was before is there still.
    start(platform, LATER)
    equal("events", await_that("the day", lambda: (lambda found: found if len(found) == 4 else None)(events(platform, follower))), EVENTS + [EXPIRED])
    equal("read", platform.call(manager, "GET", "/v1/notices/flu-clinics")[2]["takenDownOn"], LATER)
    platform.pcn("status")


def main():
    if len(sys.argv) not in (4, 5):
        raise SystemExit(__doc__)
    clone, folder, contract = (os.path.abspath(path) for path in sys.argv[1:4])
    tree, build_folder = os.path.join(folder, "tree"), os.path.join(folder, "build")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    make_tree(clone, tree)
    build(tree, build_folder, sys.argv[4] if len(sys.argv) == 5 else "")
    platform = Instance(tree, build_folder, PCN_REGISTRY_TODAY=TODAY)
    try:
        check(platform, tree, build_folder, contract)
    finally:
        platform.end()


if __name__ == "__main__":
    main()
