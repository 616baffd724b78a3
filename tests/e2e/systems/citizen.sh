# shellcheck shell=bash # sourced by lib/suite
# The service `citizen` of `services/`, as the program under test.

citizen_install() {
    must_build "the service citizen" E2E_CITIZEN citizen -p tracer-e2e-services --features citizen --bin citizen
    export E2E_CITIZEN
}

# Its check starts it.
citizen_start() { :; }
