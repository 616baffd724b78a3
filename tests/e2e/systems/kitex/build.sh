#!/usr/bin/env bash
# usage: build.sh DIRECTORY
# Builds DIRECTORY/server and DIRECTORY/client. The framework's own generator, which
# needs no protoc, makes the code of the service.
set -euo pipefail

out=$(realpath -m "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here"/{go.mod,go.sum,echo.proto,server,client,tool} "$work/"

cd "$work/tool"
go build -mod=mod -o "$work/kitex" github.com/cloudwego/kitex/tool/cmd/kitex
cd "$work"
./kitex -module kitexecho -type protobuf echo.proto
mkdir -p "$out"
go build -mod=mod -o "$out/client" ./client
go build -mod=mod -o "$out/server.part" ./server
mv "$out/server.part" "$out/server"
