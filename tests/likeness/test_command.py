"""``sesreceive fidelity``: what it prints, its exit codes, its files, and hostile captures in HTML and terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from captures.written import ACCOUNT, files, received

import sesreceive as ses
from sesreceive.cli import main, scoring
from sesreceive.cli.exits import Exit
from sesreceive.errors import one_line
from sesreceive.likeness.era import ERAS

MESSAGE_ID = received()[1].message_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = tmp_path / "captures"
    for name in (f"inbox/mail/{MESSAGE_ID}", "raw/0-S3.json", "sender/session.txt"):
        path = kept / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files()[name])
    (kept / "note.txt").write_text("not a capture")
    (tmp_path / "account.json").write_text(ACCOUNT.to("json"), encoding="utf-8")
    return kept


def run(folder: Path, *more: str) -> int:
    account = str(folder.parent / "account.json")
    return main(["fidelity", str(folder), "--account", account, "--no-readings", *more])


def test_captures_that_agree_end_with_zero(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--min", "0.99") == 0
    out = capsys.readouterr().out
    assert "header block" in out
    assert "100.0%" in out
    assert "note.txt: it has none of the shapes" in out


def test_an_artefact_below_the_least_share_ends_with_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "raw" / "0-S3.json"
    path.write_bytes(path.read_bytes().replace(b'"objectKeyPrefix":"mail"', b'"objectKeyPrefix":"post"'))
    assert run(folder) == 0
    assert run(folder, "--min", "0.9") == 0
    assert run(folder, "--min", "1") == 1
    out = capsys.readouterr().out
    assert "receipt.action.objectKeyPrefix: `post` by SES, `mail` here" in out
    assert "notification: 0.9" in out
    assert "is less than 1" in out


def test_the_table_and_the_page_are_written(folder: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "score.html", tmp_path / "score.csv"
    assert run(folder, "--html", str(page), "--csv", str(table)) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert table.read_text(encoding="utf-8").startswith("mail,capture,kind,artefact,path,agreement")


def test_what_is_shown_to_others_holds_no_address(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--redacted") == 0
    out = capsys.readouterr().out
    assert "notification: " in out
    assert "example.org" not in out
    assert MESSAGE_ID not in out


def test_the_open_points_are_a_table_as_in_the_documentation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account = str(folder.parent / "account.json")
    assert main(["fidelity", str(folder), "--account", account, "--markdown"]) == 0
    own = capsys.readouterr().out.splitlines()
    main(["assumptions", "--markdown"])
    public = capsys.readouterr().out.splitlines()
    assert own[0] in public
    assert any(
        line.startswith("| `decode_encoded_words` | decided | `token-start` | `token-start`: mail 1") for line in own
    )


WRONG = [
    # arguments behind the folder                        what it says
    (["--zone", "absent.zone"],                          "cannot read zone `absent.zone`"),
    (["--html", "absent/score.html"],                    "cannot write `absent/score.html`"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "says"), WRONG)
def test_wrong_input_is_one_sentence(
    arguments: list[str], says: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert run(folder, *arguments) == Exit.INPUT
    assert says in capsys.readouterr().err


def test_a_folder_without_captures_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", str(tmp_path / "absent")]) == Exit.INPUT
    (tmp_path / "note.txt").write_text("not a capture")
    assert main(["fidelity", str(tmp_path)]) == Exit.INPUT
    assert "holds nothing that SES wrote: note.txt" in capsys.readouterr().err


@pytest.mark.parametrize("share", ["2", "-1", "much"])
def test_a_share_is_between_none_and_all(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fidelity", "x", "--min", share])
    assert ended.value.code == 2
    assert "expected a share from 0 to 1" in capsys.readouterr().err


def test_the_eras_of_the_command_are_those_of_the_library() -> None:
    assert tuple(ERAS) == scoring._ERAS


def test_an_option_without_effect_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--markdown") == Exit.USAGE
    assert "--markdown has no effect with --no-readings" in capsys.readouterr().err


HOSTILE = "<script>\x1b[31m\u202e"


def test_hostile_captures_are_text_in_html_and_in_a_terminal() -> None:
    told = json.loads(files()["raw/0-S3.json"])
    told["mail"]["commonHeaders"]["subject"] = HOSTILE
    told["mail"][HOSTILE] = HOSTILE
    told["receipt"]["action"]["type"] = HOSTILE
    score = ses.fidelity([told, files()[f"inbox/mail/{MESSAGE_ID}"], b"\x1b[31m"], account=ACCOUNT, readings=False)
    assert score.different
    html = score._repr_html_()
    assert "<script" not in html
    for text in (html, str(score), repr(score), repr(score.captures), str(score.redacted())):
        assert all(line == one_line(line, len(line) + 1) for line in text.split("\n"))
    assert repr(score.captures.mails[0]).isprintable()


def test_the_score_is_never_one_number_alone() -> None:
    score = ses.fidelity([files()[f"inbox/mail/{MESSAGE_ID}"]], account=ACCOUNT, readings=False)
    assert repr(score).startswith("<fidelity of 1 mail: header block 2")
    assert list(score.table()["artefact"]) == [
        "header block",
        "message",
        "verdicts",
    ]
    assert set(score.table().columns) >= {"artefact", "equal", "comparable", "score"}
    assert ses.fidelity([b"x"]).lowest is None


def test_a_mail_that_the_account_refuses_is_a_difference_with_its_reason() -> None:
    closed = ACCOUNT.replace(filters=(ses.ReceiptFilter.block("198.51.100.0/24", name="net"),))
    score = ses.fidelity([files()[f"inbox/mail/{MESSAGE_ID}"]], account=closed, readings=False)
    (row,) = score.different
    assert "the mail is refused here" in row.why
    assert "198.51.100.7" in row.why
