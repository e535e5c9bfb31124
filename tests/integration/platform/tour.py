#!/usr/bin/env python3
"""Walks the README's tour on a platform of its own, and compares what every command prints with what the README says it prints.

The README is the only text: a block of it that begins with "$ " is commands with their output. Lines that begin with "> ", and those after
a line that ends with a backslash, belong to the command above. All commands of the tour run in one shell, in a folder in which
`./pcn` is the clone's and `.pcn` the instance. The port is one that is free; apart from that the commands run as they stand.

What must vary is declared in VARIES, and replaced on both sides; `…` in the README stands for what it leaves out: the rest of a line, a part
of it or, alone on a line, any lines. Everything else has to be the same, word by word.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

PORT = "8080"  # the README's
# The field's day on which the tour was printed: its memberships, and what is to come in it, are of this day.
TODAY = "2026-11-26"

# What differs from run to run: its name, and how it looks.
VARIES = (
    ("instant", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    ("id", r"[0-9a-f]{8}-(?:…|(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"),
    ("event id", r"(?<=^id: )AQ[A-Za-z0-9_-]+$"),
    ("hash", r"\b[0-9a-f]{64}\b"),
    ("duration", r"(?<= in )\d+(?= s$)"),
    ("duration", r"(?<= after )\d+\.\d{6}(?= s$)"),
    ("pid", r"(?<=^registry ) *\d+(?=  [a-z]+ +\d+  )"),
)
# Lines that are there only where there was something to do.
MAY_BE_ABSENT = re.compile(r"built .* in <duration> s")


class Step:
    """A command, and what the README says that it prints."""

    def __init__(self, line, command):
        self.line, self.command, self.output = line, command, []


def read_blocks(path):
    """The blocks of the README that are commands with their output: (number of the first line, lines)."""
    begin, lines, blocks = None, [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            if not line.startswith("```"):
                if begin is not None:
                    lines.append(line)
            elif begin is None:
                begin, lines = number + 1, []
            else:
                if lines and lines[0].startswith("$ "):
                    blocks.append((begin, lines))
                begin = None
    return blocks


def read_steps(begin, lines):
    steps, going_on = [], False
    for number, line in enumerate(lines, begin):
        if line.startswith("$ "):
            steps.append(Step(number, line[2:]))
            going_on = True
        elif going_on and (steps[-1].command.endswith("\\") or line.startswith("> ")):
            steps[-1].command += "\n" + (line[2:] if line.startswith("> ") else line)
        else:
            going_on = False
            steps[-1].output.append(line)
    return steps


class Shell:
    """One bash for the whole tour; what a command leaves (variables, functions) is there for the next one."""

    END = "\x1e"

    def __init__(self, folder, environment):
        self.process = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, command):
        """(exit code, output), or None where the shell itself ended."""
        said = "{ %s\n} </dev/null\nprintf '\\036%%d\\n' $?\n" % command
        self.process.stdin.write(said.encode())
        self.process.stdin.flush()
        output = ""
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace")
            if self.END in text:
                output += text[:text.index(self.END)]
                return int(text[text.index(self.END) + 1:]), output
            output += text
        return None

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def plain(lines):
    """Without what varies, and without empty lines at the end."""
    result = []
    for line in lines:
        line = line.rstrip("\r")
        for name, pattern in VARIES:
            line = re.sub(pattern, "<%s>" % name, line)
        result.append(line)
    while result and result[-1] == "":
        result.pop()
    return result


def line_fits(said, line):
    pattern = ".*".join(re.escape(part) for part in said.split("…"))
    return re.fullmatch(pattern, line) is not None


def fits(said, lines):
    """Whether the lines are what is said, both plain."""
    if not said:
        return not lines
    if said[0] == "…":
        return any(fits(said[1:], lines[skipped:]) for skipped in range(len(lines) + 1))
    if MAY_BE_ABSENT.fullmatch(said[0]) and not (lines and MAY_BE_ABSENT.fullmatch(lines[0])):
        return fits(said[1:], lines)
    return bool(lines) and line_fits(said[0], lines[0]) and fits(said[1:], lines[1:])


def complaint(step, code, lines):
    """What is wrong with what a command printed; None where nothing is."""
    said = plain(step.output)
    if fits(said, lines):
        return None if said or code == 0 else "it ends with %d and the README shows nothing of it" % code
    text = ["the README says:"] + ["  | " + line for line in said] + ["it printed:"] + ["  | " + line for line in lines]
    return "\n".join(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def walk(readme, shell, port):
    """Runs all steps; the number of those that fail."""
    failed = count = 0
    for begin, lines in read_blocks(readme):
        for step in read_steps(begin, lines):
            count += 1
            answer = shell.run(step.command.replace("127.0.0.1:" + PORT, "127.0.0.1:" + port))
            if answer is None:
                print("README.md:%d: the shell ended" % step.line)
                return failed + 1
            wrong = complaint(step, answer[0], plain(answer[1].replace("127.0.0.1:" + port, "127.0.0.1:" + PORT).split("\n")))
            if wrong is not None:
                failed += 1
                print("README.md:%d: $ %s\n%s\n" % (step.line, step.command, wrong))
                if count == 1:
                    return failed  # without a platform nothing else is right either
    print("%d commands, %d failed" % (count, failed))
    return failed if count else 1


def own_test():
    """What the checker would let pass is itself tested: each of these is (said, printed, whether it fits)."""
    cases = (
        (["a"], ["a"], True), (["a"], ["b"], False), (["a"], [], False), ([], ["a"], False), (["a"], ["a", "b"], False),
        (["a…"], ["abc"], True), (["a…c"], ["abc"], True), (["a…c"], ["abd"], False), (["…"], [], True),
        (["a", "…", "d"], ["a", "b", "c", "d"], True), (["a", "…", "d"], ["a", "b", "c"], False), (["…", "b"], ["a", "b", "c"], False),
        (["built release in 91 s", "x"], ["x"], True), (["built release in 91 s"], ["built release in 4 s"], True),
        (["at 2026-11-26T05:38:13.340794Z"], ["at 2027-01-01T00:00:00Z"], True), (["on 2026-11-26"], ["on 2026-11-27"], False),
        (['"requestId":"cbba5d07-…"'], ['"requestId":"0188a7c2-1111-7aaa-8bbb-0123456789ab"'], True),
        (["200 after 0.128733 s"], ["200 after 1.000001 s"], True), (["200 after 0.128733 s"], ["503 after 0.128733 s"], False),
        (["registry           8989  ready            1  …"], ["registry             12  ready            1  now"], True),
        (["registry           8989  ready            1  …"], ["registry             12  ready            2  now"], False),
    )
    wrong = [case for case in cases if fits(plain(case[0]), plain(case[1])) != case[2]]
    for case in wrong:
        print("the checker is wrong about %r" % (case,))
    return not wrong


def main():
    parser = argparse.ArgumentParser(description="Runs the README's tour and compares its output.")
    parser.add_argument("clone")
    clone = os.path.abspath(parser.parse_args().clone)
    if not own_test():
        return 1
    folder = tempfile.mkdtemp(prefix="pcn-tour-")
    port = free_port()
    os.symlink(os.path.join(clone, "pcn"), os.path.join(folder, "pcn"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PCN_") or name == "PCN_BUILD"}
    environment.update(PCN_STATE=os.path.join(folder, ".pcn"), PCN_HTTP_PORT=port, PCN_REGISTRY_TODAY=TODAY, LC_ALL="C.UTF-8",
                       HOME=folder, XDG_CONFIG_HOME=os.path.join(folder, ".config"))
    down = [os.path.join(folder, "pcn"), "down"]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    try:
        shell = Shell(folder, environment)
        failed = walk(os.path.join(clone, "README.md"), shell, port)
        shell.end()
        return 1 if failed else 0
    finally:
        subprocess.run(down, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(os.path.realpath(os.path.join(folder, ".pcn")), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
