# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Downloads and builds that outlive a run, one directory for each version.

cache_root=${XDG_CACHE_HOME:-$HOME/.cache}/tracer-e2e

# usage: cached FILE COMMAND…
# Makes FILE (below the cache's root) with COMMAND, unless it is there. Two runs
# at a time are safe: the second waits for the first. COMMAND must create FILE
# at once, or leave none.
cached() {
    local file=$cache_root/$1
    shift
    mkdir -p "$(dirname "$file")"
    (
        flock 9
        [[ -e $file ]] || "$@"
        [[ -e $file ]]
    ) 9>"$(dirname "$file").lock"
}

# usage: must_have WHAT HINT COMMAND…
# A system that cannot be had is a failure, never a reason to skip.
must_have() {
    local what=$1 hint=$2
    shift 2
    if ! "$@"; then
        report_failure "$name" "$what can be installed" "success" "an error; to install it yourself: $hint"
        exit 1
    fi
}
