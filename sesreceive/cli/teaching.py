"""``lessons`` and ``class``: which exercises there are; tasks for a class, and what became of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.cli.destinations import expect_file_place, write_text
from sesreceive.cli.exits import Exit
from sesreceive.cli.options import Commands, expect_there, file_option
from sesreceive.cli.parser import number, text
from sesreceive.errors import InputError, one_line

if TYPE_CHECKING:
    from sesreceive.lessons.grades import Grades


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    listing = commands.command(
        "lessons",
        _lessons,
        "list the lessons, the exercises of one, or the task of an exercise",
        examples=("sesreceive lessons", "sesreceive lessons order", "sesreceive lessons order/stop"),
    )
    listing.add_argument("name", nargs="?", type=text("a lesson"), help="a lesson, or a lesson and an exercise")
    make_one = "sesreceive class make monday --student ana --student bo --exercise order/stop --seed 7"
    of_class = commands.command(
        "class", None, "give each student of a class a task of its own, and grade the answers", examples=(make_one,)
    )
    inside = Commands(of_class)
    make = inside.command(
        "make",
        _make,
        "write a folder with a file and a notebook for each student",
        examples=(make_one,),
    )
    file_option(make, "folder", help="new folder")
    make.add_argument(
        "--student", action="append", type=text("a name"), default=[], metavar="NAME", help="a student; may be repeated"
    )
    file_option(make, "--students", metavar="FILE", help="text file with a student's name on each line")
    make.add_argument(
        "--exercise",
        action="append",
        type=text("a name"),
        default=[],
        metavar="NAME",
        help="an exercise, or a whole lesson",
    )
    make.add_argument(
        "--seed", type=number(0), default=0, help="another number gives everybody other names (default: 0)"
    )
    grade = inside.command(
        "grade",
        _grade,
        "grade what the students of a class handed in, and show who struggles where",
        examples=("sesreceive class grade monday --csv grades.csv",),
    )
    file_option(grade, "folder", help="folder of the class, with the files as they came back")
    file_option(grade, "--csv", metavar="FILE", help="file to write a line for each answer to")


def _lessons(options: argparse.Namespace) -> int:
    from sesreceive import lessons

    if options.name is None:
        print(str(lessons.everything()))
    elif "/" in options.name:
        print(str(lessons.exercise(options.name)))
    else:
        print(str(lessons.load(options.name)))
    return Exit.DONE


def _make(options: argparse.Namespace) -> int:
    from sesreceive import lessons
    from sesreceive.lessons.class_kit import ClassKit, students_of

    students = list(options.student)
    if options.students is not None:
        expect_there(options.students)
        try:
            students += students_of(Path(options.students).read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read `{one_line(options.students)}`: {one_line(error)}") from error
    exercises: list[str] = []
    for name in options.exercise:
        exercises += [name] if "/" in name else [one.id for one in lessons.load(name)]
    kit = ClassKit(students=tuple(students), exercises=tuple(exercises), seed=options.seed)
    folder = kit.write(options.folder)
    whom = "one student" if len(kit.students) == 1 else f"each of {len(kit.students)} students"
    print(f"wrote a file and a notebook for {whom} to {one_line(folder)}")
    return Exit.DONE


def _grade(options: argparse.Namespace) -> int:
    from sesreceive.lessons.grades import grade

    expect_file_place(options.csv)
    grades: Grades = grade(options.folder)
    if options.csv is not None:
        write_text(options.csv, grades.frame().to_csv(index=False))
    print(grades.text())
    print()
    print(str(grades))
    return Exit.PROBLEMS if grades.problems else Exit.DONE
