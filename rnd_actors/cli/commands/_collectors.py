"""The command `collectors`: which goals a run can have."""

__all__ = ["collectors"]


def collectors() -> int:
    """List the collectors that are installed, with their options."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from rnd_actors.collecting import installed_collectors  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("collector", no_wrap=True)
    table.add_column("options", overflow="fold")
    table.add_column("what it does", overflow="fold")
    for collector in installed_collectors():
        options = "\n".join(
            f"{option.name}: {option.type}"
            + (f" = {option.default}" if option.default is not None else "")
            for option in collector.options
        )
        table.add_row(collector.name, Text(options), Text(collector.summary))
    Console(highlight=False).print(table)
    return 0
