using EgressAlerts.Common;
using EgressAlerts.Configuration;
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
        var sound = _folder.Write("sound.yml", "127.0.0.1:2");
        var settings = new AlertmanagerSettings { Dns = [new(["faulty.example.com"], TargetKind.A, 9093, TimeSpan.FromSeconds(1))], Files = [new(sound, Read)] };
        await using var discovery = new AlertmanagerDiscovery([(settings, Http)], Start(), resolver: null!, Metrics, TimeProvider.System, _log);
        await UntilUsedAsync(2);
        await UntilAsync(() => Self.Sum(Failures, "unexpected") >= 2, "the error is counted each time");
        _folder.Write("sound.yml", "127.0.0.1:2 127.0.0.1:3");
        await UntilUsedAsync(2, 3);
        var told = Assert.Single(_log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains("faulty.example.com", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_understood_is_told_once_and_leaves_the_known_ones_in_use()
    {
        var file = _folder.Write("faulty.yml", "127.0.0.1:1");
        await using var discovery = new AlertmanagerDiscovery(
            [(new AlertmanagerSettings { Files = [new(file, Read)] }, Http)], Start(), resolver: null!, Metrics, TimeProvider.System, _log);
        await UntilUsedAsync(1);
        _folder.Write("faulty.yml", "boom");
        await UntilAsync(() => _log.Entries.Any(entry => entry.Contains("boom", StringComparison.Ordinal)), "the refusal is told");
        _folder.Write("faulty.yml", "127.0.0.1:4");
        await UntilUsedAsync(4);
        Assert.Single(_log.Entries, entry => entry.Contains("boom", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_nobody_answers_for_is_told_once_and_counted()
    {
        var settings = new AlertmanagerSettings { Dns = [new(["alertmanagers.example.com"], TargetKind.A, 9093, TimeSpan.FromSeconds(1))] };
        var dns = new DnsOptions { Servers = [new(System.Net.IPAddress.Loopback, FreePort.Next())], Timeout = TimeSpan.FromMilliseconds(100), Attempts = 1 };
        await using var lookups = new Lookups(dns, Store.InMemory().Read(), new DnsMetrics(Self), TimeProvider.System);
        await using var discovery = new AlertmanagerDiscovery(
            [(settings, Http)], Start(), new TargetResolver(lookups.Servers), Metrics, TimeProvider.System, _log);
        await UntilAsync(() => Self.Sum(Failures, "dns") >= 2, "it is counted each time");
        Assert.Contains("nobody answers which Alertmanagers alertmanagers.example.com names", Assert.Single(_log.Entries), StringComparison.Ordinal);
    }

    private Task UntilUsedAsync(params int[] ports) => UntilAsync(
        () => Self.Samples().Where(sample => sample.Name == "egress_alerts_notifications_queue_length")
            .Select(sample => new Uri(sample["alertmanager"]).Port).Order().SequenceEqual(ports),
        $"{string.Join(' ', ports)} are used");

    private static string[] Read(string file)
    {
        var text = File.ReadAllText(file);
        return text == "boom" ? throw new InvalidOperationException("boom") : text.Split(' ');
    }
}
