# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Programs of this workspace.

# usage: must_build WHAT VARIABLE NAME CARGO-ARGUMENTS…
# Builds and sets VARIABLE to the path of the executable NAME. Cargo is asked for it,
# since CARGO_TARGET_DIR and configuration move it.
must_build() {
    local what=$1 variable=$2 program=$3 path
    shift 3
    if ! path=$(
        cd "$here/../.."
        cargo build "$@" --message-format=json-render-diagnostics | python3 "$here/lib/executable.py" "$program"
    ); then
        report_failure "$name" "$what can be built" "an executable" "an error, see above"
        exit 1
    fi
    printf -v "$variable" '%s' "$path"
}
