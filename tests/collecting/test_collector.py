from rnd_actors.actors import Killed
from rnd_actors.collecting import Collector, Sample, SampleCount


def sample(index: int = 0, value: int = 7) -> Sample:
    return Sample(index, value, worker=1, incarnation=1, seq=index, received_at=0.0)


class Never(Collector):
    def is_reached(self) -> bool:
        return False


def test_only_the_goal_has_to_be_written() -> None:
    collector = Never()
    assert collector.accepts(sample())
    assert collector.restarts(1, Killed())
    assert collector.progress() == 0.0
    assert collector.goal is None


def test_a_sample_count_is_reached_at_exactly_its_goal() -> None:
    collector = SampleCount(2)
    reached = []
    for index in range(2):
        assert collector.accepts(sample(index))
        reached.append((collector.is_reached(), collector.progress()))
    assert reached == [(False, 0.5), (True, 1.0)]
    assert collector.goal == 2
