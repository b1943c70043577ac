"""Each actor pings random others, one ping at a time: the cost of many senders to each receiver.

An actor that has all its pongs reports to a sink, and goes on answering pings. When all have
reported, the sink ends them, and each says how many pings it has answered.
"""
