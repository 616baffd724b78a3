# shellcheck shell=bash # sourced by lib/suite
# The example `influx_tracer`, as the program under test.

influx_tracer_install() {
    must_build "the example influx_tracer" E2E_INFLUX_TRACER influx_tracer --example influx_tracer
    export E2E_INFLUX_TRACER
}

# Its check starts it.
influx_tracer_start() { :; }
