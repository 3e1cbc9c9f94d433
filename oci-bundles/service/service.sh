#!/bin/sh
# Does nothing for as long as it is let, and leaves in order when it is asked to.

trap 'echo "service: got SIGTERM, leaving in order"; exit 0' TERM
echo "service: running as process $$"
# A trap only runs between commands: wait is interrupted by the signal, a sleep in the foreground is not.
sleep 86400 &
wait
