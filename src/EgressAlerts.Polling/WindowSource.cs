using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>What windows are read from: one of the servers, or a piece of history. Called by the pass alone.</summary>
internal sealed class WindowSource(ISampleSource samples, PolledServer? server)
{
    /// <summary>Null for a piece of history.</summary>
    public PolledServer? Server => server;

    public string Name => server?.Options.Name ?? "";

    public TargetLabels Targets { get; } = new();

    /// <summary>Whether it had anything in the window that was begun last.</summary>
    public bool HasAny { get; private set; }

    /// <summary>Reads which targets there are.</summary>
    /// <param name="back">How far before the window's end targets are looked for.</param>
    /// <param name="jobs">Gets the jobs that were scraped with success before the window before this one.</param>
    public async Task<QueryFailure?> BeginAsync(Window window, TimeSpan back, HashSet<string> jobs, CancellationToken cancel)
    {
        var scraped = new LabelSink("job");
        if (await samples.JobsAsync(window, scraped, cancel) is { } noJobs) return noJobs;
        if (await samples.TargetsAsync(window, back, Targets, cancel) is { } noTargets) return noTargets;
        jobs.UnionWith(scraped.Values);
        HasAny = Targets.Any;
        return server is null ? null : await server.Reader.BeginAsync(window, back, cancel);
    }

    public async Task<QueryFailure?> ReadAsync(RawMetric raw, Window window, TimeSpan back, TrackerSink sink, CancellationToken cancel)
    {
        var failure = await samples.SeriesAsync(raw, window, back, ClusterSink.For((IKeyedSink)sink, server?.Options.Cluster ?? ""), cancel);
        HasAny |= sink.HasSeries;
        return failure;
    }
}

/// <summary>A server, and how its series are read.</summary>
/// <param name="options">Of this server alone.</param>
internal sealed class PolledServer(
    HttpClient http, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, TimeProvider time, ILogger logger)
{
    private SplitReader? _reader;

    public PollingOptions Options => options;

    public PrometheusClient Client { get; } = new(http, options, metrics, time, logger);

    public SplitReader Reader => _reader ??= new(Client, options, telemetry);

    public void BeginWindow()
    {
        Client.Notes.BeginWindow();
        Client.Times.BeginWindow();
    }

    public void EndWindow()
    {
        Client.Notes.EndWindow();
        Client.Times.EndWindow();
    }
}
