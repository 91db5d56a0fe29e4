#!/bin/bash
# The health check of the sidecar's image: asks the agent whether the workload is ready, without a process
# but this shell. The first probe that succeeds ends start-up; from then on a probe waits before it asks,
# because starting one every second costs Docker 6 % of a core for each container.
seen=/dev/shm/cmesh-ready
[ ! -f "$seen" ] || sleep 10
exec 3<>"/dev/tcp/127.0.0.1/${CMESH_READINESS_PORT:-15021}" || exit 1
printf 'GET /healthz/ready HTTP/1.0\r\n\r\n' >&3
read -r -t 5 _ status _ <&3
[ "$status" = 200 ] && : >"$seen"
