"""What is said to the database while a run is recorded."""

from typing import Final

__all__ = [
    "FINISH",
    "GO_ON",
    "INSERT_RUN",
    "INSERT_SAMPLE",
    "INSERT_SESSION",
    "NEXT_SESSION",
    "UPDATE_SESSION",
]

INSERT_RUN: Final = """
INSERT INTO runs (settings, recipe, collector, goal, seal)
VALUES (:settings, :recipe, :collector, :goal, :seal) RETURNING id
"""
GO_ON: Final = """
UPDATE runs SET outcome = NULL, reason = NULL
WHERE id = :run AND (SELECT count(*) FROM sessions WHERE run = :run) = :sessions RETURNING id
"""
NEXT_SESSION: Final = """
SELECT count(*) + 1, total(elapsed_s) FROM sessions WHERE run = :run
"""
INSERT_SESSION: Final = """
INSERT INTO sessions (run, number, started_at, host) VALUES (:run, :number, :started_at, :host)
"""
UPDATE_SESSION: Final = """
UPDATE sessions SET started_at = :started_at, elapsed_s = :elapsed_s, tally = :tally
WHERE run = :run AND number = :number
"""
INSERT_SAMPLE: Final = """
INSERT INTO samples (run, "index", value, worker, incarnation, seq, received_at)
VALUES (:run, :index, :value, :worker, :incarnation, :seq, :received_at)
"""
FINISH: Final = """
UPDATE runs SET outcome = :outcome, reason = :reason, findings = :findings WHERE id = :run
"""
