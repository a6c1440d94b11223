"""One run of the command line: every expected error becomes a sentence, a hint and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from ..errors import (
    InputError,
    NotAllowedError,
    TemporaryError,
    UntrustedDataError,
    UnwrappedError,
    missing_package,
)
from .program import program

EXIT_NO = 1
EXIT_INPUT = 2
EXIT_TEMPORARY = 3
EXIT_UNTRUSTED = 4
EXIT_NOT_ALLOWED = 5
EXIT_STOPPED = 130  # as shells say it: 128 + SIGINT

_CODES: tuple[tuple[type[UnwrappedError], int], ...] = (
    (InputError, EXIT_INPUT),
    (TemporaryError, EXIT_TEMPORARY),
    (UntrustedDataError, EXIT_UNTRUSTED),
    (NotAllowedError, EXIT_NOT_ALLOWED),
)
# typer brings its own copy of click in newer versions; its public exception leads to the base either way.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_ClickError: type[Exception] = typer.BadParameter.__mro__[2]


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    _keep_secrets_out_of_core_dumps()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a locale has no letter for must stop nothing
    try:
        # Not standalone: click would print its own words and codes for errors and for Ctrl-C.
        result = program(args=list(arguments), prog_name="unwrapped-dao", standalone_mode=False)
        sys.stdout.flush()
    except UnwrappedError as problem:
        return _say(problem.message, problem.hint, exit_code(problem))
    except ModuleNotFoundError as missing:
        if (absent := missing_package(missing)) is None:
            raise
        return _say(absent.message, absent.hint, EXIT_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return _say("Stopped.", "Nothing was lost; the same command goes on from here.", EXIT_STOPPED)
    except BrokenPipeError:
        # Who reads our output has seen enough. Python would complain once more at its end.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_NO
    except _ClickError as problem:
        if type(problem).__name__ == "NoArgsIsHelpError":  # nothing was asked for: no mistake to speak of
            print(_usage(problem), file=sys.stderr)
            return EXIT_INPUT
        return _say(_usage(problem), _usage_hint(problem), EXIT_INPUT)
    except OSError as problem:
        where = f" ({problem.filename})" if problem.filename else ""
        return _say(
            f"A file could not be read or written: {problem.strerror or problem}{where}.",
            "Check its permissions and the room on the disk, then run the command again.",
            EXIT_TEMPORARY,
        )
    return int(result) if isinstance(result, int) else 0


def _keep_secrets_out_of_core_dumps() -> None:
    """A crash, or whoever asks for one, would write shares and passphrases into a file."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # not everywhere is there such a limit
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def exit_code(problem: UnwrappedError) -> int:
    """By what the reader can do about it."""
    return next((code for kind, code in _CODES if isinstance(problem, kind)), EXIT_NO)


def _say(message: str, hint: str, code: int) -> int:
    from ..exports import visible

    with contextlib.suppress(BrokenPipeError):
        print(visible(f"error: {message}\nhint: {hint}", keep="\n\t"), file=sys.stderr, flush=True)
    return code


def _usage(problem: Exception) -> str:
    told = str(problem.format_message()) if hasattr(problem, "format_message") else str(problem)
    return told if told.endswith((".", "?")) else f"{told}."


def _usage_hint(problem: Exception) -> str:
    context = getattr(problem, "ctx", None) if isinstance(problem, _UsageError) else None
    path = context.command_path if context is not None else "unwrapped-dao"
    return f"See `{path} --help`."
