# shellcheck shell=bash # sourced by lib/suite
# Packages of the distribution.

# usage: install_packages "PROGRAM…" "apt-get install …"
# Nothing where all the programs are there.
install_packages() {
    local sudo=() program missing=
    for program in $1; do
        command -v "$program" || missing=1
    done >/dev/null
    [[ -n $missing ]] || return 0
    [[ $EUID -eq 0 ]] || sudo=(sudo -n)
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # words of a command
    "${sudo[@]}" $2 || { "${sudo[@]}" apt-get update && "${sudo[@]}" $2; }
} >&2
