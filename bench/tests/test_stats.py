# SPDX-License-Identifier: Apache-2.0
import random
import unittest
from statistics import median

from compare import stats


class Quantile(unittest.TestCase):
    def test_is_the_nearest_rank(self):
        values = list(range(1, 101))
        self.assertEqual(stats.quantile(values, 0.5), 50)
        self.assertEqual(stats.quantile(values, 0.99), 99)
        self.assertEqual(stats.quantile(values, 0.999), 100)
        self.assertEqual(stats.quantile(values, 1.0), 100)

    def test_of_one_value_is_that_value(self):
        self.assertEqual(stats.quantile([7], 0.01), 7)


class Interval(unittest.TestCase):
    def test_of_few_values_is_that_of_many_resamples(self):
        values = [0.8, 0.95, 1.0, 1.1, 1.3]
        chance = random.Random(7)
        found = sorted(median(chance.choices(values, k=5)) for _ in range(40_000))
        self.assertEqual(stats.interval(values), (found[1000], found[39_000]))

    def test_contains_the_median_and_stays_within_the_values(self):
        chance = random.Random(3)
        for size in (1, 2, 4, 7, 8, 30):
            values = [chance.gauss(1, 0.2) for _ in range(size)]
            low, high = stats.interval(values)
            self.assertTrue(min(values) <= low <= median(values) <= high <= max(values))

    def test_is_the_same_each_time(self):
        values = [float(value) for value in range(20)]
        self.assertEqual(stats.interval(values), stats.interval(values))


class PairedRatio(unittest.TestCase):
    def test_pairs_by_round(self):
        ratio = stats.paired_ratio({1: 10.0, 2: 40.0, 3: 5.0}, {1: 5.0, 2: 10.0, 4: 1.0})
        self.assertEqual(ratio["paired"], {1: 2.0, 2: 4.0})
        self.assertEqual((ratio["median"], ratio["min"], ratio["max"], ratio["rounds"]), (3.0, 2.0, 4.0, 2))

    def test_is_none_without_a_common_round(self):
        self.assertIsNone(stats.paired_ratio({1: 1.0}, {2: 1.0}))
        self.assertIsNone(stats.paired_ratio({1: 1.0}, {1: 0.0}))


if __name__ == "__main__":
    unittest.main()
