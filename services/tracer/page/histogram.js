// The buckets of histogram.cc: a sixteenth of a power of two wide. Sums of a
// filter's choice are made here; those of everything come from the exporter.

class Histogram {
  constructor() {
    this.counts = new Map();  // by bucket
    this.count = 0;
    this.max = 0;
  }

  static bucketOf(value) {
    if (value < 16) return value;
    let power = Math.floor(Math.log2(value));
    if (2 ** power > value) --power;
    if (2 ** (power + 1) <= value) ++power;
    const shift = power - 4;
    return (shift + 1) * 16 + (Math.floor(value / 2 ** shift) - 16);
  }

  static mostOf(bucket) {
    if (bucket < 16) return bucket;
    const shift = Math.floor(bucket / 16) - 1;
    return (16 + (bucket % 16) + 1) * 2 ** shift - 1;
  }

  add(value) {
    const bucket = Histogram.bucketOf(value);
    this.counts.set(bucket, (this.counts.get(bucket) || 0) + 1);
    ++this.count;
    if (value > this.max) this.max = value;
  }

  // In the exporter's form.
  sums() {
    const buckets = [...this.counts].sort((a, b) => a[0] - b[0])
      .map(([bucket, count]) => [Histogram.mostOf(bucket), count]);
    const percentile = (percent) => {
      const wanted = Math.max(1, Math.ceil((percent / 100) * this.count));
      let passed = 0;
      for (const [most, count] of buckets) {
        passed += count;
        if (passed >= wanted) return Math.min(most, this.max);
      }
      return this.max;
    };
    return {
      count: this.count, p50: percentile(50), p90: percentile(90),
      p99: percentile(99), p999: percentile(99.9), max: this.max, buckets,
    };
  }
}
