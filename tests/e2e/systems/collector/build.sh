#!/usr/bin/env bash
# usage: build.sh VERSION OUT
# Builds a small OpenTelemetry Collector. The builder only generates the main
# package: the versions come from the go.mod and go.sum beside this script,
# because the builder's own resolution asks for the newest ones.
set -euo pipefail

version=$1
out=$(realpath -m "$2")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

GOBIN=$work go install "go.opentelemetry.io/collector/cmd/builder@$version"
cp "$here/builder.yaml" "$work/"
cd "$work"
./builder --skip-compilation --skip-get-modules --config builder.yaml
cd _build
cp "$here/go.mod" "$here/go.sum" .
go build -mod=mod -o "$out.part" .
mv "$out.part" "$out"
