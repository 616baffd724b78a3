# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# PostgreSQL from the distribution, with a cluster of its own.

postgresql_packages="apt-get install -y --no-install-recommends postgresql"

postgresql_install() {
    # Debian puts the server itself where nobody's PATH is.
    must_have "PostgreSQL" "$postgresql_packages" install_packages "pg_ctlcluster" "$postgresql_packages"
}

# The programs of the newest version that is installed.
postgresql_programs() {
    find /usr/lib/postgresql/*/bin -name initdb -printf '%h\n' | sort -V | tail -n 1
}

# It does not run as root: then it runs as the user that its package has made.
as_postgresql_user() {
    [[ $EUID -ne 0 ]] || set -- setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    cd /
    exec "$@"
}

postgresql_start() {
    local port programs data=$E2E_WORK/postgresql
    free_ports port
    programs=$(postgresql_programs)
    mkdir -p "$data"
    if [[ $EUID -eq 0 ]]; then
        chown postgres: "$data"
        # That user has to get to its data.
        chmod o+x "$E2E_WORK" "$(dirname "$E2E_WORK")"
    fi
    start_process initdb as_postgresql_user "$programs/initdb" -D "$data" -A trust -U postgres -E UTF8 --no-sync
    wait_process initdb || process_failed initdb "an error"
    # Without sockets, whose paths may not be long; a waiting backend finds out that its client is gone.
    start_process postgresql as_postgresql_user "$programs/postgres" -D "$data" -h 127.0.0.1 -p "$port" -F \
        -c unix_socket_directories= -c client_connection_check_interval=100
    wait_ready postgresql 30 "$programs/pg_isready" -q -h 127.0.0.1 -p "$port"
    export E2E_POSTGRESQL=postgres://postgres@127.0.0.1:$port/postgres
}
