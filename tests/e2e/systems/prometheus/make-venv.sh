#!/usr/bin/env bash
# usage: make-venv.sh VERSION DIRECTORY
# A Python environment with prometheus-client VERSION, whose OpenMetrics parser
# refuses what the format forbids.
set -euo pipefail

version=$1
directory=$2

rm -rf "$directory" # a rest of an interrupted run
python3 -m venv "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check "prometheus-client==$version"
touch "$directory/complete"
