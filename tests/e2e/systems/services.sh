# shellcheck shell=bash # sourced by lib/suite
# The services of `services/`, as the programs under test.

services_install() {
    local one
    must_build "the services" one forward -p tracer-e2e-services
    E2E_SERVICES=$(dirname "$one")
    export E2E_SERVICES
}

# Their check starts them.
services_start() { :; }
