# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `here`
# A Kitex client and server in Go, with Kitex' own tracing suite and Prometheus tracer.

kitex_version=v0.16.1
# The sources are part of the key: they decide what is built.
kitex_key=kitex-$kitex_version-$(
    cd "$here/systems/kitex"
    cat build.sh echo.proto go.mod go.sum tool/go.mod tool/go.sum client/main.go server/main.go | sha256sum | cut -c1-8
)
kitex=$cache_root/$kitex_key

kitex_install() {
    must_have "Kitex $kitex_version (needs Go 1.25 or newer and about 3 minutes)" \
        "$here/systems/kitex/build.sh $kitex" \
        cached "$kitex_key/server" "$here/systems/kitex/build.sh" "$kitex"
    export E2E_KITEX=$kitex
}

# The check starts them.
kitex_start() { :; }
