"""Types lines at an interactive shell on a terminal of its own, and says what each has become after the tab key.

type.py PROGRAM SHELL < what to do, in JSON: {"begin": [commands], "lines": [text]}; prints the lines in JSON.
"""

import json
import os
import pty
import select
import sys
import time

ARGUMENTS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
# What writes the line that is being edited into a file, and what makes a key of it.
DUMP = {
    "bash": ["bind -x '\"\\C-xd\": printf %s \"$READLINE_LINE\" > dump.new && mv dump.new dump'"],
    "zsh": ["dump() { print -rn -- \"$BUFFER\" > dump.new && mv dump.new dump }", "zle -N dump", "bindkey '^Xd' dump"],
}
PATIENCE = 60.0


def main():
    shell = sys.argv[1]
    task = json.loads(sys.stdin.readline())
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(PS1="$ ", TERM="dumb", HISTFILE="/dev/null")
        os.execvp(shell, ARGUMENTS[shell])

    def read(until):
        end = time.monotonic() + PATIENCE
        said = b""
        while not until():
            if time.monotonic() > end:
                sys.exit(f"{shell} hangs: {said.decode(errors='replace')}")
            if select.select([terminal], [], [], 0.02)[0]:
                said += os.read(terminal, 4096)

    def taken(name):
        if not os.path.exists(name):
            return None
        with open(name, encoding="utf-8") as file:
            text = file.read()
        os.remove(name)
        return text

    for command in [*task["begin"], *DUMP[shell], "touch begun"]:
        os.write(terminal, command.encode() + b"\r")
    read(lambda: taken("begun") is not None)
    lines = []
    for line in task["lines"]:
        # Control-U takes away what is left of the one before.
        os.write(terminal, b"\x15" + line.encode() + b"\t\x18d")
        dumped = []

        def is_there():
            text = taken("dump")
            if text is not None:
                dumped.append(text)
            return bool(dumped)

        read(is_there)
        lines.append(dumped[0])
    os.write(terminal, b"\x15exit\r")
    print(json.dumps(lines))


main()
