using System.Diagnostics.Metrics;

namespace EgressAlerts.Export;

/// <summary>Collects what the stages say through System.Diagnostics.Metrics and writes it in the exposition. Any thread.</summary>
public sealed class SelfMetrics : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener;

    public SelfMetrics(Meter meter)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (!ReferenceEquals(instrument.Meter, meter)) return;
                var family = new Family(instrument);
                lock (_lock) _families[instrument.Name] = family;
                listener.EnableMeasurementEvents(instrument, family);
            },
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(state, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Removes every series whose label has that value, because the thing it is about is gone. A later measurement begins at 0.</summary>
    public void Forget(string label, string value)
    {
        lock (_lock)
        {
            foreach (var family in _families.Values) family.Forget(label, value);
        }
    }

    internal void Write(ExpositionWriter writer)
    {
        lock (_lock)
        {
            foreach (var family in _families.Values) family.ForgetObserved();
        }

        _listener.RecordObservableInstruments();
        lock (_lock)
        {
            foreach (var family in _families.Values) family.Write(writer);
        }
    }

    private void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock) ((Family)state!).Record(value, tags);
    }

    /// <summary>One instrument's measurements by label set.</summary>
    private sealed class Family(Instrument instrument)
    {
        private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
        private readonly bool _isHistogram = instrument is Histogram<double>;
        private readonly bool _adds = instrument is Counter<long> or Counter<double>;
        private readonly bool _isCounter = instrument is Counter<long> or Counter<double> or ObservableCounter<long> or ObservableCounter<double>;
        private readonly IReadOnlyList<double> _bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? [];

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new (string, string)[tags.Length];
            for (var i = 0; i < tags.Length; i++) labels[i] = (tags[i].Key, tags[i].Value?.ToString() ?? "");
            var key = string.Join('\0', labels);
            if (!_series.TryGetValue(key, out var series)) _series.Add(key, series = new Series(labels, new long[_bounds.Count + 1]));
            if (_isHistogram)
            {
                var bucket = 0;
                while (bucket < _bounds.Count && value > _bounds[bucket]) bucket++;
                series.Buckets[bucket]++;
            }

            series.Value = _adds || _isHistogram ? series.Value + value : value;
        }

        /// <summary>Series of something that is gone, such as a former Alertmanager, are not observed again and so disappear.</summary>
        public void ForgetObserved()
        {
            if (instrument.IsObservable) _series.Clear();
        }

        public void Forget(string label, string value)
        {
            foreach (var (key, _) in _series.Where(series => series.Value.Labels.Contains((label, value))).ToList()) _series.Remove(key);
        }

        public void Write(ExpositionWriter writer)
        {
            if (_series.Count == 0) return;
            writer.Family(instrument.Name, _isHistogram ? "histogram" : _isCounter ? "counter" : "gauge", instrument.Description ?? "");
            foreach (var series in _series.Values)
            {
                if (_isHistogram) WriteHistogram(writer, series);
                else writer.Sample(series.Value, series.Labels);
            }
        }

        private void WriteHistogram(ExpositionWriter writer, Series series)
        {
            long count = 0;
            for (var i = 0; i <= _bounds.Count; i++)
            {
                count += series.Buckets[i];
                var bound = i == _bounds.Count ? "+Inf" : _bounds[i].ToString("R", System.Globalization.CultureInfo.InvariantCulture);
                if (writer.IsOpenMetrics && !bound.AsSpan().ContainsAny(".eI")) bound += ".0"; // Its canonical numbers.
                writer.Sample("_bucket", count, [.. series.Labels, ("le", bound)]);
            }

            writer.Sample("_sum", series.Value, series.Labels);
            writer.Sample("_count", count, series.Labels);
        }
    }

    private sealed class Series((string Name, string Value)[] labels, long[] buckets)
    {
        public (string Name, string Value)[] Labels => labels;

        public long[] Buckets => buckets;

        public double Value { get; set; }
    }
}
