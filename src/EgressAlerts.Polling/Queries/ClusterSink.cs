using System.Text;
using System.Text.Json;

namespace EgressAlerts.Polling;

/// <summary>Gives each series the cluster of the server that it comes from. Hot code.</summary>
/// <remarks>The label is appended to the label set. So it wins over Istio's own label of this name, it belongs to the identity of the counter, and equal series
/// of two clusters are two.</remarks>
internal sealed class ClusterSink(ISeriesSink sink, string cluster) : IKeyedSink
{
    /// <summary>The label that tells the cluster. Istio's name for it.</summary>
    public const string Label = "source_cluster";

    private readonly byte[] _end = Encoding.UTF8.GetBytes($",\"{Label}\":\"{JsonEncodedText.Encode(cluster)}\"}}");
    private byte[] _labels = new byte[1024];

    /// <summary>The sink itself where the server has no cluster.</summary>
    public static IKeyedSink For(IKeyedSink sink, string cluster) => cluster.Length > 0 ? new ClusterSink(sink, cluster) : sink;

    /// <inheritdoc cref="For(IKeyedSink, string)"/>
    public static ISeriesSink For(ISeriesSink sink, string cluster) => cluster.Length > 0 ? new ClusterSink(sink, cluster) : sink;

    private IKeyedSink Keyed => (IKeyedSink)sink;

    public void Restart() => sink.Restart();

    public void Keep() => Keyed.Keep();

    public ulong KeyOf(ReadOnlySpan<byte> labels) => Keyed.KeyOf(With(labels));

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples) => sink.Series(With(labels), samples);

    public void Series(ulong key, ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples) => Keyed.Series(key, With(labels), samples);

    private ReadOnlySpan<byte> With(ReadOnlySpan<byte> labels)
    {
        // A label set is a JSON object. One without labels has no comma to come after.
        var kept = labels[..labels.LastIndexOf((byte)'}')].TrimEnd(" \n\t\r"u8);
        var end = kept.Length == 1 ? _end.AsSpan(1) : _end;
        if (_labels.Length < kept.Length + end.Length) _labels = new byte[2 * (kept.Length + end.Length)];
        kept.CopyTo(_labels);
        end.CopyTo(_labels.AsSpan(kept.Length));
        return _labels.AsSpan(0, kept.Length + end.Length);
    }
}
