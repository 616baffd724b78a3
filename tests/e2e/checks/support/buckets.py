"""Buckets of classic and exponential histograms, and exact quantiles."""

import bisect
import math
from collections import Counter
from dataclasses import dataclass


def exact_quantile(sorted_values, q):
    """The smallest value that at least `q` of the values do not exceed."""
    rank = max(1, math.ceil(q * len(sorted_values)))
    return sorted_values[rank - 1]


def bucket_of(bounds, value):
    """(lower, upper] of the classic bucket that holds `value`; `bounds` are the upper ones."""
    at = bisect.bisect_left(bounds, value)
    lower = bounds[at - 1] if at else 0.0
    upper = bounds[at] if at < len(bounds) else math.inf
    return lower, upper


def index_of(value, scale):
    """The exponential bucket (base^index, base^(index + 1)] that holds `value`."""
    return math.ceil(math.log2(value) * 2.0**scale) - 1


def lower_bound(index, scale):
    return 2.0 ** (index / 2.0**scale)


def seen_around(upper, more=0.05):
    """What the load generator may see of a call that is no longer than `upper`, in seconds.

    Its clock runs around the call, and other programs may have the processor between
    its clock and the call's: this much `more` of it.
    """
    return upper * (1 + more) + 100e-6


@dataclass
class Exponential:
    """An `ExponentialHistogramDataPoint`."""

    count: int
    sum: float
    scale: int
    zero_count: int
    minimum: float  # None: not sent
    maximum: float
    buckets: dict  # index -> count, without the empty ones
    negative: int

    @classmethod
    def of(cls, point):
        positive = point.get("positive", {})
        offset = int(positive.get("offset", 0))
        counts = [int(each) for each in positive.get("bucketCounts", [])]
        return cls(
            count=int(point.get("count", 0)),
            sum=float(point.get("sum", 0.0)),
            scale=int(point.get("scale", 0)),
            zero_count=int(point.get("zeroCount", 0)),
            minimum=float(point["min"]) if "min" in point else None,
            maximum=float(point["max"]) if "max" in point else None,
            buckets={offset + at: count for at, count in enumerate(counts) if count},
            negative=sum(int(each) for each in point.get("negative", {}).get("bucketCounts", [])),
        )

    def total(self):
        return self.zero_count + sum(self.buckets.values()) + self.negative

    def span(self):
        """Bounds that hold every value that is not zero."""
        return lower_bound(min(self.buckets), self.scale), lower_bound(max(self.buckets) + 1, self.scale)

    def sum_bounds(self):
        """What the sum is at least and at most, by the buckets alone."""
        low = sum(count * lower_bound(index, self.scale) for index, count in self.buckets.items())
        high = sum(count * lower_bound(index + 1, self.scale) for index, count in self.buckets.items())
        return low, high

    def quantile_bucket(self, q):
        """(lower, upper] of the bucket that holds the exact quantile."""
        rank = max(1, math.ceil(q * self.count))
        seen = self.zero_count
        if rank <= seen:
            return 0.0, 0.0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if rank <= seen:
                return lower_bound(index, self.scale), lower_bound(index + 1, self.scale)
        return None


def misplaced(histogram, values, slack):
    """How many values the histogram holds elsewhere than in their bucket.

    A value within `slack` of a bound may be on either side of it.
    """
    surplus = Counter(histogram.buckets)
    undecided = []
    for value in values:
        low = index_of(value - slack, histogram.scale) if value > slack else None
        high = index_of(value + slack, histogram.scale)
        if low == high:
            surplus[high] -= 1
        else:
            undecided.append((high if low is None else low, high))
    # From the lowest on, since what is left of a bucket then can only be filled by
    # the values at its upper bound.
    for low, high in sorted(undecided):
        wanted = next((index for index in range(low, high) if surplus[index] > 0), high)
        surplus[wanted] -= 1
    return sum(abs(count) for count in surplus.values())
