"""One message retold: what decided it, its moments, its scene at a step, who wrote which header."""
