"""A long run under load in which everything is killed, flushed and restarted, then counted.

`python -m tests.faults.soak` starts its own PostgreSQL, Valkey, processes and Cloud API simulator,
whatever the environment names, and touches nothing else.
"""
