#!/bin/sh
# Prints who and where the container is, as seen from inside it.

echo "I am process $$ of user $(id -un) on host $(hostname)."

echo "Every process there is:"
ps -o pid,user,args

echo "Capabilities that are in effect (a mask, 0 is none): $(awk '/^CapEff/ { print $2 }' /proc/self/status)"
echo "Network interfaces: $(cd /sys/class/net && echo *)"
echo "My cgroup, as far as I can see: $(awk -F: '{ print $3 }' /proc/self/cgroup | sort -u | xargs)"

echo "Mounts, without those that hide or protect single files:"
awk '$2 !~ "^/(proc|sys)/." || $3 ~ "^cgroup" {
    split($4, option, ",")
    printf "    %-30s %-8s %s\n", $2, $3, option[1] == "ro" ? "read-only" : ""
}' /proc/mounts

echo "The root directory holds: $(cd / && echo *)"
touch /a-file 2>/dev/null || echo "It cannot be written to."
