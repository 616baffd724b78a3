# shellcheck shell=bash
# The result lines that are not written by a check, and how all are counted.
# Checks append to the same file (checks/support/results.py).

report_failure() {
    local line="FAIL $1: $2, expected $3, got $4"
    echo "$line"
    echo "$line" >>"$E2E_RESULTS"
}

count_passed() { grep -c '^ok ' "$E2E_RESULTS" || true; }
count_failed() { grep -c '^FAIL ' "$E2E_RESULTS" || true; }
