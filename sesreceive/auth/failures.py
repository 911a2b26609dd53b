"""What can keep a DKIM signature from passing, as one cited table."""

from __future__ import annotations

from collections.abc import Mapping

from sesreceive.auth.results import DkimStatus, Failure

__all__ = ["FAILURES", "Failed", "Failure"]


# RFC 6376 calls all but one of these PERMFAIL. RFC 8601 section 2.7.1 divides them: `fail` is a signature that
# was tried and did not verify, `permerror` one that cannot be tried. A signature out of its time can be read
# and is not to be relied on, so we take it as `fail`; no document decides.
FAILURES: Mapping[Failure, tuple[DkimStatus, str]] = {
    Failure.SYNTAX:              (DkimStatus.PERMERROR, "RFC 6376 section 6.1.1"),
    Failure.VERSION:             (DkimStatus.PERMERROR, "RFC 6376 section 6.1.1"),
    Failure.MISSING_TAG:         (DkimStatus.PERMERROR, "RFC 6376 section 6.1.1"),
    Failure.BAD_VALUE:           (DkimStatus.PERMERROR, "RFC 6376 section 3.5"),
    Failure.ALGORITHM_UNKNOWN:   (DkimStatus.PERMERROR, "RFC 6376 section 3.3.4"),
    Failure.ALGORITHM_FORBIDDEN: (DkimStatus.PERMERROR, "RFC 8301 section 3.1"),
    Failure.FROM_NOT_SIGNED:     (DkimStatus.PERMERROR, "RFC 6376 section 6.1.1"),
    Failure.IDENTITY:            (DkimStatus.PERMERROR, "RFC 6376 section 6.1.1"),
    Failure.QUERY_METHOD:        (DkimStatus.PERMERROR, "RFC 6376 section 3.5"),
    Failure.TIMES:               (DkimStatus.PERMERROR, "RFC 6376 section 3.5"),
    Failure.EXPIRED:             (DkimStatus.FAIL,      "RFC 6376 section 6.1.1"),
    Failure.FUTURE:              (DkimStatus.FAIL,      "RFC 6376 section 3.5"),
    Failure.TOO_MANY:            (DkimStatus.PERMERROR, "RFC 6376 section 6.1"),
    Failure.DNS:                 (DkimStatus.TEMPERROR, "RFC 6376 section 6.1.2"),
    Failure.NO_KEY:              (DkimStatus.PERMERROR, "RFC 6376 section 6.1.2"),
    Failure.KEY_SYNTAX:          (DkimStatus.PERMERROR, "RFC 6376 section 6.1.2"),
    Failure.KEY_REVOKED:         (DkimStatus.PERMERROR, "RFC 6376 section 6.1.2"),
    Failure.KEY_TYPE:            (DkimStatus.PERMERROR, "RFC 6376 section 6.1.2"),
    Failure.KEY_HASH:            (DkimStatus.PERMERROR, "RFC 6376 section 6.1.2"),
    Failure.KEY_SERVICE:         (DkimStatus.PERMERROR, "RFC 6376 section 3.6.1"),
    Failure.KEY_IDENTITY:        (DkimStatus.PERMERROR, "RFC 6376 section 3.6.1"),
    Failure.KEY_SIZE:            (DkimStatus.PERMERROR, "RFC 8301 section 3.2"),
    Failure.BODY_LENGTH:         (DkimStatus.FAIL,      "RFC 6376 section 3.5"),
    Failure.BODY_HASH:           (DkimStatus.FAIL,      "RFC 6376 section 6.1.3"),
    Failure.SIGNATURE:           (DkimStatus.FAIL,      "RFC 6376 section 6.1.3"),
}  # fmt: skip


class Failed(Exception):  # noqa: N818 - a way out of a check, not an error anybody sees
    """Ends the verification of one signature; `dkim` turns it into a result."""

    def __init__(self, failure: Failure, detail: str, key_bits: int = 0) -> None:
        super().__init__(detail)
        self.failure, self.detail, self.key_bits = failure, detail, key_bits
