"""customlabels completion."""

import click
from click.shell_completion import get_completion_class

from customlabels.cli.group import Command, pass_session, root
from customlabels.session import Session

VARIABLE = "_CUSTOMLABELS_COMPLETE"
"""What a shell sets when it asks what could come next."""


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@pass_session
def completion(session: Session, shell: str) -> None:
    """Print what has SHELL complete commands, options, and the projects, versions and labels that commands came across.

    \b
    Into ~/.bashrc:                    eval "$(customlabels completion bash)"
    Into ~/.zshrc, below compinit:     eval "$(customlabels completion zsh)"
    Into ~/.config/fish/config.fish:   customlabels completion fish | source

    Example: customlabels completion bash
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is no shell that is known")
    session.console.document(kind(root, {}, "customlabels", VARIABLE).source().strip())
