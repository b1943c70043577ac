"""All contests, with their parameters.

Those of Savina are the suite's own with the amount of work divided by ten; `full` is the suite's.
"""

from typing import Final

from tests.benchmarks.contest import Contest

__all__ = ["CONTESTS", "SAVINA"]

FRAMEWORK: Final = (
    Contest(group="framework", name="tell", parameters={"messages": 200_000}),
    Contest(group="framework", name="ask", parameters={"requests": 20_000}),
    Contest(
        group="framework",
        name="pipelined ask",
        program="ask",
        without=("Thespian", "greenlets"),
        parameters={"requests": 20_000, "window": 100},
    ),
    Contest(group="framework", name="ping-pong", parameters={"pings": 20_000}),
    Contest(group="framework", name="spawn", parameters={"actors": 2_000}),
    Contest(
        group="framework",
        name="spawn and stop",
        program="spawn",
        parameters={"actors": 2_000, "stop": True},
    ),
    Contest(group="framework", name="restart", parameters={"restarts": 1_000}),
    Contest(
        group="framework",
        name="idle memory",
        program="idle",
        parameters={"actors": 5_000, "memory": True},
        repeats=0,
    ),
    Contest(
        group="framework",
        name="alive",
        program="idle",
        without=("greenlets",),
        parameters={"actors": 100_000},
        quick={"actors": 5_000},
        repeats=0,
    ),
    Contest(
        group="framework",
        name="scale",
        parameters={
            "few": 100,
            "many": 10_000,
            "dynamic": 100_000,
            "operations": 20,
            "laps": 5,
            "seconds": 5.0,
        },
        quick={"dynamic": 10_000, "laps": 1},
        repeats=0,
    ),
)

SAVINA: Final = (
    Contest(
        group="savina",
        name="ping-pong",
        parameters={"pings": 4_000},
        full={"pings": 40_000},
    ),
    Contest(
        group="savina",
        name="counting",
        parameters={"increments": 100_000},
        quick={"increments": 50_000},
        full={"increments": 1_000_000},
    ),
    Contest(
        group="savina",
        name="fork-join throughput",
        parameters={"messages": 1_000, "actors": 60},
        full={"messages": 10_000},
    ),
    Contest(
        group="savina",
        name="fork-join create",
        parameters={"actors": 4_000},
        quick={"actors": 2_000},
        full={"actors": 40_000},
    ),
    Contest(
        group="savina",
        name="thread ring",
        parameters={"actors": 100, "hops": 10_000},
        full={"hops": 100_000},
    ),
    Contest(
        group="savina",
        name="chameneos",
        parameters={"creatures": 100, "meetings": 20_000},
        quick={"meetings": 10_000},
        full={"meetings": 200_000},
    ),
    Contest(
        group="savina",
        name="big",
        parameters={"actors": 120, "pings": 2_000},
        quick={"pings": 200},
        full={"pings": 20_000},
        repeats=1,
    ),
    Contest(
        group="savina",
        name="bounded buffer",
        parameters={"buffer": 50, "producers": 40, "consumers": 40, "items": 100, "cost": 25},
        full={"items": 1_000},
    ),
    Contest(
        group="savina",
        name="philosophers",
        parameters={"philosophers": 20, "rounds": 1_000},
        quick={"rounds": 500},
        full={"rounds": 10_000},
    ),
    Contest(
        group="savina",
        name="bank transaction",
        parameters={"accounts": 1_000, "transactions": 5_000},
        full={"transactions": 50_000},
    ),
)

TOOL: Final = (
    Contest(
        group="tool",
        name="one line a chunk",
        program="throughput",
        parameters={"lines": 1, "samples": 1_000_000, "streams": 8},
        quick={"samples": 300_000},
        repeats=0,
    ),
    Contest(
        group="tool",
        name="100 lines a chunk",
        program="throughput",
        parameters={"lines": 100, "samples": 10_000_000, "streams": 8},
        quick={"samples": 3_000_000},
        repeats=0,
    ),
    Contest(group="tool", name="spawn", parameters={"workers": 16}),
    Contest(group="tool", name="recovery", parameters={"crashes": 20}, repeats=0),
    Contest(
        group="tool",
        name="150 samples",
        program="main_job",
        parameters={"mtbf": 0},
        repeats=0,
    ),
    Contest(
        group="tool",
        name="150 samples, with crashes",
        program="main_job",
        parameters={"mtbf": 30},
        quick=None,
        repeats=0,
    ),
    *(
        Contest(
            group="tool",
            name=f"{workers} workers",
            program="load",
            parameters={"workers": workers, "seconds": 10.0},
            quick=quick,
            repeats=0,
        )
        for workers, quick in ((16, {"seconds": 5.0}), (64, None), (256, None), (500, None))
    ),
)

CONTESTS: Final = FRAMEWORK + SAVINA + TOOL
