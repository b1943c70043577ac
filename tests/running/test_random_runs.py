"""Whatever the workers do, a run returns exactly the samples asked for, and its ledger balances."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnd_actors.collecting import Outcome
from rnd_actors.running import RunSettings, run

flags = st.fixed_dictionaries(
    {},
    optional={
        "-crash-at": st.integers(2, 30),
        "-malformed-every": st.integers(2, 5),
        "-lines-per-chunk": st.integers(1, 7),
    },
)


@settings(max_examples=12, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(
    samples=st.integers(1, 80),
    workers=st.integers(1, 4),
    misbehaviour=flags,
    cut=st.sampled_from([(), ("-cut",)]),
)
def test_a_run_is_exact_and_its_ledger_balances(
    samples: int, workers: int, misbehaviour: dict[str, int], cut: tuple[str, ...]
) -> None:
    extra = [text for name, value in misbehaviour.items() for text in (name, str(value))]
    result = run(
        RunSettings(
            samples=samples,
            workers=workers,
            base_port=0,
            worker_args=["-interval", "0.001", *extra, *cut],
        )
    )
    lines = result.lines
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, samples)
    assert result.samples == lines.accepted == len(result.values)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
