# shellcheck shell=bash disable=SC2034 # sourced by lib/suite
systems=(quickstart collector prometheus)
