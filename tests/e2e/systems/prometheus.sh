# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Prometheus with promtool from the distribution, and the strict OpenMetrics
# parser of the Python client (promtool reads no OpenMetrics).

client_version=0.26.0
client_venv=prometheus-client-$client_version
prometheus_packages="apt-get install -y --no-install-recommends prometheus"

prometheus_install() {
    must_have "Prometheus" "$prometheus_packages" install_packages "prometheus promtool" "$prometheus_packages"
    must_have "the Python package prometheus-client $client_version" \
        "$here/systems/prometheus/make-venv.sh $client_version $cache_root/$client_venv/venv" \
        cached "$client_venv/venv/complete" "$here/systems/prometheus/make-venv.sh" "$client_version" "$cache_root/$client_venv/venv"
    export E2E_OPENMETRICS_PYTHON=$cache_root/$client_venv/venv/bin/python
}

prometheus_start() {
    local port targets
    free_ports port
    targets=$(python3 "$here/lib/free_ports.py" "${scrape_targets:-1}" | sed -E 's/[0-9]+/127.0.0.1:&/g')
    mkdir -p "$E2E_WORK/prometheus-data"
    sed "s/@TARGETS@/${targets// /, }/" "$here/systems/prometheus/config.yaml" >"$E2E_WORK/prometheus.yaml"
    start_process prometheus prometheus \
        --config.file="$E2E_WORK/prometheus.yaml" \
        --storage.tsdb.path="$E2E_WORK/prometheus-data" \
        --web.listen-address="127.0.0.1:$port" \
        --enable-feature=exemplar-storage,native-histograms \
        --log.level=warn
    wait_ready prometheus 30 http_answers "http://127.0.0.1:$port/-/ready" 200
    export E2E_PROMETHEUS=http://127.0.0.1:$port
    # What a suite wants scraped, as many as it says; one unless said.
    export E2E_METRICS_ADDRS=$targets
}
