"""From workers that send as fast as they can to the numbers in the result.

The limits do nothing but read and parse: they validate no line, notice no crash, stop at no exact
number and tell nobody.
"""
