using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace EgressAlerts.Testing;

/// <summary>Reads what the instruments of one meter say.</summary>
public sealed class MeterReading : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Tag), double> _values = new();

    public MeterReading(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The sum of a counter since this reads it, or the present value of a gauge; 0 where there was nothing.</summary>
    /// <param name="tag">The value of the first tag; empty for an instrument without tags.</param>
    public double Value(string name, string tag = "")
    {
        _listener.RecordObservableInstruments();
        return _values.GetValueOrDefault((name, tag));
    }

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = (instrument.Name, tags.Length == 0 ? "" : $"{tags[0].Value}");
        _values[key] = instrument.IsObservable ? value : _values.GetValueOrDefault(key) + value;
    }
}
