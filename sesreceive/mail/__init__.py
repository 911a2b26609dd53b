"""What arrives: addresses, envelopes, messages, and the collections they are kept in."""
