# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Zipkin with storage in memory, as it is published for Java.

zipkin_version=3.6.1
zipkin=$cache_root/zipkin-$zipkin_version/zipkin.jar
zipkin_packages="apt-get install -y --no-install-recommends default-jre-headless maven"

zipkin_install() {
    must_have "Java and Maven" "$zipkin_packages" install_packages "java mvn" "$zipkin_packages"
    must_have "Zipkin $zipkin_version" "$here/systems/zipkin/fetch.sh $zipkin_version $zipkin" \
        cached "zipkin-$zipkin_version/zipkin.jar" "$here/systems/zipkin/fetch.sh" "$zipkin_version" "$zipkin"
}

zipkin_start() {
    local port
    free_ports port
    start_process zipkin env STORAGE_TYPE=mem \
        java -Xmx128m -XX:TieredStopAtLevel=1 -jar "$zipkin" \
        "--armeria.ports[0].ip=127.0.0.1" "--armeria.ports[0].port=$port" "--armeria.ports[0].protocols[0]=http"
    wait_ready zipkin 120 http_answers "http://127.0.0.1:$port/health" 200
    export E2E_ZIPKIN=http://127.0.0.1:$port
}
