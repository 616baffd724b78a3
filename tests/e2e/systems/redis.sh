# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Redis from the distribution, with storage in memory.

redis_packages="apt-get install -y --no-install-recommends redis-server"

redis_install() {
    must_have "Redis" "$redis_packages" install_packages "redis-server redis-cli" "$redis_packages"
}

redis_start() {
    local port
    free_ports port
    start_process redis redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$E2E_WORK"
    wait_ready redis 30 redis-cli -p "$port" ping
    export E2E_REDIS=redis://127.0.0.1:$port
}
