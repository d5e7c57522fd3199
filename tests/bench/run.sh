#!/usr/bin/env bash
# Measures the rows of the speed goals and writes the tables of README.md. About five minutes on a machine that does nothing else.
# usage: tests/bench/run.sh [ARGUMENT of compare.py...]
# FORMWRIGHT_BENCH is the benchmark executable, FORMWRIGHT_PYTHON a Python with the packages of tests/requirements.txt; by default
# those that `tests/run bench interop` makes.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bench=${FORMWRIGHT_BENCH:-$root/build/release/tests/bench} python=${FORMWRIGHT_PYTHON:-$root/build/judges/bin/python}
for file in "$bench" "$python"; do
  [ -x "$file" ] || { echo "There is no $file: run tests/run bench interop first."; exit 1; }
done
exec env PYTHONDONTWRITEBYTECODE=1 "$python" "$root/tests/bench/compare.py" "$bench" --rows --write "$root/tests/bench/README.md" "$@"
