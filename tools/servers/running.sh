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

# A port that nobody listens on, below those that the system gives to outgoing connections: one of them may have it and listen to nobody.
free_port() {
  local port below=32768
  [[ -r /proc/sys/net/ipv4/ip_local_port_range ]] && read -r below _ </proc/sys/net/ipv4/ip_local_port_range
  ((below > 12000)) || below=32768
  for _ in {1..50}; do
    port=$((10000 + RANDOM % (below - 10000)))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  echo 'no port is free' >&2
  return 1
}

# Starts a server and waits until it answers HTTP at PATH: `start_on_free_port STATE PATH LOG LAUNCH`, where LAUNCH is a function that ends
# with `exec` of the program on the port that it is given. Another port, where some program took that one between our look and its own.
# Sets `port`; where nothing answers, it shows the log and fails.
start_on_free_port() {
  local state=$1 path=$2 log=$3 launch=$4 before pid
  before=$(cat "$state/pids" 2>/dev/null || true)
  for _ in {1..5}; do
    port=$(free_port)
    "$launch" "$port" >"$log" 2>&1 </dev/null &
    pid=$!
    printf '%s\n' ${before:+"$before"} "$pid" >"$state/pids"
    answers_http "http://127.0.0.1:$port$path" "$pid" && return
    grep -qi 'address already in use' "$log" || break
  done
  echo "nothing answers at http://127.0.0.1:$port$path" >&2
  tail -n 20 "$log" >&2
  return 1
}

# Whether something answers HTTP at that address within a minute, while the program runs that should.
answers_http() {
  local url=$1 pid=$2
  for _ in {1..240}; do
    kill -0 "$pid" 2>/dev/null || return 1
    if curl --silent --output /dev/null --max-time 2 "$url"; then
      # One that finds its port taken ends a moment after somebody else has answered.
      sleep 0.5
      kill -0 "$pid" 2>/dev/null
      return
    fi
    sleep 0.25
  done
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
