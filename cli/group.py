"""The root group, the options that every command takes, and how errors end a command."""

import difflib
import functools
import importlib
import itertools
import math
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

import customlabels
from customlabels.cli.asking import Declined, Unasked
from customlabels.cli.overview import COMMANDS, columns, overview
from customlabels.core.console import Console, tell
from customlabels.core.errors import CustomLabelsError
from customlabels.core.known_names import recall
from customlabels.core.printable import never_fail, printable
from customlabels.core.signals import Terminated, orderly
from customlabels.session import Session

_SHARED = {
    "local": click.Option(["--local/--no-local"], default=None, help="Use the local service instead of AWS."),
    "profile": click.Option(["--profile"], metavar="NAME", help="AWS profile."),
    "region": click.Option(["--region"], metavar="NAME", help="AWS region."),
    "endpoint_url": click.Option(["--endpoint-url"], metavar="URL", help="Another endpoint."),
    "config": click.Option(
        ["--config"], type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Settings file."
    ),
    "output": click.Option(["--output"], type=click.Choice(["table", "json"]), help="How results are printed."),
    "verbose": click.Option(["-v", "--verbose"], is_flag=True, default=None, help="Name each AWS call."),
    "quiet": click.Option(["-q", "--quiet"], is_flag=True, default=None, help="Only results and errors."),
    "debug": click.Option(["--debug"], is_flag=True, default=None, help="Show a traceback with an error."),
}


_WHERE = ("local", "profile", "region", "endpoint_url", "config")

Result = TypeVar("Result")


def pass_session(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives the command its session, of the shared options, as first argument."""

    @functools.wraps(command)
    def with_session(*args: Any, **kwargs: Any) -> Result:
        chosen = click.get_current_context().find_root().ensure_object(dict)
        shown = {name: chosen[name] for name in ("output", "verbose", "quiet") if name in chosen}
        where = {name: chosen[name] for name in _WHERE if name in chosen}
        return command(Session(**where, console=Console(**shown)), *args, **kwargs)

    return with_session


class Known(click.types.StringParamType):
    """A name that a shell completes with those that commands came across."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        # What would not be seen, or what a shell would take for more than a word, is not completed.
        names = [name for name in recall(self._kind) if name.startswith(incomplete) and name == printable(name)]
        return [CompletionItem(name) for name in names if not any(map(str.isspace, name))]


_COMPLETED = {
    **dict.fromkeys(("project", "to_project"), "project"),
    **dict.fromkeys(("version", "base", "other", "others"), "version"),
    **dict.fromkeys(("label", "labels"), "label"),
}
"""What kind of name parameters of that name take."""


class Figure(click.FloatRange):
    """A number in a range; neither infinite nor none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number that can be used", param, ctx)
        return number


INTERRUPTED = 130
"""The code of what was left before its end, as a shell has it after Ctrl-C."""


class UsageFault(CustomLabelsError):
    """The line names a command or an option that is not there, or a value that cannot be used."""

    exit_code = 2


class Stopped(CustomLabelsError):
    """A question was not agreed to."""

    exit_code = INTERRUPTED


project_option = click.option("--project", help="Name of the project.")
"""Of every command that works on a project's versions."""


class Command(click.Command):
    """A command that also takes the shared options, wherever they stand on the line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = {parameter.name for parameter in self.params}
        for parameter in self.params:
            if parameter.name in _COMPLETED and parameter.type is click.STRING:
                parameter.type = Known(_COMPLETED[parameter.name])
        self.params += [option for name, option in _SHARED.items() if name not in own]

    def invoke(self, ctx: click.Context) -> Any:
        _collect(ctx)
        return super().invoke(ctx)

    def get_help(self, ctx: click.Context) -> str:
        return _in_its_characters(super().get_help(ctx))


class Group(click.Group):
    """A group whose commands are of this module's kind."""

    command_class = Command

    def get_help(self, ctx: click.Context) -> str:
        return _in_its_characters(super().get_help(ctx))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            close = difflib.get_close_matches(name, self.list_commands(ctx), n=2, cutoff=0.6)
            meant = f"; did you mean {' or '.join(close)}?" if close else ""
            raise click.UsageError(f"there is no command {name!r}{meant}", ctx)
        return super().resolve_command(ctx, args)


class Folder(Group):
    """A group whose commands are modules of a folder of this package, each imported when it is called.

    The module `cli/versions/promote.py` holds `promote`; one whose name Python has taken ends in an underscore there.
    """

    def __init__(self, name: str, summary: str, modules: tuple[str, ...]) -> None:
        super().__init__(name, help=summary)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(f"customlabels.cli.{self.name}.{cmd_name}")
        command: click.Command = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")
        return command


class _Root(Group):
    """The first level: commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"customlabels.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] == "help":
            # `customlabels help train` is `customlabels train --help`.
            args = [*args[1:], "--help"]
            if len(args) == 1:
                click.echo(self.get_help(ctx))
                ctx.exit()
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        return overview(columns(sys.stdout))

    def invoke(self, ctx: click.Context) -> Any:
        _collect(ctx)
        return super().invoke(ctx)


def _in_its_characters(text: str) -> str:
    """A page of help in characters of standard output: click writes UTF-8 where that takes ASCII alone."""
    return printable(text, encoding=sys.stdout.encoding or "utf-8", kept="\n")


def _collect(ctx: click.Context) -> None:
    """Moves the shared options that were given from the command's parameters to what a session reads."""
    chosen = ctx.find_root().ensure_object(dict)
    for name in _SHARED:
        value = ctx.params.pop(name, None)
        if value is not None:
            chosen[name] = value


def _print_version(ctx: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"customlabels {customlabels.__version__}")
        ctx.exit()


root = _Root(
    "customlabels",
    params=[
        *_SHARED.values(),
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_print_version,
        ),
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: list[str]) -> int:
    """Runs the command line; its exit code."""
    never_fail()
    debug = "--debug" in arguments
    console = Console(output="json" if _asks_for_json(arguments) else "table")
    try:
        with orderly():
            ended = root.main(arguments, prog_name="customlabels", standalone_mode=False)
        return ended if isinstance(ended, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (click.Abort, KeyboardInterrupt) as error:
        return _stopped(console, error)
    except Exception as error:
        if debug:
            for line in traceback.format_exc().splitlines():
                tell(line)
        fault = _in_words(error)
        console.error(fault)
        return fault.exit_code


def _in_words(error: Exception) -> CustomLabelsError:
    """What a person is told of an error, and the code that the command ends with."""
    if isinstance(error, CustomLabelsError):
        return error
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "customlabels"
        # click lists choices a line each.
        sentence = error.format_message().replace("\n\t", " ")
        return UsageFault(sentence, hint=f"{command} --help shows what it takes")
    if isinstance(error, OSError):
        return CustomLabelsError(f"{error.filename or 'the system'}: {error.strerror or error}")
    hint = "this is a fault of customlabels; run again with --debug and report what it prints"
    return CustomLabelsError(f"{type(error).__name__}: {error}", hint=hint)


def _stopped(console: Console, error: BaseException) -> int:
    """Tells why the command was left before its end; its code."""
    if isinstance(error, Declined):
        sentence, hint = "stopped: the answer was no", None
    elif isinstance(error, Unasked):
        sentence, hint = "stopped: there is no terminal to ask on", "add --yes to agree beforehand"
    else:
        # click makes an Abort of whatever interrupts it, with a cause, or at a question without one.
        ends = (error, error.__cause__, error.__context__)
        ending = next((end for end in ends if isinstance(end, Terminated)), None)
        by = f" by {ending}" if ending else ""
        code = ending.exit_code if ending else INTERRUPTED
        sentence = f"stopped{by}; run the same command again to go on"
        if console.as_json:
            stopped = Stopped(sentence)
            stopped.exit_code = code
            console.error(stopped)
        else:
            tell(sentence)
        return code
    console.error(Stopped(sentence, hint=hint))
    return INTERRUPTED


def _asks_for_json(arguments: list[str]) -> bool:
    """Whether errors are to be JSON; read before click reads the line, whose faults are errors too."""
    given = arguments[: arguments.index("--")] if "--" in arguments else arguments
    pairs = itertools.pairwise(given)
    return "--output=json" in given or ("--output", "json") in pairs
