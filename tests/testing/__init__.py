"""The pytest plugin, as a project of its own uses it."""
