using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>Which Alertmanagers are used, while what names them changes, fails and recovers.</summary>
public sealed class DiscoveryTests : DeliveryTests
{
    private const string Failures = "egress_alerts_alertmanager_discovery_failures_total";

    private readonly TemporaryFolder _folder = new();
    private readonly ListLogger<AlertmanagerDiscovery> _log = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_source_that_meets_an_error_nobody_foresaw_is_told_once_and_counted_and_the_others_go_on()
    {
        var sound = _folder.Write("sound.yml", Targets(2));
        var options = new AlertmanagerOptions { Dns = [Look("faulty.example.com")], Files = [new() { Files = [sound] }] };
        await using var discovery = Discover(options, (_, _, _, _) => throw new InvalidTimeZoneException("as no server should"));
        await UntilUsedAsync(2);
        await UntilAsync(() => Self.Sum(Failures, "unexpected") >= 2, "the error is counted each time");
        _folder.Write("sound.yml", Targets(2, 3));
        await UntilUsedAsync(2, 3);
        var told = Assert.Single(_log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains("faulty.example.com", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_understood_is_told_once_and_leaves_the_known_ones_in_use()
    {
        var file = _folder.Write("faulty.yml", Targets(1));
        await using var discovery = Discover(new AlertmanagerOptions { Files = [new() { Files = [file] }] }, find: null!);
        await UntilUsedAsync(1);
        _folder.Write("faulty.yml", "- targets: [boom/boom]");
        await UntilAsync(() => _log.Entries.Any(entry => entry.Contains("boom", StringComparison.Ordinal)), "the refusal is told");
        _folder.Write("faulty.yml", Targets(4));
        await UntilUsedAsync(4);
        Assert.Single(_log.Entries, entry => entry.Contains("boom", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_nobody_answers_for_is_told_once_and_counted()
    {
        var dns = new DnsOptions { Servers = [new(System.Net.IPAddress.Loopback, FreePort.Next())], Timeout = TimeSpan.FromMilliseconds(100), Attempts = 1 };
        await using var lookups = new Lookups(dns, Store.InMemory().Read(), new DnsMetrics(Self), TimeProvider.System);
        var options = new AlertmanagerOptions { Dns = [Look("alertmanagers.example.com")] };
        await using var discovery = Discover(options, new TargetResolver(lookups.Servers).FindAsync);
        await UntilAsync(() => Self.Sum(Failures, "dns") >= 2, "it is counted each time");
        Assert.Contains("nobody answers which Alertmanagers alertmanagers.example.com names", Assert.Single(_log.Entries), StringComparison.Ordinal);
    }

    private Task UntilUsedAsync(params int[] ports) => UntilAsync(
        () => Self.Samples().Where(sample => sample.Name == "egress_alerts_notifications_queue_length")
            .Select(sample => new Uri(sample["alertmanager"]).Port).Order().SequenceEqual(ports),
        $"{string.Join(' ', ports)} are used");

    private AlertmanagerDiscovery Discover(AlertmanagerOptions options, FindTargets find)
    {
        var discovery = new AlertmanagerDiscovery([(options, Http)], Start(), find, Metrics, TimeProvider.System, _log);
        discovery.Start();
        return discovery;
    }

    private static DnsDiscoveryOptions Look(string name) => new() { Names = [name], Type = TargetKind.A, RefreshInterval = TimeSpan.FromSeconds(1) };

    private static string Targets(params int[] ports) => $"- targets: [{string.Join(", ", ports.Select(port => $"'127.0.0.1:{port}'"))}]";
}
