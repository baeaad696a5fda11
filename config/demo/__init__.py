"""`manage.py demo`: the whole product on one machine, with nothing installed beforehand.

Nothing in this package reads Django's settings: it prepares the environment that they come from.
"""
