"""Widgets: build a rule set, send mail, watch, step through, compare; each part also stands alone.

Loads ipywidgets (extra ``notebook``); the library itself never imports this package.
"""
