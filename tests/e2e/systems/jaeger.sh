# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Jaeger v2, built from source, with storage in memory.

jaeger_version=v1.76.0 # the Go module's version of Jaeger 2.13
jaeger=$cache_root/jaeger-$jaeger_version/jaeger

jaeger_install() {
    must_have "Jaeger $jaeger_version (needs Go 1.25 or newer, python3 and about 8 minutes)" \
        "$here/systems/jaeger/build.sh $jaeger_version $jaeger" \
        cached "jaeger-$jaeger_version/jaeger" "$here/systems/jaeger/build.sh" "$jaeger_version" "$jaeger"
}

jaeger_start() {
    local query query_grpc health otlp_grpc otlp_http
    free_ports query query_grpc health otlp_grpc otlp_http
    start_process jaeger env \
        JAEGER_QUERY_PORT="$query" \
        JAEGER_QUERY_GRPC_PORT="$query_grpc" \
        JAEGER_HEALTH_PORT="$health" \
        JAEGER_OTLP_GRPC_PORT="$otlp_grpc" \
        JAEGER_OTLP_HTTP_PORT="$otlp_http" \
        "$jaeger" "--config=file:$here/systems/jaeger/config.yaml"
    wait_ready jaeger 30 http_answers "http://127.0.0.1:$health/status" 200
    export E2E_OTLP_GRPC=http://127.0.0.1:$otlp_grpc
    export E2E_OTLP_HTTP=http://127.0.0.1:$otlp_http
    export E2E_JAEGER=http://127.0.0.1:$query
}
