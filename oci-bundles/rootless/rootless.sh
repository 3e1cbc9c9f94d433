#!/bin/sh
# Shows what an ordinary user is inside a user namespace of their own: root, over nothing but themselves.

echo "Inside I am $(id)."
echo "User ids, as (inside, outside, how many):"
sed 's/^/   /' /proc/self/uid_map
echo "Group ids likewise:"
sed 's/^/   /' /proc/self/gid_map

ip link set lo mtu 1400 && echo "I may change the network, for it is mine alone: $(cd /sys/class/net && echo *)"
chown 1:1 /tmp 2>/dev/null || echo "I cannot give a file to user 1, who is not mapped."
