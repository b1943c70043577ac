"""Ten programs of the Savina suite, each as its framework's users would write it, side by side.

The patterns are those of Imam and Sarkar, "Savina: an actor benchmark suite", AGERE 2014. Each
folder is a program: its docstring says what happens in it, and each module in it has a function
`run` that takes the program's parameters and returns seconds.
"""
