using System.Net;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Explain;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Proposals;
using EgressAlerts.Registry;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>The way of the data, one window at a time. It owns the stages and their state. <see cref="PassWorker"/> alone calls it, except where a member says
/// that any thread may.</summary>
/// <param name="clients">HTTP clients that the pass disposes of when its stages have ended.</param>
internal sealed class Pass(
    Settings settings, Stages stages, StoredState state, Exposition exposition, Notifier notifier, AlertmanagerDiscovery discovery, PassLogs logs,
    IReadOnlyList<HttpClient> clients) : IAsyncDisposable
{
    private bool _hasLearned;

    /// <summary>The configuration in use. Any thread.</summary>
    public Settings Settings => settings;

    /// <summary>The end of the last complete window; the default value before the first one.</summary>
    public DateTimeOffset LastEnd => stages.Poller.LastEnd;

    public TelemetryReport Telemetry => stages.Poller.Telemetry;

    /// <summary>Why the current window could not be read yet; empty while all is well. Any thread.</summary>
    public string Failure => stages.Poller.Failure;

    /// <summary>What Prometheus' answers of the last complete window said beside their data. Any thread.</summary>
    public IReadOnlyList<string> Notes => stages.Poller.Notes;

    /// <summary>The queries of the last window, or of the last attempt at one. Any thread.</summary>
    public IReadOnlyList<QueryTime> Queries => stages.Poller.Queries;

    /// <summary>The metrics that one query cannot read, with the number of queries that do. Any thread.</summary>
    public IReadOnlyList<QueryParts> QueryParts => stages.Poller.Parts;

    /// <summary>How deliveries to each Alertmanager went. Any thread.</summary>
    public IReadOnlyList<AlertmanagerStatus> Alertmanagers => notifier.Alertmanagers;

    /// <summary>All policies in their order. Any thread.</summary>
    public IReadOnlyList<Policy> Policies => stages.Detection.Policies;

    /// <summary>How each policy stood at the end of the last window, by its name. Any thread.</summary>
    public IReadOnlyDictionary<string, PolicyState> PolicyStates => stages.Detection.PolicyStates;

    /// <summary>What policies make of traffic, as of the last window. Any thread.</summary>
    public PolicyVerdicts Verdicts => new(Policies, LastEnd);

    /// <summary>How often each policy decided, by its name. Any thread.</summary>
    public IReadOnlyDictionary<string, PolicyHit> PolicyHits => stages.Detection.PolicyHits;

    /// <summary>The most specific network of the user's or of a file that holds an address. Null where none does. Any thread.</summary>
    public IPNetwork? NetworkOf(IPAddress address) => stages.Naming.NetworkOf(address);

    /// <summary>The files that are read again when they change: those of Istio's resources, those that names come from, policies and
    /// threat lists. Any thread.</summary>
    public IReadOnlyList<FileStatus> Files => [.. stages.Mesh.Files, .. stages.Naming.Files, .. stages.Detection.Files];

    /// <summary>What the mesh registers. Null where the configuration does not say where Istio's resources are, or until the cluster has told. Any thread.
    /// </summary>
    public MeshPicture? Mesh => stages.Mesh.Current;

    /// <summary>How the watch of each kind of Istio's resources stands. Empty where nothing is watched. Any thread.</summary>
    public IReadOnlyList<KindStatus> Watches => stages.Cluster?.Status ?? [];

    /// <summary>How each name server stands. Any thread.</summary>
    public IReadOnlyList<NameServerStatus> NameServers => stages.Lookups.Servers.Status;

    /// <summary>What fires, and what resolved lately. Any thread.</summary>
    public IReadOnlyList<Alert> Alerts => notifier.Current;

    /// <summary>What fires, and what fired within <c>alerting.history</c>. Any thread.</summary>
    public IReadOnlyList<Alert> AlertHistory => stages.Book.History;

    /// <summary>What would fire too if there were not so many. Any thread.</summary>
    public IReadOnlyList<Alert> HeldBackAlerts => stages.Book.HeldBack;

    /// <summary>How far learning has come. Any thread.</summary>
    public LearningReport Learning => stages.Detection.Learning;

    /// <summary>What pages read from Prometheus. Any thread.</summary>
    public required CachedHistory History { get; init; }

    /// <summary>The past traffic from which proposals are made. Any thread.</summary>
    public required ProposalBook Proposals { get; init; }

    /// <summary>What anyone needs to check the counters, as of now.</summary>
    private Ledger Ledger => new(stages.Poller.BaselineEnd, stages.Poller.Excluded, stages.Naming.Waiting)
    {
        FirstValues = stages.Poller.FirstValues,
        Expected = stages.Poller.Expected,
    };

    /// <summary>Says what becomes of some traffic, and why. Any thread.</summary>
    /// <param name="learning">What is known of the workload.</param>
    /// <param name="most">How long DNS may take.</param>
    public Task<Explanation> ExplainAsync(ExplainQuery query, LearningExplanation learning, TimeSpan most, TimeProvider time, CancellationToken cancel) =>
        Explanation.MakeAsync(query, stages.Naming, stages.Detection, learning, most, time, cancel);

    /// <summary>Begins to send alerts, and shows at once what had been reached. Until then nobody outside notices this pass.
    /// Called once, before the first window.</summary>
    public void Start()
    {
        notifier.Start();
        discovery.Start();
        logs.Alerts.Begin(stages.Book.Current);
        stages.Cluster?.Start();
        if (LastEnd == default) return;
        exposition.Publish(stages.Budget.Snapshot(new Window(LastEnd, LastEnd)), Ledger);
        notifier.Publish(stages.Book.Current);
    }

    /// <summary>Accounts for one window.</summary>
    /// <param name="clusters">Is told which workloads the window shows.</param>
    public async Task<WindowOutcome> RunAsync(Window window, ClusterTakeOver clusters, CancellationToken cancel)
    {
        var started = TimeProvider.System.GetTimestamp();
        await stages.MeshListedAsync(cancel);
        stages.RefreshMesh();
        if (LastEnd == default && !_hasLearned) await LearnAsync(window, cancel);
        if (await stages.Poller.TryReadAsync(window, cancel) is not { } read) return WindowOutcome.Waits; // Counted and logged.
        if (clusters.Run(stages.Poller.Workloads.Select(settings.Detection.GroupOf))) return WindowOutcome.Outdated;
        var named = await stages.Naming.NameAsync(read, cancel);
        var findings = stages.Detection.Observe(named);
        var counters = stages.Budget.Admit(named, findings, exposition.MayShowNew);
        var alerts = stages.Book.Update(GatewayFindings.Explained(findings, counters, settings.Telemetry), window);

        // Before anyone sees them: what a scrape has shown is never taken back.
        state.Commit();
        exposition.Publish(counters, Ledger);
        notifier.Publish(alerts);
        logs.Access.Write(named);
        logs.Alerts.Write(alerts);
        Tell(window, read, findings, alerts, started);
        return read.IsGone ? WindowOutcome.Gone : WindowOutcome.Counted;
    }

    private void Tell(Window window, Reading read, IReadOnlyList<Finding> findings, IReadOnlyList<Alert> alerts, long started)
    {
        if (!logs.Windows.IsEnabled(LogLevel.Debug)) return;
        foreach (var query in Queries)
            Log.Asked(logs.Windows, query.Server, query.Query, query.Seconds, query.Failure.Length > 0 ? $", {query.Failure}" : "");
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        Log.Counted(logs.Windows, window.End, read.Increments.Count, findings.Count, alerts.Count, seconds);
    }

    /// <summary>Learns what Prometheus knows from before the first window, so that not everything is news.</summary>
    private async Task LearnAsync(Window first, CancellationToken cancel)
    {
        var history = settings.Detection.History;
        if (history == TimeSpan.Zero || await stages.Poller.ReadHistoryAsync(first, history, cancel) is not { } flows) return;
        _hasLearned = true;
        var names = await stages.Naming.NameAsync(flows.Select(flow => flow.Flow.To), cancel);
        stages.Detection.Learn(flows, names, first.Start);
    }

    /// <summary>Sends what waits, for 5 s at most, and ends what runs in the background.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // What is declared last ends first, and each one ends also when another one fails to.
            await using var lookups = stages.Lookups;
            await using var sending = notifier;
            await using var looking = discovery;
            await using var watching = stages.Cluster;
            await using var reading = History;
            await using var proposing = Proposals;
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }
}

/// <summary>What a pass tells of its windows. It outlives reloads.</summary>
/// <param name="Windows">Of each window, at the level <c>debug</c>.</param>
internal sealed record PassLogs(AccessLog Access, AlertLog Alerts, ILogger Windows);

/// <summary>What became of a window.</summary>
internal enum WindowOutcome
{
    /// <summary>It could not be read whole: nothing has changed, and it is to be tried again.</summary>
    Waits,

    Counted,

    /// <summary>The database has changed under the stages: they are to be made anew, and the window is to be read again.</summary>
    Outdated,

    /// <summary>It can never be read any more, and was skipped.</summary>
    Gone,
}
