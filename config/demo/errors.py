"""What the demo tells a person when it cannot go on: one sentence, never a traceback."""


class DemoError(Exception):
    """A sentence for the terminal; whoever catches it prints ``str(error)`` and ends with 1."""
