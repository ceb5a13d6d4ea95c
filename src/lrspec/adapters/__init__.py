"""One module per framework: the only modules that import one, and only when they are asked for.

No adapter knows the kinds of schedule: each runs a program, and so every kind works on every framework.
"""
