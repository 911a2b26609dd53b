"""A message with its circumstances, made fit for a public bug report: every private word has a stand-in."""
