using System.Net;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Export;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using EgressAlerts.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Web;

/// <summary>The pages for operators, asked over HTTP of a service whose Prometheus is away.</summary>
public sealed class OperatorHttpTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private readonly Store _store;
    private readonly PassWorker _worker;
    private readonly WebApplication _app;

    public OperatorHttpTests()
    {
        var registry = new MetricRegistry();
        var metrics = new ServiceMetrics(registry, TimeProvider.System);
        var exposition = new Exposition(registry, TimeProvider.System);
        var service = new ServiceParts(metrics, TimeProvider.System, NullLoggerFactory.Instance);
        _store = new Store(_folder.Path, metrics.Storage, TimeProvider.System, NullLogger<Store>.Instance);
        var settings = new Settings
        {
            Prometheus = new PollingOptions { Url = new("http://me:s3cret@127.0.0.1:9") },
            Policies = [new("stripe", PolicyAction.Allow, "", new(), new() { Ports = ["80"] })],
            Alerting = new() { Alertmanagers = [] },
            Dns = new() { Confirm = false, Servers = [new(IPAddress.Loopback, 9)] },
        }.Completed();
        _worker = new PassWorker(
            () => settings, (these, state) => Program.Pass(these, state, exposition, Samples.NoLogs, service), _store, "a.yml", service);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        var options = new ServeOptions("a.yml", ListenAddress.TryParse("127.0.0.1:1")!, RoutePrefix.None, _folder.Path, false, "info", "logfmt");
        var access = new WebAccess(null, metrics.Web, TimeProvider.System, NullLogger.Instance);
        Endpoints.Map(_app, options, access, _worker, exposition, NullLoggerFactory.Instance);
    }

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("/policies")]
    [InlineData("/status")]
    [InlineData("/config")]
    [InlineData("/explain")]
    [InlineData("/explain?source=shop/cart&destination=www.example.com&address=52.0.0.1&port=443")]
    public async Task Each_page_and_its_twin_answer_and_tell_no_secret(string path)
    {
        var (page, twin) = (await _http.GetAsync(new Uri(path, UriKind.Relative)), await _http.GetAsync(new Uri("/api/v1" + path, UriKind.Relative)));
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (twin.StatusCode, twin.Content.Headers.ContentType?.MediaType));
        Assert.DoesNotContain("s3cret", await page.Content.ReadAsStringAsync() + await twin.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/policies?x=1", "There is no argument 'x' here. This page takes no arguments.\n")]
    [InlineData("/status?x=1", "There is no argument 'x' here. This page takes no arguments.\n")]
    [InlineData("/config?x=1", "There is no argument 'x' here. This page takes no arguments.\n")]
    [InlineData("/explain?x=1", "There is no argument 'x' here. Known arguments: address, as, destination, port, route, source.\n")]
    [InlineData("/explain?source=shop", "source 'shop' is not namespace/workload.\n")]
    [InlineData("/explain?source=cart&destination=a.example.com", "source 'cart' is not namespace/workload.\n")]
    public async Task Wrong_arguments_are_a_400_with_a_sentence(string path, string expected)
    {
        var twin = await _http.GetAsync(new Uri("/api/v1" + path, UriKind.Relative));
        Assert.Equal((HttpStatusCode.BadRequest, expected), (twin.StatusCode, await twin.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task The_status_keeps_the_fields_that_it_always_had()
    {
        var status = await JsonAsync("status");
        string[] always =
        [
            "version", "config_file", "ready", "baseline_window_end", "last_window_end", "failure", "notes", "series", "series_limit", "destinations",
            "alerts", "dns", "configuration", "telemetry",
        ];
        Assert.Equal(always, status.EnumerateObject().Select(field => field.Name).Take(always.Length));
        Assert.True(status.GetProperty("storage").GetProperty("bytes").GetInt64() > 0);
        Assert.Equal("127.0.0.1:9", status.GetProperty("dns")[0].GetProperty("server").GetString());
    }

    [Fact]
    public async Task An_explanation_knows_the_policies_and_whether_the_workload_is_learned()
    {
        var state = _store.Read();
        var learned = new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
        state.Table(DetectionTables.ByWorkload("habit", DetectionJson.Default.Habit)).Put(new("shop", "cart"), new Habit { LearnedAt = learned });
        state.Table(DetectionTables.ByWorkload("habit", DetectionJson.Default.Habit)).Put(new("shop", "new"), new Habit());
        Assert.True(state.Commit());
        var answer = (await JsonAsync("explain?source=shop/cart&address=52.0.0.1&port=443")).GetProperty("answer").GetProperty("detection");
        Assert.Equal("destination.ports: 443 is not among 80", answer.GetProperty("policies")[0].GetProperty("reason").GetString());
        Assert.Equal("The workload is learned since 2026-01-05 00:00:00 UTC.", answer.GetProperty("learning").GetProperty("text").GetString());
    }

    private async Task<JsonElement> JsonAsync(string path) =>
        JsonDocument.Parse(await _http.GetStringAsync(new Uri("/api/v1/" + path, UriKind.Relative))).RootElement;
}
