# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# InfluxDB 1 from the distribution.

influxdb_packages="apt-get install -y --no-install-recommends influxdb"

influxdb_install() {
    must_have "InfluxDB" "$influxdb_packages" install_packages influxd "$influxdb_packages"
}

# The check starts it as well: it wants to see what happens when it is stopped.
influxdb_start() { :; }
