"""Runs a program whose controlling terminal is one of its own and whose input is not, types a line at that terminal when it is asked, and prints
{"code": exit code, "terminal": what stood there, "stdout": what the program printed, "echoed": whether the terminal showed what is typed while the
question stood there, "echoes": whether it does so afterwards} in JSON.

terminal.py WHAT-IS-ASKED LINE PROGRAM ARGUMENTS...   a line of ^C is Ctrl-C, and one of TERM ends the program by SIGTERM
"""

import json
import os
import pty
import select
import signal
import sys
import termios
import time

PATIENCE = 60.0


def echoes(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def main():
    asked, line, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    read, write = os.pipe()
    process, terminal = pty.fork()
    if process == 0:
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(write, 1)
        os.close(read)
        os.close(write)
        os.execvp(command[0], command)
    os.close(write)
    seen, stdout, has_typed, echoed = b"", b"", False, None
    end = time.monotonic() + PATIENCE
    open_ends = {terminal, read}
    while open_ends:
        if time.monotonic() > end:
            os.kill(process, 9)
            sys.exit(f"it hangs: {seen.decode(errors='replace')}")
        for end_of in select.select(list(open_ends), [], [], 0.1)[0]:
            try:
                some = os.read(end_of, 4096)
            except OSError:
                some = b""
            if not some:
                open_ends.discard(end_of)
            elif end_of == terminal:
                seen += some
            else:
                stdout += some
        if not has_typed and asked.encode() in seen:
            echoed, has_typed = echoes(terminal), True
            if line == "TERM":
                os.kill(process, signal.SIGTERM)
            else:
                os.write(terminal, b"\x03" if line == "^C" else line.encode() + b"\r")
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    text = {"terminal": seen.decode(errors="replace"), "stdout": stdout.decode(errors="replace")}
    print(json.dumps({"code": code, **text, "echoed": echoed, "echoes": echoes(terminal)}))


main()
