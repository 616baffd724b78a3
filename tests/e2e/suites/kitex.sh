# shellcheck shell=bash disable=SC2034 # sourced by lib/suite
systems=(services kitex jaeger prometheus)
scrape_targets=4 # a client and a server in each language
