#!/usr/bin/env bash
# fake-gcs-server in memory: Cloud Storage's JSON API, without credentials. See running.sh.
source "$(dirname "$0")/running.sh"
module=github.com/fsouza/fake-gcs-server@v1.56.1

case ${1:-} in
  install) install_go_program "${2:?DIR}" fake-gcs-server "$module" ;;
  start)
    program=${2:?DIR}/fake-gcs-server
    state=${3:?STATE}
    mkdir -p "$state"
    port=$(free_port)
    "$program" -backend memory -scheme http -host 127.0.0.1 -port "$port" -public-host "127.0.0.1:$port" -log-level error >"$state/log" 2>&1 </dev/null &
    echo $! >"$state/pids"
    wait_for_http "http://127.0.0.1:$port/storage/v1/b" "$state/log"
    echo "{\"endpoint\":\"http://127.0.0.1:$port\",\"region\":\"\",\"accessKeyId\":\"\",\"secretAccessKey\":\"\",\"version\":\"${module##*@}\"}"
    ;;
  stop) stop_pids "${2:?STATE}" ;;
  *) say_usage ;;
esac
