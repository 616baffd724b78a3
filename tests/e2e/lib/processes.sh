# shellcheck shell=bash disable=SC2154 # sourced by lib/suite, which sets `name` and `here`
# Processes of one suite: started with a log each, stopped by process id in
# reverse order, and never by name.

declare -A process_ids=()
process_order=()

# usage: start_process NAME COMMAND…
# Only the check writes to the terminal.
start_process() {
    local process=$1 log=$E2E_WORK/$1.log
    shift
    if [[ $process == check ]]; then
        "$@" &
    else
        "$@" >"$log" 2>&1 </dev/null &
    fi
    process_ids[$process]=$!
    process_order+=("$process")
}

wait_process() {
    local status=0
    wait "${process_ids[$1]}" || status=$?
    unset "process_ids[$1]"
    return "$status"
}

# usage: wait_ready PROCESS SECONDS COMMAND…
# Polls COMMAND until it succeeds; gives up when the process ends or time is up.
wait_ready() {
    local process=$1 seconds=$2 deadline=$((SECONDS + $2))
    shift 2
    until "$@" 2>/dev/null; do
        if ! kill -0 "${process_ids[$process]}" 2>/dev/null; then
            process_failed "$process" "an exit"
        elif ((SECONDS >= deadline)); then
            process_failed "$process" "no answer in $seconds s"
        fi
        sleep 0.05
    done
}

process_failed() {
    tail -n 20 "$E2E_WORK/$1.log" >&2
    report_failure "$name" "$1 starts" "a ready process" "$2"
    exit 1
}

stop_processes() {
    local index process
    for ((index = ${#process_order[@]} - 1; index >= 0; index--)); do
        process=${process_order[index]}
        [[ -z ${process_ids[$process]:-} ]] || stop_process "${process_ids[$process]}"
    done
}

# Politely first; a process that has not ended after 10 s is killed.
stop_process() {
    local deadline=$((SECONDS + 10))
    kill -TERM "$1" 2>/dev/null || return 0
    while kill -0 "$1" 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            kill -KILL "$1" 2>/dev/null || true
            break
        fi
        sleep 0.02
    done
    wait "$1" 2>/dev/null || true
}

# usage: free_ports NAME…
# Sets each NAME to a free loopback port.
free_ports() {
    local ports
    read -r -a ports < <(python3 "$here/lib/free_ports.py" $#)
    for variable in "$@"; do
        printf -v "$variable" '%s' "${ports[0]}"
        ports=("${ports[@]:1}")
    done
}

# usage: http_answers URL STATUS
http_answers() { python3 "$here/lib/http_answers.py" "$1" "$2"; }
