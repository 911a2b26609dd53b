"""Spam and virus scanners: markers built in, scripted verdicts for experiments, real engines when asked for."""
