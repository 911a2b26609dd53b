"""The API operations that change an account or send a bounce, holding a receiver."""
