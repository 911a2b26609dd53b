"""What happened and because of what: one flat stream of events, and its readers."""
