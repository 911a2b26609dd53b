"""Every lesson of `make lite`, to its end, with the network cut: what runs, and which cells say that they cannot.

`make lite-check` runs it; it is no part of `make test`, since Python begins anew for each lesson.
"""

from __future__ import annotations

import pytest
from browser.test_lite_browser import Cut, cut, pytestmark, site  # noqa: F401

ENCRYPTS = "Not in a browser: encrypting needs `cryptography`, which is compiled. The lesson goes on."

# lesson → its cells that cannot run → the sentence that they print
LESSONS = {
    "01-first-steps": {},
    "02-what-ses-writes": {"17": ENCRYPTS, "18": ENCRYPTS},
    "03-workbench": {},
    "04-your-own-mail": {},
    "05-your-own-template": {},
    "06-fidelity": {},
    "07-proving-a-rule-set": {},
    "08-order-and-stop": {},
}


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_to_its_end_or_says_what_is_not_there(lesson: str, cut: Cut) -> None:  # noqa: F811
    assert cut.run(f"{lesson}.ipynb") == {"errors": [], "lacking": LESSONS[lesson]}
