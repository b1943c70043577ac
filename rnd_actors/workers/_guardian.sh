#!/bin/sh
# Ends the workers of a program that has died: _guardian.sh WORKER_OF_RND_ACTORS=4711-8f3a
# Each has this variable in its environment, with a number of its own: …=4711-8f3a.7
#
# It reads lines from its stdin, a pipe that the program alone holds: `+4712` names a process group
# that the program has started, `-4712` one that has ended. When the pipe ends, so has the program,
# in whatever way; then every group that is left is killed, and where there is /proc so is every
# process with this variable in its environment. The latter finds a worker that was being started
# when the program died, of which no line could tell: until such a process has become the worker,
# and with that has its environment, it holds the pipe open.
#
# It is a shell script because a shell starts in a millisecond, while sixteen workers start.

cd / || exit # whoever started the program may want to remove its folder

groups=
while read -r change; do
    case $change in
    +*) groups="$groups ${change#+}" ;;
    -*)
        left=
        for group in $groups; do
            [ "$group" = "${change#-}" ] || left="$left $group"
        done
        groups=$left
        ;;
    esac
done

for group in $groups; do
    kill -s KILL -- "-$group"
done

rounds=0
while [ "$rounds" -lt 500 ]; do # what was killed is gone after one or two
    marked=$(grep -lsz -e "^$1\." /proc/[0-9]*/environ)
    [ -n "$marked" ] || exit 0
    for path in $marked; do
        pid=${path#/proc/}
        kill -s KILL "${pid%/environ}"
    done
    sleep 0.01
    rounds=$((rounds + 1))
done
