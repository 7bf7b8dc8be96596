#!/usr/bin/env bash
# The hook of pre-commit: every file by itself, since several files of one call would be one access file.
set -uo pipefail

code=0
for file in "$@"; do
  cluster-auth check "$file" || code=1
done
exit "$code"
