"""How values of this package are pickled among a replay and its workers: fast, and what is made later stays unmade.

What the `dataclasses` module gives a frozen class with slots asks for the fields of an object one after the other in
Python, which is most of what it costs to send a reception; and reading a field that is made when it is read makes it. A
table of reducers, written from the fields of each class when the first of it is met, does neither.
"""

from __future__ import annotations

import copyreg
import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from sesreceive.later import is_made_when_read, unread
from sesreceive.reception import Reception
from sesreceive.stages.evaluation import Sentences
from sesreceive.writing.receipt import Receipt

__all__ = ["Reducer", "Reducers"]

Reducer = Callable[[Any], tuple[Any, ...]]

_set, _new, _new_tuple = object.__setattr__, object.__new__, tuple.__new__
# Dataclasses that are taken apart by their fields although they have no slots, since their other attributes are cached
# and made again when they are asked for; or although they make their value for who pickles them otherwise.
_BY_FIELDS = (Reception, Receipt, Sentences)


class Reducers(dict[type, Reducer]):
    r"""A pickler's `dispatch_table` that knows how to take apart any class, but those of the pickle module's own.

    What `copyreg` knows of a class counts first, as in any pickler.

    Examples
    --------
    >>> import io, pickle
    >>> from sesreceive.effects import PutObject
    >>> from sesreceive.later import later, unread
    >>> effect = PutObject(bucket="inbox", key="k", body=later(bytes, 3))
    >>> stream = io.BytesIO()
    >>> pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    >>> pickler.dispatch_table = Reducers()
    >>> pickler.dump(effect)
    >>> again = pickle.loads(stream.getvalue())
    >>> type(unread(again, "body")) is bytes, again.body, again == effect
    (False, b'\x00\x00\x00', True)
    """

    def __missing__(self, cls: Any) -> Reducer:
        """The reducer of a class that is met for the first time."""
        if issubclass(cls, type):
            raise KeyError(cls)  # a class itself travels by its name
        registered: Any = copyreg.dispatch_table.get(cls)
        reducer: Reducer = registered or _reducer_of(cls)
        self[cls] = reducer
        return reducer


@cache
def _reducer_of(cls: Any) -> Reducer:
    if cls in _BY_FIELDS:
        return _by_fields(cls)
    if cls.__reduce_ex__ is object.__reduce_ex__:
        if cls.__reduce__ is not object.__reduce__:
            reduce: Reducer = cls.__reduce__
            return reduce
        if issubclass(cls, tuple) and hasattr(cls, "_fields") and not cls.__dictoffset__:
            return lambda value: (_tuple, (cls, *value))
        if dataclasses.is_dataclass(cls) and _has_slots_alone(cls):
            return _by_fields(cls)
    return lambda value: value.__reduce_ex__(4)


def _has_slots_alone(cls: Any) -> bool:
    """Whether the fields are all that an object has, and the class has no way of its own to be pickled."""
    return cls.__dictoffset__ == 0 and getattr(cls.__getstate__, "__module__", "") == "dataclasses"


def _by_fields(cls: Any) -> Reducer:
    names = _fields(cls)
    if any(is_made_when_read(cls, name) for name in names):
        getters = [
            (lambda value, name=name: unread(value, name)) if is_made_when_read(cls, name) else attrgetter(name)
            for name in names
        ]
        return lambda value: (_revived, (cls, *[get(value) for get in getters]))
    if len(names) < 2:
        return lambda value: (_revived, (cls, *[getattr(value, name) for name in names]))
    fields = attrgetter(*names)
    return lambda value: (_revived, (cls, *fields(value)))


@cache
def _fields(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def _revived(cls: type, *values: Any) -> Any:
    """The object with these fields; they were checked when it was made first."""
    made: Any = _new(cls)
    for name, value in zip(_fields(cls), values, strict=True):
        _set(made, name, value)
    return made


def _tuple(cls: type[tuple[Any, ...]], *values: Any) -> Any:
    return _new_tuple(cls, values)
