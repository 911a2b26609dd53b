"""Where effects take place: in memory, in a folder, in AWS; one contract, and nothing ever raises."""
