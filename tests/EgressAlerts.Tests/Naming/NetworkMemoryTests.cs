using System.Net;
using System.Runtime;
using EgressAlerts.Naming;

namespace EgressAlerts.Tests.Naming;

/// <summary>Looks at the memory of the whole process, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class NetworkMemoryTests
{
    [Fact]
    public void A_hundred_and_thirty_thousand_networks_take_less_than_8_MB()
    {
        var networks = Enumerable.Range(0, 130_000).Select(i => new Network("cloud-" + (i % 300), new IPNetwork(new IPAddress([(byte)(i >> 16), (byte)(i >> 8), (byte)i, 0]), 24), "cloud", "region-" + (i % 40)));
        var before = Memory();
        var table = new NetworkTable(networks);
        Assert.InRange(Memory() - before, 0, 8e6);
        Assert.Equal("cloud-" + (129_999 % 300), table.Find(new IPAddress([129_999 >> 16, unchecked((byte)(129_999 >> 8)), unchecked((byte)129_999), 77]))!.Value.Value.Name);
        GC.KeepAlive(table);
    }

    private static long Memory()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
