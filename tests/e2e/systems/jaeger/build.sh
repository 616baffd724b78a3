#!/usr/bin/env bash
# usage: build.sh VERSION OUT
# Builds Jaeger v2 from the Go module proxy. Jaeger's own go.mod and go.sum are
# taken over, so that the versions and hashes are those that Jaeger released with.
set -euo pipefail

version=$1
out=$(realpath -m "$2")
module=github.com/jaegertracing/jaeger

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

go mod init jaegerbuild
source_dir=$(go mod download -json "$module@$version" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
sed -e 's#^module .*#module jaegerbuild#' -e '/^toolchain/d' "$source_dir/go.mod" >go.mod
cp "$source_dir/go.sum" go.sum
chmod u+w go.sum

go get "$module@$version"
go build -o "$out.part" "$module/cmd/jaeger"
mv "$out.part" "$out"
