"""A class: each student gets other names; a right answer stays right and a wrong one wrong; files are not believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesreceive import lessons
from sesreceive.cli import main
from sesreceive.errors import InputError
from sesreceive.lessons import Assignment, ChoiceGoal, ClassKit, FunctionGoal, grade, variant
from sesreceive.lessons.renaming import Renaming

EXERCISES = {one.id: one for one in lessons.everything().exercises}
NAMES = ("order/stop", "order/bounce", "proving/three-claims")


@given(st.text(max_size=40), st.text(max_size=8))
@settings(max_examples=25)
def test_renaming_twice_changes_nothing_in_lower_case(text: str, seed: str) -> None:
    renaming = Renaming.of(seed)
    text = text.lower()
    assert renaming(renaming(text)) == text


def holds(name: str, seed: str) -> None:
    exercise, other = EXERCISES[name], variant(EXERCISES[name], seed)
    assert other.check(other.goal.solution), str(other.check(other.goal.solution))
    assert all(other.check(one) for one in other.also)
    for mistake in other.wrong:
        assert not other.check(mistake.answer)
        assert other.check(mistake.answer).hint == mistake.hint
    assert len(other.wrong) == len(exercise.wrong)


def test_another_name_for_everything_is_the_same_exercise() -> None:
    holds("order/stop", "7 ana")
    holds("proving/three-claims", "1 bo")


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1 ana", "2 bo", "3 carl"])
@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_is_equally_right_and_wrong_with_other_names(name: str, seed: str) -> None:
    holds(name, seed)


def test_most_exercises_differ_from_student_to_student() -> None:
    shown = {name: {str(variant(one, f"{seed}")) for seed in range(3)} for name, one in EXERCISES.items()}
    assert sum(len(texts) > 1 for texts in shown.values()) >= 45
    choice = next(one for one in EXERCISES.values() if isinstance(one.goal, ChoiceGoal))
    assert len({variant(choice, str(seed)).goal.solution for seed in range(12)}) > 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ClassKit(students=("ana", "bo", "carl"), exercises=NAMES, seed=7).write(tmp_path / "class")


def test_what_is_handed_in_is_graded(folder: Path) -> None:
    ana, bo = Assignment.load(folder / "ana.json"), Assignment.load(folder / "bo.json")
    for name in NAMES:
        assert ana.hand_in(name, ana[name].goal.solution)
    bo.hand_in("order/stop", bo["order/stop"].start)
    bo.hand_in("proving/three-claims", bo["proving/three-claims"].mistakes[1].answer)
    with pytest.raises(InputError, match="expected `a`, `b`, `c` or `d`"):
        bo.hand_in("order/bounce", "z")
    grades = grade(folder)
    table = grades.table()
    assert list(table.loc["ana"]) == [1, 1, 1]
    assert list(table.loc["carl"]) == [0, 0, 0]
    assert table.loc["bo", "proving/three-claims"] == pytest.approx(1 / 3)
    hardest = grades.struggles()
    assert list(hardest["passed"]) == [1, 1, 1]
    assert set(hardest["unanswered"]) == {1, 2}
    assert "two folders" in " ".join(hardest["hint"])
    assert repr(grades) == "<Grades of 3 students, 3 exercises: 3 of 9 passed>"
    assert "33%" in grades.text()


def test_the_same_mistake_of_several_students_is_counted_as_one(tmp_path: Path) -> None:
    students = tuple(f"student-{number}" for number in range(6))
    folder = ClassKit(students=students, exercises=("order/stop",)).write(tmp_path / "class")
    for number, student in enumerate(students):
        assignment = Assignment.load(folder / f"{student}.json")
        assignment.hand_in("order/stop", assignment["order/stop"].mistakes[number % 3 == 0].answer)
    grades = grade(folder)
    assert len({one[0].hint for one in grades.results.values()}) > 2  # each with names of its own
    assert grades.struggles()["hint"][0] == EXERCISES["order/stop"].mistakes[0].hint


def test_a_file_is_not_believed(folder: Path) -> None:
    ana = folder / "ana.json"
    forged = {"student": "ana", "seed": 99, "exercises": ["order/bounce"], "answers": {"order/stop": {"Rules": "x"}}}
    ana.write_text(json.dumps(forged))
    (folder / "bo.json").write_text('{"student": "bo"}')
    (folder / "carl.json").unlink()
    grades = grade(folder)
    assert [one.exercise for one in grades.results["ana"]] == list(NAMES)
    assert "expected an account" in grades.results["ana"][0].message
    assert "expected an object with `seed`" in grades.problems["bo"]
    assert "cannot read" in grades.problems["carl"]
    assert not any(one.passed for results in grades.results.values() for one in results)


@pytest.mark.parametrize(
    ("students", "exercises", "sentence"),
    [
        ((), NAMES, "students: expected names, each once, but got none"),
        (("ana", "Ana"), NAMES, "students: expected names, each once, but got `ana` twice"),
        ("ana", NAMES, "students: expected a list of names but got `ana`"),
        (None, NAMES, "students: expected a list of names but got nothing"),
        (("Class",), NAMES, "students: expected another name than `class`: `class.json` is the file of the class"),
        (("../ana",), NAMES, "expected a student's name of letters"),
        (("ana",), ("order/stopp",), "did you mean `stop`"),
        (("ana",), ("functions/virus-gate",), "wants a function"),
    ],
)
def test_what_is_no_class_is_one_sentence(tmp_path: Path, students: Any, exercises: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        ClassKit(students=students, exercises=exercises).write(tmp_path / "class")
    assert not (tmp_path / "class").exists()


def test_a_folder_with_something_in_it_is_left_alone(folder: Path) -> None:
    before = (folder / "ana.json").read_bytes()
    with pytest.raises(InputError, match="has something in it"):
        ClassKit(students=("ana",), exercises=NAMES).write(folder)
    assert (folder / "ana.json").read_bytes() == before


def test_a_class_is_made_and_graded_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = tmp_path / "students.txt"
    names.write_text("# monday\nana\n\nbo\n")
    folder = str(tmp_path / "monday")
    assert main(["class", "make", folder, "--students", str(names), "--exercise", "order", "--seed", "7"]) == 0
    assert "each of 2 students" in capsys.readouterr().out
    assert main(["class", "grade", folder, "--csv", str(tmp_path / "grades.csv")]) == 0
    assert "<Grades of 2 students, 5 exercises: 0 of 10 passed>" in capsys.readouterr().out
    assert len((tmp_path / "grades.csv").read_text().splitlines()) == 11
    assert main(["class", "grade", folder, "--csv", str(tmp_path / "nowhere" / "grades.csv")]) == 3
    told = capsys.readouterr()
    assert not told.out  # no table that looks like success
    assert "there is no folder" in told.err
    (tmp_path / "monday" / "bo.json").unlink()
    assert main(["class", "grade", folder]) == 1
    assert main(["class", "grade", str(tmp_path / "none")]) == 3
    assert main(["lessons", "order/stop"]) == 0
    assert "order/stop" in capsys.readouterr().out


@pytest.mark.slow
def test_the_notebook_of_a_student_runs(folder: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    notebook = nbformat.read(folder / "ana.ipynb", as_version=4)
    nbformat.validate(notebook)
    handing = [cell for cell in notebook.cells if "hand_in" in cell.source and cell.cell_type == "code"]
    assert len(handing) == len(NAMES)
    for cell, name in zip(handing, NAMES, strict=True):
        cell.source = cell.source.replace("answer = None", f"answer = mine[{name!r}].goal.solution")
    client.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, timeout=120).execute()
    assert all(grade(folder).table().loc["ana"] == 1)


def test_functions_are_the_only_ones_that_cannot_be_handed_in() -> None:
    left_out = []
    for name in EXERCISES:
        try:
            Assignment("ana", (name,))
        except InputError:
            left_out.append(name)
    assert left_out == [name for name, one in EXERCISES.items() if isinstance(one.goal, FunctionGoal)]
