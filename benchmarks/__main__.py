"""`make bench`: all benchmarks, one after the other, each with its table."""

from benchmarks import main_job, plan_against_reality, ten_hours

for benchmark in (main_job, ten_hours, plan_against_reality):
    title, _, explanation = (benchmark.__doc__ or "").partition("\n")
    print(f"## {title}\n{explanation}")
    benchmark.main()
    print(flush=True)
