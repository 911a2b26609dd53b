"""The pytest plugin: an account from a template, a receiver, a zone and a live server as fixtures; coverage at the end.

===================  =======  =========================================================================================
fixture              lives    is
===================  =======  =========================================================================================
``ses_account``      session  the account of the template that ``--ses-account`` or the setting ``ses_account`` names
``ses_loaded``       session  what was read: account, problems, placeholders, functions
``ses_zone``         session  DNS of the senders: the zone file of ``--ses-zone`` or ``ses_zone``; empty without one
``ses_functions``    test     Lambda functions by name: those with code beside the template; override it for others
``ses_permissions``  session  what the policies of the template allow SES; override it with None to ask none
``ses_receiver``     test     a `Receiver` for these, with a `MemoryBackend`, fixed ids and a fixed clock
``ses_smtp``         test     its live SMTP server on this machine
``ses_mail``         test     `make_mail`, the builder
===================  =======  =========================================================================================

Each fixture can be overridden in a ``conftest.py``, a module or a class, as any fixture. A test that fails prints the
explanation of the mail it received. pytest loads this module for every project, so it imports nothing large.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sesreceive.account.account import Account
    from sesreceive.dns.zone import Zone
    from sesreceive.formats.loaded import Loaded
    from sesreceive.permissions import Permissions
    from sesreceive.receiver import Receiver
    from sesreceive.smtp.server import Server
    from sesreceive.testing.builders import Mail
    from sesreceive.testing.recording import Recording

# Explanations of a failing test, the latest.
_EXPLAINED = 3
_SETTINGS = {
    "ses_account": "template, folder or account file with the account under test, beside this file",
    "ses_zone": "zone file with the DNS records of the senders, beside this file",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and settings."""
    group = parser.getgroup("sesreceive", "receipt rules of Amazon SES")
    group.addoption(
        "--ses-account", metavar="PATH", help="template, folder or account file with the account under test"
    )
    group.addoption("--ses-zone", metavar="PATH", help="zone file with the DNS records of the senders")
    group.addoption(
        "--ses-var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a variable or parameter of the template",
    )
    group.addoption(
        "--ses-coverage",
        nargs="?",
        const=0.0,
        type=_percent,
        metavar="N",
        help="tell at the end what of the account no mail exercised; with N fail if fewer percent are covered",
    )
    for name, text in _SETTINGS.items():
        parser.addini(name, text)
    parser.addini("ses_variables", "values of variables of the template, NAME=VALUE, one a line", type="linelist")


def _percent(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 100, as in --ses-coverage=90, but got {text!r}")
    return number


_RECORDING: pytest.StashKey[Recording] = pytest.StashKey()


def _recording(config: pytest.Config) -> Recording:
    from sesreceive.testing.recording import Recording

    return config.stash.setdefault(_RECORDING, Recording())


# ---------------------------------------------------------------- fixtures


def _path(config: pytest.Config, name: str) -> Path | None:
    """The file that an option names, from where pytest was started; or that a setting does, from where it stands."""
    option = config.getoption(name)
    if option:
        return Path(config.invocation_params.dir, option)
    setting = config.getini(name)
    return Path(config.inipath.parent if config.inipath else config.rootpath, setting) if setting else None


def _template(config: pytest.Config) -> Loaded:
    from sesreceive.cli.templates import variables_of
    from sesreceive.errors import InputError
    from sesreceive.formats import load

    path = _path(config, "ses_account")
    if path is None:
        raise InputError(
            "expected the template of the account under test: give --ses-account=PATH, or write `ses_account = PATH` "
            "into the settings of pytest, or override the fixture `ses_account`"
        )
    variables = variables_of(config.getini("ses_variables"), "ses_variables")
    variables |= variables_of(config.getoption("ses_var"), "--ses-var")
    return load(path, variables=variables)


def _or_fail(make: Callable[[], Any]) -> Any:
    """What `make` gives; an error of ours fails the test with its sentence alone."""
    from sesreceive.errors import SesReceiveError, one_line

    try:
        return make()
    except SesReceiveError as error:
        text = "\n".join(one_line(line, 2000) for line in str(error).splitlines())
    pytest.fail(text, pytrace=False)


@pytest.fixture(scope="session")
def ses_loaded(pytestconfig: pytest.Config) -> Loaded:
    """What was read of the template: account, problems, placeholders, functions."""
    loaded: Loaded = _or_fail(lambda: _template(pytestconfig))
    _recording(pytestconfig).note(loaded)
    return loaded


@pytest.fixture(scope="session")
def ses_account(pytestconfig: pytest.Config, ses_loaded: Loaded) -> Account:
    """The account of the template; it is one that SES would take, and something was read."""
    if ses_loaded.problems and not ses_loaded.account.rule_sets:
        pytest.fail("\n".join(_recording(pytestconfig).problems()), pytrace=False)
    _or_fail(ses_loaded.account.validate)
    return ses_loaded.account


@pytest.fixture(scope="session")
def ses_zone(pytestconfig: pytest.Config) -> Zone:
    """The DNS records of the senders; empty where no file was named."""
    from sesreceive.cli.options import zone_of
    from sesreceive.dns.zone import Zone

    path = _path(pytestconfig, "ses_zone")
    zone: Zone = _or_fail(lambda: zone_of(str(path))) if path is not None else Zone({})
    return zone


@pytest.fixture
def ses_functions(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Lambda functions by ARN or plain name: those whose code lies beside the template; none without a template."""
    if _path(request.config, "ses_account") is None:
        return {}
    return dict(request.getfixturevalue("ses_loaded").functions)


@pytest.fixture(scope="session")
def ses_permissions(request: pytest.FixtureRequest) -> Permissions | None:
    """What the policies of the template allow SES; None without a template, and where it has none."""
    if _path(request.config, "ses_account") is None:
        return None
    loaded: Loaded = request.getfixturevalue("ses_loaded")
    return loaded.permissions


@pytest.fixture
def ses_receiver(
    request: pytest.FixtureRequest,
    ses_account: Account,
    ses_zone: Zone,
    ses_functions: dict[str, Any],
    ses_permissions: Permissions | None,
) -> Iterator[Receiver]:
    """A receiver for the account, with fixed ids and a fixed clock, whose mail is explained when the test fails."""
    from sesreceive.backends.memory import MemoryBackend
    from sesreceive.testing.recording import RecordingReceiver

    recording = _recording(request.config)
    backend = MemoryBackend(functions=ses_functions)

    def make() -> Receiver:
        return RecordingReceiver(
            ses_account, recording, resolver=ses_zone, backend=backend, permissions=ses_permissions, seed=1
        )

    receiver: Receiver = _or_fail(make)
    yield receiver
    recording.count(tally=request.config.getoption("ses_coverage") is not None)


@pytest.fixture
def ses_smtp(ses_receiver: Receiver) -> Iterator[Server]:
    """A live SMTP server on this machine with the receiver behind it; `Server.address` says where."""
    with ses_receiver.smtp() as server:
        yield server


@pytest.fixture
def ses_mail() -> Callable[..., Mail]:
    """The builder of mail; see `sesreceive.testing.builders.make_mail`."""
    from sesreceive.testing.builders import make_mail

    return make_mail


# ---------------------------------------------------------------- what is printed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed has the explanation of its mail in its report."""
    report = yield
    recording = item.config.stash.get(_RECORDING, None)
    if recording is not None and report.when == "call" and report.failed:
        shown = getattr(call.excinfo.value, "receptions", ()) if call.excinfo is not None else ()
        receptions = [one for one in recording.receptions if not any(one is known for known in shown)]
        if receptions:
            skipped = len(receptions) - _EXPLAINED
            texts = [f"({skipped} earlier left out)"] if skipped > 0 else []
            texts += [str(one.explain()) for one in receptions[-_EXPLAINED:]]
            report.sections.append(("what became of the mail", "\n\n".join(texts)))
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """What a worker of pytest-xdist counted is taken over."""
    counted = getattr(node, "workeroutput", {}).get("sesreceive")
    if counted:
        _recording(node.config).take_over(counted)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The session fails where less was covered than was asked for."""
    config = session.config
    wanted = config.getoption("ses_coverage")
    if hasattr(config, "workeroutput"):
        config.workeroutput["sesreceive"] = _recording(config).counted()
    elif wanted is not None and not config.option.collectonly and session.exitstatus == pytest.ExitCode.OK:
        covered = _recording(config).coverages(_used(config))
        if not covered or min(one.percent for one in covered) < wanted:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if wanted else session.exitstatus


def _used(config: pytest.Config) -> Account | None:
    """The account of the template, for a session in which no test received mail."""
    from sesreceive.errors import SesReceiveError

    try:
        return _template(config).account
    except SesReceiveError:
        return None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Problems of the template, and with ``--ses-coverage`` what of each account the tests exercised."""
    wanted = config.getoption("ses_coverage")
    recording = config.stash.get(_RECORDING, None)
    lines = recording.problems() if recording is not None else []
    if lines:
        terminalreporter.section("sesreceive: problems of the template")
        for line in lines:
            terminalreporter.write_line(line)
    if wanted is None or config.option.collectonly:
        return
    terminalreporter.section("sesreceive: coverage of receipt rules")
    covered = _recording(config).coverages(_used(config))
    if not covered:
        terminalreporter.write_line("no test used the fixture ses_receiver, and no template was named")
    for one in covered:
        for line in one.text.splitlines():
            terminalreporter.write_line(line)
    got = min((one.percent for one in covered), default=0.0)
    if got < wanted:
        terminalreporter.write_line(f"FAIL: expected at least {wanted:g} % but got {got:.1f} %", red=True)
