"""Where DNS answers come from: a zone in memory, the network when asked for, and a record of every question."""
