# shellcheck shell=bash disable=SC2154 # sourced by lib/suite
# The quickstart example, as the program under test.

quickstart_install() {
    [[ -n ${E2E_QUICKSTART:-} ]] ||
        must_build "the quickstart" E2E_QUICKSTART quickstart --release --example quickstart
    export E2E_QUICKSTART
}

# Its check starts it.
quickstart_start() { :; }
