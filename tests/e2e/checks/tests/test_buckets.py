import math
import random
import unittest

from support.buckets import Exponential, bucket_of, exact_quantile, index_of, lower_bound, misplaced


def filled(values, scale=3):
    """The data point that an exact histogram of `values` sends."""
    indexes = [index_of(value, scale) for value in values]
    counts = [0] * (max(indexes) - min(indexes) + 1)
    for index in indexes:
        counts[index - min(indexes)] += 1
    return {
        "count": str(len(values)),
        "sum": sum(values),
        "scale": scale,
        "positive": {"offset": min(indexes), "bucketCounts": [str(count) for count in counts]},
    }


class Quantiles(unittest.TestCase):
    def test_exact_quantile_is_the_nearest_rank(self):
        values = list(range(1, 101))
        self.assertEqual(exact_quantile(values, 0.5), 50)
        self.assertEqual(exact_quantile(values, 0.99), 99)
        self.assertEqual(exact_quantile([7], 0.5), 7)

    def test_classic_bucket_holds_its_upper_bound(self):
        bounds = [0.1, 1.0, 10.0]
        self.assertEqual(bucket_of(bounds, 0.05), (0.0, 0.1))
        self.assertEqual(bucket_of(bounds, 1.0), (0.1, 1.0))
        self.assertEqual(bucket_of(bounds, 1.5), (1.0, 10.0))
        self.assertEqual(bucket_of(bounds, 11), (10.0, math.inf))


class ExponentialHistogram(unittest.TestCase):
    def test_bounds_follow_the_data_model(self):
        self.assertEqual(index_of(1.0, 0), -1)  # (0.5, 1]
        self.assertEqual(index_of(1.5, 0), 0)  # (1, 2]
        self.assertEqual(index_of(2.0, 3), 7)
        self.assertEqual(lower_bound(8, 3), 2.0)

    def test_reads_a_data_point(self):
        values = [0.001, 0.002, 0.004, 0.0041]
        histogram = Exponential.of(filled(values))
        self.assertEqual(histogram.total(), 4)
        low, high = histogram.span()
        self.assertTrue(low < min(values) <= max(values) <= high)
        low, high = histogram.sum_bounds()
        self.assertTrue(low < sum(values) <= high)
        low, high = histogram.quantile_bucket(0.5)
        self.assertTrue(low < 0.002 <= high)
        self.assertIsNone(histogram.minimum)

    def test_zeros_and_negatives_count(self):
        point = {"count": 3, "zeroCount": "1", "negative": {"bucketCounts": ["1"]}, "positive": {"bucketCounts": ["1"]}}
        histogram = Exponential.of(point)
        self.assertEqual((histogram.total(), histogram.negative), (3, 1))
        self.assertEqual(histogram.quantile_bucket(0.1), (0.0, 0.0))


class Misplaced(unittest.TestCase):
    def setUp(self):
        rng = random.Random(1)
        self.values = [rng.lognormvariate(-7, 2) for _ in range(1000)]

    def test_nothing_is(self):
        self.assertEqual(misplaced(Exponential.of(filled(self.values)), self.values, 0.0), 0)
        self.assertEqual(misplaced(Exponential.of(filled(self.values)), self.values, 2e-9), 0)

    def test_one_in_a_wrong_bucket_counts_twice(self):
        histogram = Exponential.of(filled(self.values))
        histogram.buckets[min(histogram.buckets)] += 1
        histogram.buckets[max(histogram.buckets)] -= 1
        self.assertEqual(misplaced(histogram, self.values, 2e-9), 2)

    def test_a_missing_value_counts_once(self):
        self.assertEqual(misplaced(Exponential.of(filled(self.values[1:])), self.values, 2e-9), 1)

    def test_values_at_two_neighbouring_bounds_do_not_take_each_others_place(self):
        first, second = lower_bound(-142, 3), lower_bound(-141, 3)
        counted = [first * (1 + 1e-5)] * 2 + [second * (1 + 1e-5)]
        measured = [second * (1 - 1e-5)] + [first * (1 - 1e-5)] * 2
        self.assertEqual(misplaced(Exponential.of(filled(counted)), measured, 2e-9), 0)

    def test_either_side_of_a_bound_is_right(self):
        bound = lower_bound(-80, 3)
        histogram = Exponential.of(filled([bound * (1 + 1e-7)]))
        self.assertEqual(misplaced(histogram, [bound * (1 - 1e-7)], 2e-9), 0)
        self.assertEqual(misplaced(histogram, [bound * (1 - 1e-3)], 2e-9), 2)
