# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# The OpenTelemetry Collector, built with few components, writing what it
# receives to files.

collector_version=v0.155.0
# The pinned sources are part of the key: they decide what is built.
collector_key=collector-$collector_version-$(
    cat "$here"/systems/collector/{builder.yaml,go.mod,go.sum} | sha256sum | cut -c1-8
)
collector=$cache_root/$collector_key/otelcol

collector_install() {
    must_have "OpenTelemetry Collector $collector_version (needs Go 1.25 or newer and about 5 minutes)" \
        "$here/systems/collector/build.sh $collector_version $collector" \
        cached "$collector_key/otelcol" "$here/systems/collector/build.sh" "$collector_version" "$collector"
}

collector_start() {
    local otlp_grpc otlp_http
    free_ports otlp_grpc otlp_http
    export E2E_COLLECTOR_FILES=$E2E_WORK/received
    mkdir -p "$E2E_COLLECTOR_FILES"
    start_process collector env \
        OTLP_GRPC="$otlp_grpc" OTLP_HTTP="$otlp_http" OUT="$E2E_COLLECTOR_FILES" \
        "$collector" "--config=file:$here/systems/collector/config.yaml"
    # A GET is refused, by a receiver that is ready.
    wait_ready collector 30 http_answers "http://127.0.0.1:$otlp_http/v1/traces" 405
    export E2E_OTLP_GRPC=http://127.0.0.1:$otlp_grpc
    # Where a suite has another receiver as well, which comes later.
    export E2E_COLLECTOR_GRPC=$E2E_OTLP_GRPC
    export E2E_OTLP_HTTP=http://127.0.0.1:$otlp_http
}
