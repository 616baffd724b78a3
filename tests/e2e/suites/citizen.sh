# shellcheck shell=bash disable=SC2034 # sourced by lib/suite
systems=(citizen postgresql redis collector jaeger)
