#!/usr/bin/env bash
# Google's own emulator of Cloud Storage, which fails as it is told to. See running.sh. It is in no package registry, so nothing here
# installs it: follow the README of googleapis/storage-testbench, with DIR/storage-testbench as the virtual environment.
source "$(dirname "$0")/running.sh"

case ${1:-} in
  install)
    [[ -x ${2:?DIR}/storage-testbench/bin/gunicorn ]] || { echo 'storage-testbench is installed by hand, as its README says' >&2; exit 1; }
    ;;
  start)
    environment=$(cd "${2:?DIR}/storage-testbench" && pwd)
    mkdir -p "${3:?STATE}"
    state=$(cd "$3" && pwd)
    launch() {
      exec "$environment/bin/gunicorn" --chdir "$state" --bind="127.0.0.1:$1" --threads=10 --timeout=0 --log-level=warning 'testbench:run()'
    }
    start_on_free_port "$state" / "$state/log" launch
    version=$("$environment/bin/pip" show googleapis-storage-testbench 2>/dev/null | sed -n 's/^Version: //p')
    echo "{\"endpoint\":\"http://127.0.0.1:$port\",\"region\":\"\",\"accessKeyId\":\"\",\"secretAccessKey\":\"\",\"version\":\"$version\"}"
    ;;
  stop) stop_pids "${2:?STATE}" ;;
  *) say_usage ;;
esac
