using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>A slot as the checkpoint holds it.</summary>
internal sealed record SlotState(SeriesKey Key, double Value, uint LastIncrement, bool IsNew, Destination Destination)
{
    public Workload Source => new(Key.Labels.SourceNamespace, Key.Labels.SourceWorkload);

    public static void Write(BinaryWriter to, Slot slot)
    {
        ref readonly var key = ref slot.Key;
        to.Write((byte)key.Metric);
        to.Write(key.Labels.SourceNamespace);
        to.Write(key.Labels.SourceWorkload);
        to.Write(key.Labels.Destination);
        to.Write(key.Labels.Port);
        to.Write((byte)key.Labels.Route);
        to.Write((byte)key.Labels.Protocol);
        to.Write(key.ResponseCode);
        to.Write(key.ResponseFlags);
        to.Write(slot.Value);
        to.Write(slot.LastIncrement);
        to.Write(slot.IsNew);
        to.Write(slot.Destination);
    }

    /// <param name="words">The same words again and again: thousands of series share them.</param>
    public static SlotState Read(BinaryReader from, Dictionary<string, string> words)
    {
        var metric = (Metric)from.ReadByte();
        var labels = new FlowLabels(Text(), Text(), Text(), Text(), (Route)from.ReadByte(), (Protocol)from.ReadByte());
        return new(new(metric, labels, Text(), Text()), from.ReadDouble(), from.ReadUInt32(), from.ReadBoolean(), from.ReadDestination());

        string Text()
        {
            var text = from.ReadString();
            return words.TryAdd(text, text) ? text : words[text];
        }
    }
}
