"""Programs of others read what we write, unchanged: what each of them makes of it is what is asserted."""
