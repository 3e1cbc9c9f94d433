#!/bin/sh
# Prints the limits that the cgroup sets, then runs into two of them. Ends by being killed: exit status 137.

# The first of the files that is there: cgroup v2 has one directory for all, v1 has one for each controller.
first() {
    for file; do
        [ ! -e "/sys/fs/cgroup/$file" ] || { cat "/sys/fs/cgroup/$file" && return; }
    done
    echo "not to be seen here"
}

echo "Memory, bytes:                  $(first memory.max memory/memory.limit_in_bytes)"
echo "Processes:                      $(first pids.max pids/pids.max)"
echo "CPU, microseconds of a period:  $(first cpu.max cpu/cpu.cfs_quota_us)"

echo "Starting forty processes where sixteen are allowed:"
(
    pids=
    trap 'kill $pids; wait' EXIT
    for n in $(seq 40); do
        sleep 10 >/dev/null 2>&1 &
        pids="$pids $!"
        echo "    $n are running"
    done
) 2>&1 | tail -n 2

echo "Asking for 128 MiB where 32 are allowed:"
exec dd if=/dev/zero of=/dev/null bs=128M count=1 iflag=fullblock
