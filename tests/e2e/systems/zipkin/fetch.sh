#!/usr/bin/env bash
# usage: fetch.sh VERSION OUT
# Fetches the Zipkin server of VERSION, a program for Java, with Maven.
set -euo pipefail

version=$1
out=$(realpath -m "$2")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="io.zipkin:zipkin-server:$version:jar:exec" -DoutputDirectory="$work" -Dmdep.useBaseVersion=true
mv "$work/zipkin-server-$version-exec.jar" "$out"
