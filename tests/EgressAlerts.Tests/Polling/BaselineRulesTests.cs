using EgressAlerts.Polling;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Polling;

/// <summary>What the selectors of the last window left out is no news when it is selected.</summary>
public sealed class BaselineRulesTests
{
    [Theory]
    [InlineData(ReadMode.All, 1, ReadMode.All, false)]
    [InlineData(ReadMode.All, 1, ReadMode.Egress, false)]
    [InlineData(ReadMode.Egress, 1, ReadMode.Egress, false)]
    [InlineData(ReadMode.Egress, 1, ReadMode.All, false)]
    [InlineData(ReadMode.All, 0, ReadMode.Egress, false)]
    [InlineData(ReadMode.Egress, 0, ReadMode.Egress, true)]
    [InlineData(ReadMode.Egress, 0, ReadMode.All, true)]
    public void Egress_that_an_older_version_of_the_selectors_may_have_left_out_begins_with_a_baseline(
        ReadMode last, int version, ReadMode now, bool isBaseline)
    {
        Assert.Equal(1, EgressSelectors.Version);
        using var store = Store.InMemory();
        var before = store.Read();
        var cell = before.Cell("polling_read", PollingJson.Default.ReadState, null!);
        cell.Value = new(last, "cluster.local,istio-system/istio-egressgateway", version);
        Assert.True(before.Commit());

        var (state, telemetry) = (store.Read(), new TelemetryOptions());
        var labels = new Dictionary<string, string> { ["reporter"] = "source", ["destination_service_name"] = "PassthroughCluster" };
        var what = new Classifier(telemetry, new HostRegister(DynamicDns.Auto, state)).Classify(RawMetric.All[0], labels);
        Assert.NotNull(what.Counter);
        Assert.Equal(isBaseline, new BaselineRules(new JobRegister(state), new PollingOptions { Read = now }, telemetry, state).WasLeftOut(what));
    }
}
