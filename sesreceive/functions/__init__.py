"""Running Lambda functions: Python callables in this process, real handlers in one of their own."""
