"""The servers and processes of one machine: what `make run` and `make test` start.

Nothing here is needed in production, where PostgreSQL, the Redis-compatible server, the web server, the worker and
beat are started by the operator and found through the environment (docs/operations.md).
"""
