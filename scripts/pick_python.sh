#!/bin/sh
# Prints the path of the Python to build .venv with: the first that really runs and is new enough. A version
# manager leaves commands on PATH that only print an error, so each candidate is run, not just looked up.
# Exits with one sentence when there is none.

for candidate in python3.14 python3.13 python3.12 python3 .venv/bin/python; do
    # Inside an activated environment this is the interpreter the environment was made from.
    path=$("$candidate" -c 'import sys
sys.exit(1) if sys.version_info < (3, 12) else print(getattr(sys, "_base_executable", "") or sys.executable)' 2>/dev/null)
    if [ -n "$path" ] && [ -x "$path" ]; then
        echo "$path"
        exit 0
    fi
done

echo "No Python 3.12 or newer was found: install Python 3.13 (for example with your system's packages or pyenv) and make sure that \`python3.13\` runs." >&2
exit 1
