#!/bin/sh
# The health check of the pod's image: the rules are in force. That cannot change while the pod runs, so a
# probe after the first good one takes its time: one a second costs Docker 4 % of a core for each container.
captured=/dev/shm/cmesh-captured
seen=/dev/shm/cmesh-healthy
[ ! -f "$seen" ] || sleep 60
[ -f "$captured" ] && : >"$seen"
