# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

from compare import parse, prototype_csv, shares

# What redis-benchmark 7.0.15 printed, shortened.
REDIS = """
====== GET ======
  3000 requests completed in 0.06 seconds
  10 parallel clients

Latency by percentile distribution:
0.000% <= 0.047 milliseconds (cumulative count 11)
50.000% <= 0.111 milliseconds (cumulative count 1500)
99.805% <= 1.239 milliseconds (cumulative count 2995)
99.902% <= 1.287 milliseconds (cumulative count 2998)
99.951% <= 1.295 milliseconds (cumulative count 2999)
100.000% <= 1.303 milliseconds (cumulative count 3000)

Cumulative distribution of latencies:
42.167% <= 0.103 milliseconds (cumulative count 1265)
100.000% <= 1.303 milliseconds (cumulative count 3000)

Summary:
  throughput summary: 53571.43 requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        0.119     0.040     0.111     0.175     0.215     1.303
# redis_usec=30000 load_usec=40000 hits=3000 misses=0 bytes=614400
"""


class RedisBenchmark(unittest.TestCase):
    def test_reads_the_summary_and_the_percentiles(self):
        run = parse.redis_benchmark(REDIS)
        self.assertEqual((run.requests, run.ops, run.avg_ms, run.p50_ms, run.p99_ms), (3000, 53571.43, 0.119, 0.111, 0.215))
        self.assertEqual(run.p999_ms, 1.287)
        self.assertAlmostEqual(run.seconds, 0.056)
        self.assertEqual(run.extra["bytes"], 614400)

    def test_says_nothing_about_a_tail_that_has_too_few_requests(self):
        self.assertIsNone(parse.redis_benchmark(REDIS.replace("  3000 requests", "  999 requests")).p999_ms)

    def test_refuses_other_text(self):
        with self.assertRaises(parse.Unreadable):
            parse.redis_benchmark("Could not connect to Redis at 127.0.0.1:6379")

    def test_quantile_over_two_runs(self):
        fast = parse.RedisRun(100, 1, 100, 1, 1, 1, [(1.0, 50), (2.0, 100)])
        slow = parse.RedisRun(100, 1, 100, 1, 1, 1, [(5.0, 50), (9.0, 100)])
        self.assertEqual(parse.steps_quantile([fast, slow], 0.5), 2.0)
        self.assertEqual(parse.steps_quantile([fast, slow], 0.75), 5.0)
        self.assertEqual(parse.steps_quantile([fast, slow], 0.99), 9.0)


class OtherTools(unittest.TestCase):
    def test_pipe_and_hackbench(self):
        self.assertEqual(parse.pipe_us("     Total time: 0.003 [sec]\n\n      18.915000 usecs/op\n"), 18.915)
        self.assertEqual(parse.hackbench_s("Each sender will pass 10 messages\nTime: 0.123\n"), 0.123)
        with self.assertRaises(parse.Unreadable):
            parse.pipe_us("")

    def test_perf_leaves_out_what_the_processor_cannot_count(self):
        text = "199,,context-switches,75,100.00,,\n1,,cpu-migrations,75,100.00,,\n<not supported>,,instructions,0,100.00,,\n"
        self.assertEqual(parse.perf_stat(text), {"context_switches": 199, "migrations": 1})

    def test_wakeups_are_sorted_and_not_none(self):
        self.assertEqual(parse.late_us("30\n5\n12\n"), [5, 12, 30])
        with self.assertRaises(parse.Unreadable):
            parse.late_us("")


class PrototypeCsv(unittest.TestCase):
    def test_has_the_columns_of_the_published_files(self):
        published = "run,sets_ops,sets_hits,sets_misses,sets_avg_lat,sets_p50,sets_p99,sets_p999,sets_kb,gets_ops,gets_hits"
        published += ",gets_misses,gets_avg_lat,gets_p50,gets_p99,gets_p999,gets_kb,tot_ops,tot_hits,tot_misses,tot_avg_lat"
        self.assertEqual(",".join(prototype_csv.COLUMNS), published + ",tot_p50,tot_p99,tot_p999,tot_kb")

    def test_is_read_as_it_was_written(self):
        run = parse.redis_benchmark(REDIS)
        row = prototype_csv.row_of(1, run, run)
        self.assertAlmostEqual(row["tot_ops"], run.ops, places=3)
        self.assertAlmostEqual(row["tot_kb"], 600 / run.seconds, places=1)
        self.assertEqual(row["tot_p999"], 1.287)
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "redis-mus-idle.csv"
            prototype_csv.write(path, [row])
            (back,) = prototype_csv.published(pathlib.Path(name))["redis-mus-idle"]
        self.assertEqual(back["gets_p99"], 0.215)

    def test_ignores_files_of_another_kind(self):
        with tempfile.TemporaryDirectory() as name:
            (pathlib.Path(name) / "other.csv").write_text("a,b\n1,2\n")
            with self.assertRaises(parse.Unreadable):
                prototype_csv.published(pathlib.Path(name))


class WaterFill(unittest.TestCase):
    def check(self, capacity, wants, expected):
        for is_, should in zip(shares.water_fill(capacity, wants), expected, strict=True):
            self.assertAlmostEqual(is_, should)

    def test_by_weight_where_nobody_is_full(self):
        self.check(2, [(1, 2), (2, 2), (4, 2), (8, 2)], [2 / 15, 4 / 15, 8 / 15, 16 / 15])

    def test_what_one_cannot_use_goes_to_the_others(self):
        self.check(2, [(1, 1), (2, 1), (4, 1), (8, 1)], [1 / 7, 2 / 7, 4 / 7, 1])

    def test_overflow_fills_the_next_too(self):
        self.check(3, [(1, 3), (10, 1), (100, 1)], [1, 1, 1])

    def test_nobody_gets_more_than_it_can_use(self):
        self.check(8, [(1, 1), (2, 1)], [1, 1])


if __name__ == "__main__":
    unittest.main()
