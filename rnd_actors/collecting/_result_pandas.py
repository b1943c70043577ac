"""A result as a data frame."""

from rnd_actors.collecting._result import Result
from rnd_actors.collecting._result_json import to_plain

try:
    import pandas as pd  # type: ignore[import-untyped]
except ModuleNotFoundError as error:
    raise ImportError("Result.to_pandas() needs pandas; install it: pip install pandas") from error

__all__ = ["to_pandas"]


def to_pandas(result: Result) -> pd.DataFrame:
    """Return a row per sample, and all else as `attrs`."""
    index = pd.RangeIndex(result.samples, name="index")
    frame = pd.DataFrame({"value": result.values}, index=index, dtype="int64")
    frame.attrs = {key: told for key, told in to_plain(result).items() if key != "values"}
    return frame
