"""What became of many messages: tables, a matrix, and the receptions behind them.

`rows` is the one place that turns a reception into rows; `overview` is the small table one sees first.
"""

from sesreceive.report.report import Report
from sesreceive.report.rows import rows_of

__all__ = ["Report", "rows_of"]
