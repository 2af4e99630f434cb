using EgressAlerts.Model;
using EgressAlerts.Registry;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class EntryPageTests
{
    private static readonly DateTimeOffset Now = Rendered.Now;

    private static readonly MeshRegistry Registry = MeshRegistry.Of(
    [
        new(new("shop", "stripe"), ["api.stripe.com"], [], [new(443, "tls", EntryProtocol.Tls)], Resolution.Dns, []),
        new(new("shop", "db"), ["db.example.com"], [], [new(5432, "tcp", EntryProtocol.Tcp)], Resolution.Dns, ["."]),
        new(new("batch", "old"), ["old.example.com"], [], [new(443, "tls", EntryProtocol.Tls)], Resolution.Dns, []),
    ]);

    private static readonly MeshPicture Mesh = new(
        Registry, new Door(Registry, MeshMode.Sidecar, registryOnly: true), EntryFindings.Of(Registry, MeshMode.Sidecar));

    internal static EntryUses Uses => new(Mesh, Traffic());

    [Fact]
    public void Each_entry_shows_who_uses_it_and_when_last()
    {
        var model = Model(Mesh);
        Assert.Equal(["batch/old", "shop/db", "shop/stripe"], model.Entries.Rows.Select(row => row.Entry));
        var stripe = model.Entries.Rows[2];
        Assert.Equal((1, "shop/cart", 3.0, Now.AddHours(-1)), (stripe.UsedBy, Assert.Single(stripe.Workloads), stripe.Contacts, stripe.LastUsed));
        Assert.Equal("443 TLS", Assert.Single(stripe.Ports));
        Assert.Equal(("opens_port", "shop/db"), (Assert.Single(model.Findings).Kind, model.Findings[0].Entry));
        Assert.Equal(["batch/old", "shop/db"], model.Unused.Select(host => host.Entry));
    }

    [Fact]
    public void The_entries_of_one_namespace_can_be_chosen() =>
        Assert.Equal("batch/old", Assert.Single(Model(Mesh, "?namespace=batch").Entries.Rows).Entry);

    [Fact]
    public async Task The_page_shows_findings_and_unused_hosts_with_their_reasons()
    {
        var html = await Rendered.PageAsync<EntriesPage, EntriesModel>(Model(Mesh), "entries");
        Assert.Contains("ServiceEntry shop/db registers TCP on port 5432 without addresses", html, StringComparison.Ordinal);
        Assert.Contains("Unused for 30 days", html, StringComparison.Ordinal);
        Assert.Contains("nobody", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_registry_the_page_says_how_to_give_one()
    {
        var html = await Rendered.PageAsync<EntriesPage, EntriesModel>(Model(null), "entries");
        Assert.Contains("telemetry.service_entry_files", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_the_cluster_has_told_the_page_says_that_it_waits()
    {
        var html = await Rendered.PageAsync<EntriesPage, EntriesModel>(Model(null, "", new() { Kubernetes = new() { Watch = true } }), "entries");
        Assert.Contains("The cluster has not told yet which ServiceEntries there are", html, StringComparison.Ordinal);
    }

    private static EntriesModel Model(MeshPicture? mesh, string query = "", RegistryOptions? options = null)
    {
        var traffic = Traffic();
        var last = new Dictionary<string, DateTimeOffset> { ["api.stripe.com"] = Now.AddHours(-1) };
        return EntriesView.Of(
            Rendered.Arguments(query), mesh, options ?? new(), new EntryUses(mesh, traffic), traffic.Window?.End, Now.AddDays(-40), last, Now);
    }

    private static Traffic Traffic()
    {
        var window = Samples.Window(1);
        var key = new SeriesKey(Metric.ConnectionsClosed, Samples.Cart, "api.stripe.com", "443", Route.Registered, Protocol.Tcp);
        Destination stripe = new("api.stripe.com", NameSource.Registry, Confirmed: true);
        return new(new CounterSnapshot(
            window, [new ExportedSeries(new CounterSeries(key), 3)], [stripe], new Totals(), [], new Totals(), new(0, 0, 0, 0, 0, 0, 0, 0, 0)));
    }
}
