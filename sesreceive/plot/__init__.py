"""Pictures: the way of one message (`sesreceive.plot.diagram`, SVG), and of many messages (`report.plot`, matplotlib).

The picture of one message needs nothing but the library; those of a report need the extra ``notebook``.
"""
