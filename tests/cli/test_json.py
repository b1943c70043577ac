import json

from rnd_actors.cli._json import result_as_json
from tests.cli.results import COMPLETE


def test_it_has_the_documented_keys_in_the_documented_order() -> None:
    assert result_as_json(COMPLETE) == (
        '{"outcome": "complete", "reason": "the goal is reached", "goal": 3, "samples": 3, '
        '"elapsed_s": 1.5, "deadline_s": null, "rate_per_s": 2.0, "restarts": 2, '
        '"lines": {"received": 5, "accepted": 3, "surplus": 1, "malformed": 1}, '
        '"values": [10, 20, 33], "workers": ['
        '{"id": 1, "port": 3001, "samples": 2, "starts": 1, "crashes": 0, "malformed": 1, '
        '"last_exit": null, "given_up": false, "last_words": [], '
        '"startup_s": null, "streamed_s": 0.0, "rate_per_s": null}, '
        '{"id": 2, "port": 3002, "samples": 1, "starts": 3, "crashes": 2, "malformed": 0, '
        '"last_exit": "killed", "given_up": false, "last_words": [], '
        '"startup_s": null, "streamed_s": 0.0, "rate_per_s": null}]}'
    )


def test_it_is_one_line_of_json() -> None:
    text = result_as_json(COMPLETE)
    assert "\n" not in text
    assert json.loads(text)["values"] == [10, 20, 33]
