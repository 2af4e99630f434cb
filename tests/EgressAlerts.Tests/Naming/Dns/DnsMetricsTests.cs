using EgressAlerts.Naming.Dns;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Naming.Dns;

public sealed class DnsMetricsTests
{
    [Fact]
    public void The_runbook_says_what_every_reason_means()
    {
        var runbook = File.ReadAllText(Repository.File("alerts", "runbooks", "EgressAlertsDnsFailing.md"));
        Assert.All(DnsMetrics.FailureReasons, reason => Assert.Contains($"`{reason}`", runbook, StringComparison.Ordinal));
    }
}
