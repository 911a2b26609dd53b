"""Runs command lines of the aws CLI in one process, since each start of it takes a second; for the CLI's own Python.

Standard input: a JSON list of argument lists. Standard output: a JSON list of exit code, output and error of each.
"""

import contextlib
import io
import json
import sys


def run(driver, arguments):
    # The CLI writes texts, and the bodies of objects as bytes.
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    error = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        try:
            code = driver.main(arguments)
        except SystemExit as ended:
            code = ended.code
    return code, output.buffer.getvalue().decode(), error.getvalue()


if __name__ == "__main__":
    from awscli.clidriver import create_clidriver  # of that Python; tests are collected by another one

    driver = create_clidriver()
    json.dump([run(driver, arguments) for arguments in json.load(sys.stdin)], sys.__stdout__)
