"""The help of the program: its commands in groups."""

from typing import Any

from typer.core import TyperGroup


class CommandPanels(TyperGroup):
    """Lists commands by their `rich_help_panel`, in the order in which they were added.

    typer itself does that with its markup alone, which this program does without.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each panel."""
        panels: dict[str, list[tuple[str, str]]] = {}
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        limit = formatter.width - 6 - max(len(name) for name, _ in commands)
        for name, command in commands:
            panel = str(getattr(command, "rich_help_panel", "") or "Commands")
            panels.setdefault(panel, []).append((name, command.get_short_help_str(limit)))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Say where the commands are told to who gives none."""
        if not args and not ctx.resilient_parsing:
            ctx.fail(f"Missing command: `{ctx.command_path} --help` lists them.")
        return super().parse_args(ctx, args)
