# SPDX-License-Identifier: Apache-2.0
"""From made-up raw output to summary.json and the verdict; the pictures are drawn where matplotlib is."""

import importlib.util
import json
import pathlib
import tempfile
import unittest

import synthetic
from compare import bounds, collect, summary

SCENARIOS = "eevdf-idle eevdf-stress eevdf-tuned eevdf-cpuidle fifo-stress prototype-stress mus-idle mus-stress mus-boosted"
SCENARIOS += " mus-boosted-default"
METRICS = "redis_ops redis_p99_ms wake_p50_us wake_p99_us wake_p999_us"


class Results(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keep.cleanup)
        cls.directory = pathlib.Path(cls.keep.name)
        synthetic.write(cls.directory, rounds=6)
        cls.results = collect.collect(cls.directory)
        collect.write_csv(cls.results)
        cls.summary = json.loads(json.dumps(summary.summarize(cls.results, {})))

    def entry(self, metric, scenario):
        (found,) = [e for e in self.summary["results"] if (e["metric"], e["scenario"]) == (metric, scenario)]
        return found

    def test_every_metric_of_every_scenario(self):
        for scenario in SCENARIOS.split():
            for metric in METRICS.split():
                entry = self.entry(metric, scenario)
                self.assertTrue(entry["min"] <= entry["median"] <= entry["max"])
                self.assertEqual((entry["rounds"], entry["kernel"]), (6, "7.3.4-synthetic"))
        for scenario in ("eevdf-idle", "mus-idle"):
            self.assertEqual(self.entry("pipe_us", scenario)["rounds"], 6)
            self.assertEqual(self.entry("hackbench_s", scenario)["rounds"], 6)

    def test_the_reference_is_the_best_of_the_kernels_own(self):
        self.assertIn(self.summary["references"]["redis_ops"], ("fifo-stress", "eevdf-cpuidle"))
        self.assertEqual(self.summary["references"]["wake_p99_us"], "fifo-stress")
        ratio = self.entry("wake_p99_us", "mus-boosted")["ratios"]["best"]
        self.assertEqual(ratio["reference"], "fifo-stress")
        self.assertEqual(len(ratio["paired"]), 6)
        self.assertTrue(ratio["ci95"][0] <= ratio["median"] <= ratio["ci95"][1])

    def test_a_boost_states_weight_and_entitlement(self):
        entry = self.entry("redis_ops", "mus-boosted")
        self.assertEqual((entry["weight"], entry["entitlement_cpus"]), (16384, 1.129))
        self.assertTrue(self.summary["boosts"]["mus-boosted"]["as_wanted"])
        self.assertFalse(self.summary["boosts"]["mus-boosted-default"]["as_wanted"])

    def test_counters_are_what_a_workload_added(self):
        found = {(c["scenario"], c["workload"], c["counter"]): c["median"] for c in self.summary["counters"]}
        self.assertEqual(found["mus-idle", "pipe", "wakeups"], 1000)
        self.assertEqual(found["mus-idle", "pipe", "direct_share"], 0.9)
        self.assertEqual(found["eevdf-idle", "pipe", "migrations_counted"], 12)

    def test_shares_are_judged_by_their_worst_cell(self):
        self.assertEqual(len(self.summary["shares"]), 12)
        self.assertLess(max(cell["error_points"] for cell in self.summary["shares"]), 3)

    def test_the_csv_has_a_row_for_each_round(self):
        lines = (self.directory / "redis-mus-idle.csv").read_text().splitlines()
        self.assertEqual(len(lines), 7)
        self.assertEqual((self.directory / "wake_p99_us.csv").read_text().splitlines()[0], "kernel,scenario,round,wake_p99_us")

    def test_all_bounds_are_kept_here(self):
        self.assertEqual([str(bound) for bound in bounds.check(self.results) if not bound.kept], [])

    def test_tables_name_the_weight(self):
        text = summary.markdown_table(*summary.table_cells(self.results))
        self.assertIn("| mus, boosted (16384) |", text)

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "needs matplotlib")
    def test_report_holds_the_pictures(self):
        from compare import report

        page = report.write(self.results, self.summary, bounds.check(self.results), {})
        self.assertEqual(page.read_text().count("<img"), 9)


class MissedBounds(unittest.TestCase):
    def judged(self, change, rounds=5):
        with tempfile.TemporaryDirectory() as name:
            synthetic.write(pathlib.Path(name), rounds)
            change(pathlib.Path(name) / "raw")
            return {bound.text: bound for bound in bounds.check(collect.collect(pathlib.Path(name))) if not bound.kept}

    def test_each_is_named(self):
        def slow(raw):
            for kind in ("set", "get"):
                for path in (raw / "redis").glob(f"*-mus-boosted-{kind}.txt"):
                    path.write_text(synthetic.redis_text(kind.upper(), 900, 4000))

        missed = self.judged(slow)
        self.assertEqual(set(missed), {"mus-boosted redis_ops / best >= 0.90", "mus-boosted redis_ops / eevdf-stress >= 2.00"})

    def test_what_was_not_measured_is_missed(self):
        def nothing(raw):
            for path in (raw / "wake").glob("*-mus-boosted.txt"):
                path.unlink()

        missed = self.judged(nothing)
        self.assertEqual(missed["mus-boosted wake_p99_us / best <= 1.50"].found, "not measured")

    def test_too_few_rounds(self):
        self.assertIn("at least 5 rounds", self.judged(lambda raw: None, rounds=3))

    def test_output_that_cannot_be_read(self):
        missed = self.judged(lambda raw: (raw / "pipe" / "2-mus-idle.txt").write_text("Killed"))
        self.assertIn("pipe/2-mus-idle.txt", missed["every output could be read"].found)

    def test_an_ejection(self):
        missed = self.judged(lambda raw: (raw / "ejections.csv").write_text("round,scenario,workload\n2,mus-idle,pipe\n"))
        self.assertEqual(missed["the kernel never took our scheduler off"].found, "round 2 mus-idle pipe")

    def test_a_weight_that_is_too_small(self):
        def small(raw):
            path = raw / "boosts.csv"
            path.write_text(path.read_text().replace("16384,cgroup,0.900,1.080,1.200,1.129", "4096,cgroup,0.9,1.08,1.2,0.96"))

        self.assertEqual(len(self.judged(small)), 1)

    def test_a_weight_that_the_rounds_proved_too_small(self):
        def busier(raw):
            for path in (raw / "redis").glob("*-eevdf-idle-get.txt"):
                text = path.read_text()
                usec = int(text.partition("redis_usec=")[2].split()[0])
                path.write_text(text.replace(f"redis_usec={usec}", f"redis_usec={usec * 11 // 10}"))

        (bound,) = self.judged(busier).values()
        self.assertIn("1.13 CPUs at the weight 16384, 1.19 wanted", bound.found)


if __name__ == "__main__":
    unittest.main()
