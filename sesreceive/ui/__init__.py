"""Widgets: build a rule set, send mail, watch, step through, compare; each part also stands alone.

Loads ipywidgets (extra ``notebook``); the library itself never imports this package.
"""

from __future__ import annotations

from sesreceive.errors import MissingExtraError

try:
    import ipywidgets as _ipywidgets  # noqa: F401 - only to say in one sentence what is missing
except ImportError as _error:
    raise MissingExtraError("ipywidgets", extra="notebook", purpose="the workbench") from _error

from sesreceive.ui import nulls as _nulls  # noqa: F401 - before the first widget is made
from sesreceive.ui.bench import Bench
from sesreceive.ui.builder import RuleSetBuilder
from sesreceive.ui.code_view import CodeView
from sesreceive.ui.composer import Composer
from sesreceive.ui.debugger import Debugger
from sesreceive.ui.exercise_form import ExerciseForm
from sesreceive.ui.filter_editor import FilterEditor
from sesreceive.ui.identity_editor import IdentityEditor
from sesreceive.ui.message_view import MessageView
from sesreceive.ui.path_view import PathView
from sesreceive.ui.prove_view import ProveView
from sesreceive.ui.results_view import Results
from sesreceive.ui.rule_editor import RuleEditor
from sesreceive.ui.traffic import LiveSmtp
from sesreceive.ui.what_if_view import WhatIf
from sesreceive.ui.workbench import Workbench
from sesreceive.ui.zone_editor import ZoneEditor

__all__ = [
    "Bench",
    "CodeView",
    "Composer",
    "Debugger",
    "ExerciseForm",
    "FilterEditor",
    "IdentityEditor",
    "LiveSmtp",
    "MessageView",
    "PathView",
    "ProveView",
    "Results",
    "RuleEditor",
    "RuleSetBuilder",
    "WhatIf",
    "Workbench",
    "ZoneEditor",
]
