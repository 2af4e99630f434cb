using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Polling;

/// <summary>The section <c>telemetry</c>: what the mesh's series can and cannot tell. It reads two windows as the service does, and has the same survey judge
/// them.</summary>
/// <param name="facts">What the server has told of itself.</param>
public sealed class TelemetrySection(
    ServerProbe probe, ServerFacts facts, PollingOptions options, TelemetryOptions telemetry, CheckBook book, TimeProvider time)
{
    /// <summary>The length of the two windows. Every series that is scraped has a sample in each.</summary>
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(15);

    /// <summary>Matchers of the configuration, behind another one.</summary>
    private string Matchers => string.Concat(options.Matchers.Select(matcher => "," + matcher));

    public async Task RunAsync(CancellationToken cancel)
    {
        book.Add(MeshRules.Shards(facts.Config));
        var (sizes, query) = (new MeshSizes(), MeshSizes.Query(options.Matchers));
        if (await probe.QueryAsync(query, sizes, cancel) is { } failure)
        {
            book.Add(TelemetryChecks.Series.Fail(failure.Message, ServerRemedy.Of(failure, options.Url), query));
            book.GiveUp([ServerChecks.Limits, .. TelemetryChecks.Kinds], "not looked at, because Istio's series could not be counted (istio_series)");
            return;
        }

        var anywhere = sizes.All > 0 ? sizes.All : await CountAsync(TelemetryChecks.Series, $"count({{{MeshSizes.Names}}})", cancel) ?? 0;
        book.Add(SeriesRules.Series(sizes, anywhere, options.Matchers, query));
        await Task.WhenAll(SurveyAsync(sizes, cancel), ScrapesAsync(sizes, cancel), LabelsAsync(sizes, cancel), MeshAsync(sizes, cancel));
    }

    /// <summary>Two windows, so that what is there twice can be told from what has only changed its labels.</summary>
    private async Task SurveyAsync(MeshSizes sizes, CancellationToken cancel)
    {
        var sample = sizes.Sample();
        var sampled = probe.Options with
        {
            Matchers = sample.Length == 0 ? options.Matchers : [.. options.Matchers, sample],
            Late = TimeSpan.Zero,
            Interval = Length,
        };
        using var store = Store.InMemory();
        var poller = new Poller(
            probe.Http, sampled, telemetry, new PollingMetrics(new MetricRegistry()), store.Read(), time, NullLogger<Poller>.Instance);
        var end = probe.Now;
        foreach (var window in (Window[])[new(end - (2 * Length), end - Length), new(end - Length, end)])
        {
            if (await poller.TryReadAsync(window, cancel) is not null) continue;
            book.GiveUp(Surveyed, $"not known, because a window could not be read: {poller.Failure}");
            return;
        }

        book.Add(SeriesRules.Egress(poller.Telemetry, sizes, sample));
        book.Add(TelemetryChecks.Of(poller.Telemetry));
    }

    private static IEnumerable<CheckKind> Surveyed =>
    [
        TelemetryChecks.Egress, TelemetryChecks.Addresses, TelemetryChecks.Blocked, TelemetryChecks.Refusals, TelemetryChecks.Mangled,
        TelemetryChecks.Doubles, TelemetryChecks.Inversions, TelemetryChecks.WithoutUp, TelemetryChecks.Notes, TelemetryChecks.Waypoints,
    ];

    private async Task ScrapesAsync(MeshSizes sizes, CancellationToken cancel)
    {
        if (!book.Wants(TelemetryChecks.Scrapes, TelemetryChecks.Age, TelemetryChecks.Down, ServerChecks.Limits)) return;
        var names = new LabelSink("job", 1_000);
        var failure = await probe.QueryAsync($"group by (job) ({{{string.Join(',', [MeshSizes.Names, .. options.Matchers])}}})", names, cancel);
        var ups = new UpSamples(names.Values.ToHashSet());
        failure ??= await probe.QueryAsync(UpSamples.Query, ups, cancel);
        if (failure is not null)
        {
            book.GiveUp([TelemetryChecks.Scrapes, TelemetryChecks.Age, TelemetryChecks.Down, ServerChecks.Limits], failure.Message, UpSamples.Query);
            return;
        }

        book.Add([.. ScrapeRules.Check(ups.Jobs, options, probe.Now)]);
        if (await LargestAsync(sizes, cancel) is { } largest)
            book.Add(MeshRules.Limits(facts.Limits, largest, options, ups.Jobs.Min(job => job.Interval) is { Ticks: > 0 } shortest ? shortest : UsualInterval));
    }

    /// <summary>How many series of one metric are read, of the metric of which it is most. Null where that could not be counted, which is noted.</summary>
    private async Task<long?> LargestAsync(MeshSizes all, CancellationToken cancel)
    {
        if (options.Read == ReadMode.All) return all.Largest;
        var parts = new List<MeshSizes>();
        foreach (var matchers in EgressSelectors.Of(telemetry))
        {
            var (part, query) = (new MeshSizes(), MeshSizes.Query([.. options.Matchers, .. matchers]));
            if (await probe.QueryAsync(query, part, cancel) is { } failure)
            {
                book.GiveUp([ServerChecks.Limits], failure.Message, query);
                return null;
            }

            parts.Add(part);
        }

        return RawMetric.All.Max(raw => parts.Sum(part => part.Of(raw.Name)));
    }

    private async Task LabelsAsync(MeshSizes sizes, CancellationToken cancel)
    {
        if (!book.Wants(TelemetryChecks.Labels)) return;
        var query = MeshRules.LabelsQuery(Matchers);
        var answer = await probe.QueryAsync(query, cancel);
        if (answer.Failure.Length > 0) book.Add(TelemetryChecks.Labels.Fail(answer.Failure, "", query));
        var missing = answer.Series.Where(series => series.Points.Count > 0)
            .ToLookup(series => series.Labels.GetValueOrDefault("missing", ""), series => series.Points[^1].Value)
            .ToDictionary(one => one.Key, one => one.Sum());
        var all = sizes.Of("istio_requests_total") + sizes.Of("istio_tcp_connections_opened_total");
        if (answer.Failure.Length == 0) book.Add(MeshRules.Labels(missing, all, query));
    }

    private async Task MeshAsync(MeshSizes sizes, CancellationToken cancel)
    {
        var ambient = MeshRules.UnidentifiedQuery(Matchers);
        if (await CountAsync(TelemetryChecks.Ambient, ambient, cancel) is { } unidentified
            && await CountAsync(TelemetryChecks.Ambient, MeshRules.WaypointQuery(Matchers), cancel) is { } waypoint)
            book.Add(MeshRules.Ambient(unidentified, waypoint, ambient));
        if (await CountAsync(TelemetryChecks.Agentgateway, MeshRules.AgentgatewayQuery, cancel) is { } series) book.Add(MeshRules.Agentgateway(series));
        var targets = MeshRules.MergedTargetsQuery;
        if (await CountAsync(TelemetryChecks.Merged, targets, cancel) is { } up
            && await CountAsync(TelemetryChecks.Merged, MeshRules.MergedSeriesQuery(Matchers), cancel) is { } merged)
            book.Add(MeshRules.Merged(up, merged, sizes.All, targets));
    }

    /// <summary>The value of a query that has one, 0 where it has none. Null where nobody asks, or where there is no answer, which is noted.</summary>
    private async Task<double?> CountAsync(CheckKind kind, string query, CancellationToken cancel)
    {
        if (!book.Wants(kind)) return null;
        var answer = await probe.QueryAsync(query, cancel);
        if (answer.Failure.Length == 0) return answer.Series.SelectMany(series => series.Points).Sum(point => point.Value);
        book.Add(kind.Fail(answer.Failure, "", query));
        return null;
    }
}
