#!/bin/sh
# Ends the workers of a program that has died: _guardian.sh WORKER_OF_RND_ACTORS=4711-8f3a
# Each has this variable in its environment, with a number of its own: …=4711-8f3a.7
#
# It reads lines from its stdin, a pipe that the program alone holds: `+4712` names a process group
# that the program has started, `-4712` one that has ended. When the pipe ends, so has the program,
# in whatever way; then every group that is left is killed, and where there is /proc so is every
# process with this variable in its environment. The latter finds a worker that was being started
# when the program died, of which no line could tell: until such a process is about to become the
# worker, it holds the pipe open. The kernel closes that before the environment can be read, and
# where a disk is slow long before: a process that has neither environment nor arguments yet is
# waited for. It may get them while others are looked at, so that two rounds in a row have to find
# nobody.
#
# It is a shell script because a shell starts in a millisecond, while sixteen workers start.

trap '' HUP INT QUIT TERM # blocked until now: some shells end that with the first program they run
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

somebody_starts() {
    for arguments in $(grep -Lsz -e . /proc/[0-9]*/cmdline); do
        process=${arguments%/cmdline}
        [ -e "$process/exe" ] || continue # it is of the kernel, of others, or a zombie
        grep -qsz -e . "$process/environ" || return 0
    done
    return 1
}

rounds=0
calm=0
while [ "$rounds" -lt 500 ] && [ "$calm" -lt 2 ]; do # what was killed is gone after one or two
    marked=$(grep -lsz -e "^$1\." /proc/[0-9]*/environ)
    calm=$((calm + 1))
    if [ -n "$marked" ] || somebody_starts; then calm=0; fi
    for path in $marked; do
        pid=${path#/proc/}
        kill -s KILL "${pid%/environ}"
    done
    sleep 0.01
    rounds=$((rounds + 1))
done
