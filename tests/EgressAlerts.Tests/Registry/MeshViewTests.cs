using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Registry;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Registry;

public sealed class MeshViewTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ListLogger<MeshView> _log = new();
    private readonly MetricRegistry _metrics = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_files_nothing_is_known() => Assert.Null(View().Current);

    [Fact]
    public void A_file_that_changes_is_read_again_and_a_broken_one_leaves_what_was_known()
    {
        var file = Write("mesh.yml", "api.example.com");
        var view = View(file);
        var first = view.Current;
        Assert.Equal("api.example.com", Assert.Single(first!.Registry.Entries).Hosts[0]);
        Assert.Equal(1, _metrics.Sum("egress_alerts_mesh_resources", "service_entry"));
        view.Refresh();
        Assert.Same(first, view.Current);

        _folder.Write("mesh.yml", "{kind: ServiceEntry, apiVersion: networking.istio.io/v0}\n");
        view.Refresh();
        Assert.Same(first, view.Current);
        Assert.Contains("mesh.yml:1: document 1, ServiceEntry: it has the apiVersion", Refusal(view), StringComparison.Ordinal);
        Assert.Equal(1, _metrics.Sum("egress_alerts_mesh_files_refused"));
        Assert.Contains(_log.Entries, entry => entry.Contains("is refused", StringComparison.Ordinal));

        Write("mesh.yml", "other.example.com");
        view.Refresh();
        Assert.Equal("other.example.com", view.Current!.Registry.Entries[0].Hosts[0]);
        Assert.Equal(0, _metrics.Sum("egress_alerts_mesh_files_refused"));
    }

    [Fact]
    public void A_pattern_takes_files_that_come_and_leaves_out_those_that_go()
    {
        Write("a.yml", "a.example.com");
        var view = View(_folder.File("*.yml"));
        Write("b.yml", "b.example.com");
        view.Refresh();
        Assert.Equal(["a", "b"], view.Current!.Registry.Entries.Select(entry => entry.Name.Name));
        File.Delete(_folder.File("a.yml"));
        view.Refresh();
        Assert.Equal(["b"], view.Current!.Registry.Entries.Select(entry => entry.Name.Name));
    }

    [Theory]
    [InlineData("shop", "cart", "api.example.com", "80", true)]
    [InlineData("shop", "cart", "api.example.com", "", true)]
    [InlineData("shop", "cart", "api.example.com", "8080", false)]
    [InlineData("shop", "cart", "other.example.com", "80", false)]
    [InlineData("batch", "report", "api.example.com", "80", false)]
    [InlineData("gateways", "egress", "api.example.com", "80", true)]
    [InlineData("gateways", "other", "api.example.com", "80", false)]
    public void Whether_a_host_is_registered_depends_on_who_asks(string ns, string name, string host, string port, bool isRegistered)
    {
        var file = _folder.Write("mesh.yml", Entry("api", "api.example.com") + """
            ---
            {apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: default, namespace: batch}, spec: {egress: [{hosts: [./*]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: default, namespace: gateways}, spec: {egress: [{hosts: [./*]}]}}
            """);
        // A gateway knows every entry, whatever Sidecars there are. Other workloads of its namespace do not.
        var door = View(file).Current!.Door;
        Assert.Equal(isRegistered, door.Registers(new Workload(ns, name), host, port));
    }

    [Fact]
    public void Files_that_cannot_be_used_are_errors_of_the_configuration()
    {
        var options = new RegistryOptions { ServiceEntryFiles = [_folder.Write("bad.yml", "- 1"), _folder.File("*.json"), Write("good.yml", "a.example.com")] };
        var faults = options.Faults(_ => true).Select(fault => fault.Complaint).ToList();
        Assert.Equal(2, faults.Count);
        Assert.Contains("bad.yml:1: document 1: this is no resource of Kubernetes", faults[0], StringComparison.Ordinal);
        Assert.Contains("no file matches", faults[1], StringComparison.Ordinal);
    }

    private static string Refusal(MeshView view) => Assert.Single(view.Files).Refusal;

    private static string Entry(string name, string host) => $"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: {name}
          namespace: istio-config
        spec:
          hosts: [{host}]
          ports:
          - number: 80
            name: http
            protocol: HTTP
          resolution: DNS

        """;

    private string Write(string name, string host) => _folder.Write(name, Entry(Path.GetFileNameWithoutExtension(name), host));

    private MeshView View(params string[] files) =>
        new(new RegistryOptions { ServiceEntryFiles = files }, "cluster.local", ["gateways/egress"], cluster: null, new(_metrics), _log);
}
