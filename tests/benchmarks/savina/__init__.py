"""Ten programs of the Savina suite, each as its framework's users would write it, side by side.

The patterns are those of Imam and Sarkar, "Savina: an actor benchmark suite", AGERE 2014. Each
module is a program: its docstring says what happens in it, then come the messages, which are the
same for all, and then a function for each side, which returns seconds. Messages on Thespian have no
sender, since it tells who has sent them; messages on xoscar are calls.
"""
