"""The SQL of the hot paths. It reads, locks and writes; every rule is Python's.

Each statement takes any number of lines as arrays. None opens a transaction.
"""
