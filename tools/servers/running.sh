# Shared by the scripts beside it: `source running.sh`. Each of them is used as
#   NAME.sh install DIR        puts the program into DIR; one that is there stays
#   NAME.sh start DIR STATE    starts it on 127.0.0.1, on a free port, with everything it writes in STATE; prints one line of JSON
#   NAME.sh stop STATE         stops what STATE/pids names, and nothing else
# The line of JSON: endpoint, region, accessKeyId, secretAccessKey, and the version of the program.
set -euo pipefail

say_usage() {
  echo "usage: $(basename "$0") install DIR | start DIR STATE | stop STATE" >&2
  exit 2
}

# A port that nobody listens on: some other program may take it before we do, and then `start` fails and says so.
free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 20000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  echo 'no port is free' >&2
  return 1
}

# Waits until something answers HTTP at that address; shows the log and fails where nothing does.
wait_for_http() {
  local url=$1 log=$2
  for _ in {1..240}; do
    curl --silent --output /dev/null --max-time 2 "$url" && return
    sleep 0.25
  done
  echo "nothing answers at $url" >&2
  tail -n 20 "$log" >&2
  return 1
}

# The servers of STATE: asked to end, and after ten seconds made to.
stop_pids() {
  local state=$1 pid
  [[ -f $state/pids ]] || return 0
  while read -r pid; do kill "$pid" 2>/dev/null || true; done < <(tac "$state/pids")
  for _ in {1..40}; do
    local alive=0
    while read -r pid; do kill -0 "$pid" 2>/dev/null && alive=1; done <"$state/pids"
    ((alive)) || break
    sleep 0.25
  done
  while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done <"$state/pids"
  rm -f "$state/pids"
}

install_go_program() {
  local directory=$1 program=$2 module=$3
  [[ -x $directory/$program ]] && return
  command -v go >/dev/null || { echo "$program is not to be had here: there is no Go" >&2; return 1; }
  mkdir -p "$directory"
  GOBIN=$(cd "$directory" && pwd) CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "$module"
}
