"""Questions about configurations and about mail that was received; every answer is a value with a ``frame()``."""
