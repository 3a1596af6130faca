# Docker Engine, found or made ready. POSIX sh, to be sourced:
#
#   . examples/lib/docker.sh
#   ensure_docker            # exits 3 with a sentence when there is no way
#   trap stop_docker_if_ours EXIT
#
# ensure_docker leaves a running engine alone. As root on Debian or Ubuntu it installs what is missing and starts
# dockerd, detached, with its log in $EVALDOCK_DOCKER_STATE (default: ~/.local/state/evaldock-docker).

EVALDOCK_DOCKER_STATE=${EVALDOCK_DOCKER_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/evaldock-docker}
docker_ours=
docker_wait_seconds=60

say() { printf '%s\n' "$*" >&2; }
docker_answers() { docker info >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# retry COMMAND...: up to three times, for what asks the network.
retry() {
    "$@" && return 0
    for retry_pause in 2 10; do
        say "That failed. Once more in $retry_pause s: $*"
        sleep "$retry_pause"
        "$@" && return 0
    done
    return 1
}

# install_packages PACKAGE...: as root, with apt. Says what it does first. A package list that cannot be refreshed is
# no error by itself: one broken third-party source must not hide packages that are there.
install_packages() {
    say "Installing with apt-get: $*"
    retry apt_install "$@"
}

# apt_install PACKAGE...: another apt at work is waited for.
apt_install() {
    apt-get -o DPkg::Lock::Timeout=300 update -q >/dev/null 2>&1 </dev/null || true
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        install -y -q --no-install-recommends "$@" >/dev/null </dev/null
}

# need_tool TOOL PACKAGE: the command TOOL is there afterwards, or the script ends with what to do.
need_tool() {
    command -v "$1" >/dev/null 2>&1 && return 0
    if is_root && command -v apt-get >/dev/null 2>&1 && install_packages "$2"; then
        command -v "$1" >/dev/null 2>&1 && return 0
    fi
    say "The command '$1' is missing. Install it (Debian, Ubuntu: sudo apt-get install $2) and run this again."
    exit 3
}

ensure_docker() {
    if docker_answers; then
        return 0
    fi
    refuse_what_we_cannot_start
    if ! command -v dockerd >/dev/null 2>&1 || ! command -v docker >/dev/null 2>&1; then
        install_packages docker.io iptables || refuse "apt-get could not install docker.io."
        # Newer Debian releases ship the command-line client as a package of its own.
        command -v docker >/dev/null 2>&1 || install_packages docker-cli
    fi
    # The package starts the engine by itself where an init system runs.
    docker_answers && return 0
    if [ -d /run/systemd/system ]; then
        say "Starting Docker Engine with systemctl"
        systemctl start docker && wait_for_docker "" && docker_ours=systemd && return 0
        refuse "'systemctl start docker' did not bring it up; 'journalctl -u docker' says why."
    fi
    start_dockerd
}

refuse() {
    say "Docker Engine does not answer: $*"
    say "Start it, check with 'docker info', and run this again. How to install it: https://docs.docker.com/engine/install/"
    exit 3
}

refuse_what_we_cannot_start() {
    if [ -n "${DOCKER_HOST:-}" ]; then
        refuse "DOCKER_HOST is '$DOCKER_HOST' and nothing answers there. Unset it to use this machine's own engine."
    fi
    if [ "$(uname -s)" != Linux ]; then
        refuse "start Docker Desktop (or OrbStack, Colima, Rancher Desktop)."
    fi
    if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
        refuse "your user may not use /var/run/docker.sock. Run: sudo usermod -aG docker $(id -un), then log in again."
    fi
    if ! is_root; then
        refuse "only root can start it. Run: sudo apt-get install docker.io (Debian, Ubuntu), then: sudo systemctl start docker"
    fi
    if ! command -v dockerd >/dev/null 2>&1 && ! command -v apt-get >/dev/null 2>&1; then
        refuse "it is not installed, and this is not Debian or Ubuntu, so this script cannot install it."
    fi
}

start_dockerd() {
    mount_cgroups
    mkdir -p "$EVALDOCK_DOCKER_STATE"
    dockerd_log=$EVALDOCK_DOCKER_STATE/dockerd.log
    if process_in_file_is /var/run/docker.pid dockerd; then
        wait_for_docker "" && return 0
        refuse "a dockerd is running (process $(cat /var/run/docker.pid)), but it does not answer."
    fi
    rm -f /var/run/docker.pid
    process_in_file_is /var/run/docker/containerd/containerd.pid containerd ||
        rm -f /var/run/docker/containerd/containerd.pid
    say "Starting Docker Engine (log: $dockerd_log)"
    setsid dockerd >"$dockerd_log" 2>&1 </dev/null &
    dockerd_pid=$!
    if wait_for_docker "$dockerd_pid"; then
        # Another dockerd may have won a race for the socket; then it is not ours to stop.
        if kill -0 "$dockerd_pid" 2>/dev/null; then docker_ours=$dockerd_pid; fi
        return 0
    fi
    say "The end of $dockerd_log:"
    tail -n 5 "$dockerd_log" >&2
    refuse "dockerd did not start."
}

# process_in_file_is FILE NAME: FILE holds the id of a live process called NAME (ids are reused: the name matters).
process_in_file_is() {
    pif_pid=$(cat "$1" 2>/dev/null) || return 1
    [ -n "$pif_pid" ] && [ "$(cat "/proc/$pif_pid/comm" 2>/dev/null)" = "$2" ]
}

# wait_for_docker PID: until the engine answers; gives up when process PID (if given) has ended, or after a minute.
wait_for_docker() {
    wfd_end=$(($(date +%s) + docker_wait_seconds))
    while ! docker_answers; do
        if [ -n "$1" ] && ! kill -0 "$1" 2>/dev/null; then return 1; fi
        [ "$(date +%s)" -lt "$wfd_end" ] || return 1
        sleep 0.1
    done
}

# Containers need mounted control groups for their limits; a machine without an init system may have none. Where the
# kernel's controllers already serve version 1, version 2 cannot have them, so the same version is mounted.
mount_cgroups() {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then return 0; fi
    if ! mount_point /sys/fs/cgroup; then
        if ! awk '$2 > 0 && /^(cpu|memory|pids)\t/ { found = 1 } END { exit !found }' /proc/cgroups; then
            say "Mounting control groups (version 2)"
            mount -t cgroup2 cgroup2 /sys/fs/cgroup && return 0
        fi
        mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup || refuse "/sys/fs/cgroup cannot be mounted."
    fi
    for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
        grep -q "^$controller	.*	1\$" /proc/cgroups || continue
        grep -q " cgroup [^ ]*\b$controller\b" /proc/mounts && continue
        say "Mounting the control group '$controller'"
        mkdir -p "/sys/fs/cgroup/$controller"
        mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" ||
            say "The control group '$controller' cannot be mounted: limits of that kind will not work."
    done
}

mount_point() { awk -v dir="$1" '$2 == dir { found = 1 } END { exit !found }' /proc/mounts; }

# check_docker_limits IMAGE: a container with limits runs, IMAGE having a 'true'. Exits 3 with Docker's own words.
check_docker_limits() {
    if ! cdl_out=$(docker run --rm --network none --memory 64m --cpus 1 --pids-limit 64 "$1" true 2>&1); then
        say "Docker answers, but cannot run a container with memory, CPU and process limits:"
        say "$cdl_out"
        exit 3
    fi
}

# Stops the engine that ensure_docker started in this shell, and nothing else. dockerd takes its containers and its
# containerd with it. Silent, so that a script's own last line stays its last line.
stop_docker_if_ours() {
    [ -n "$docker_ours" ] || return 0
    sdo_pid=$docker_ours
    docker_ours=
    if [ "$sdo_pid" = systemd ]; then
        systemctl stop docker.socket docker >/dev/null 2>&1 || true
        return 0
    fi
    kill "$sdo_pid" 2>/dev/null || return 0
    sdo_end=$(($(date +%s) + docker_wait_seconds))
    while kill -0 "$sdo_pid" 2>/dev/null && [ "$(date +%s)" -lt "$sdo_end" ]; do sleep 0.1; done
    if kill -0 "$sdo_pid" 2>/dev/null; then
        say "dockerd (process $sdo_pid) did not stop within $docker_wait_seconds s: killing it"
        kill -KILL "$sdo_pid" 2>/dev/null || true
    fi
}
