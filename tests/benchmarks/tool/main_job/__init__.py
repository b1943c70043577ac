"""150 samples from 16 workers that send one a second: seconds over the nine that none can beat.

Sixteen workers give 144 numbers in the first 8 s; the other six come after 9 s. A worker that is
restarted sends its first number at once, so with crashes it may be less than nine.
"""
