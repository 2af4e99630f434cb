using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Reads the series of a metric with one query, or with several where one is too much for the server or for this service.</summary>
/// <remarks>The parts are remembered until the process ends or the configuration is loaded again. Called by the pass alone. Anyone may read
/// <see cref="Parts"/>.</remarks>
internal sealed class SplitReader(PrometheusClient client, PollingOptions options, TelemetryOptions telemetry)
{
    /// <summary>The most queries for one metric.</summary>
    internal const int MaxParts = 256;

    /// <summary>After so long, two halves are tried as one again.</summary>
    internal static readonly TimeSpan TryWholeEvery = TimeSpan.FromHours(6);

    /// <summary>One pair of halves of a metric is tried every so often, all metrics in the same window. So <c>EgressAlertsQueriesFailing</c> does not fire.
    /// </summary>
    internal static readonly TimeSpan TrialEvery = TimeSpan.FromMinutes(20);

    private readonly NamespaceNames _names = new(client);
    private readonly ShardNamespaces? _shard = options.Shard.IsWhole ? null : new(client, options);

    /// <summary>What is asked for of each metric. No series is in two of them. A shard knows only when a window has begun.</summary>
    private readonly Dictionary<RawMetric, List<QueryPart>> _asked = RawMetric.All.ToDictionary(
        raw => raw, _ => options.Shard.IsWhole ? [.. Asked(options, telemetry).Select(matchers => new QueryPart(matchers))] : new List<QueryPart>());

    private IReadOnlyList<QueryParts> _shown = [];

    /// <summary>The metrics that need several queries.</summary>
    public IReadOnlyList<QueryParts> Parts => Volatile.Read(ref _shown);

    /// <summary>The selectors of a metric's parts.</summary>
    public IEnumerable<string> Selectors(RawMetric raw) => Leaves(raw).Select(part => Selector(raw, part));

    /// <summary>Selectors of the metric's series that are not read, though the matchers and the shard would let them through. No series is in two of them.
    /// </summary>
    public IEnumerable<string> NotRead(RawMetric raw) => options.Read == ReadMode.All ? []
        : OfShard(EgressSelectors.NotRead(telemetry)).Select(matchers => LiveSamples.Selector(raw, [.. options.Matchers, .. matchers]));

    /// <summary>Finds out what is to be asked for in a window. Called before anything else of the window is read.</summary>
    /// <returns>Null, or why that is not known.</returns>
    public async Task<QueryFailure?> BeginAsync(Window window, TimeSpan back, CancellationToken cancel)
    {
        if (_shard is null) return null;
        if (await _shard.ListAsync(window, back, cancel) is { } failure) return failure;
        List<IReadOnlyList<string>> asked = [.. OfShard(Asked(options, telemetry))];
        foreach (var raw in RawMetric.All)
        {
            // What is asked for as before is cut as before.
            var known = _asked[raw].ToDictionary(part => string.Join(',', part.Matchers));
            _asked[raw] = [.. asked.Select(matchers => known.GetValueOrDefault(string.Join(',', matchers)) ?? new QueryPart(matchers))];
        }

        return null;
    }

    /// <summary>Hands all series of the metric to the sink, each once.</summary>
    /// <returns>Null, or why a part could not be read. What the sink has taken is void then.</returns>
    public async Task<QueryFailure?> ReadAsync(RawMetric raw, Window window, TimeSpan back, IKeyedSink sink, CancellationToken cancel)
    {
        var request = new Request(raw, window, back, sink);
        QueryFailure? failure = null;
        foreach (var part in _asked[raw])
        {
            if ((failure = await ReadAsync(part, null, request, cancel)) is not null) break;
        }

        Volatile.Write(ref _shown, [.. RawMetric.All.Select(metric => new QueryParts(metric.Name, Count(metric))).Where(entry => entry.Parts > 1)]);
        return failure;
    }

    private static IReadOnlyList<IReadOnlyList<string>> Asked(PollingOptions options, TelemetryOptions telemetry) =>
        options.Read == ReadMode.Egress ? EgressSelectors.Of(telemetry) : [[]];

    private IEnumerable<IReadOnlyList<string>> OfShard(IReadOnlyList<IReadOnlyList<string>> selectors) => _shard is null ? selectors
        : selectors.SelectMany(matchers => _shard.Matchers.Select(matcher => (IReadOnlyList<string>)[.. matchers, matcher]));

    private IEnumerable<QueryPart> Leaves(RawMetric raw) => _asked[raw].SelectMany(part => part.Leaves);

    /// <summary>One, and one for each time that a query was cut in two.</summary>
    public int Count(RawMetric raw) => 1 + Leaves(raw).Count() - _asked[raw].Count;

    /// <param name="names">The names of the part's namespaces, and maybe more. Null where nobody has asked for them in this window.</param>
    private async Task<QueryFailure?> ReadAsync(QueryPart part, IReadOnlyList<string>? names, Request request, CancellationToken cancel)
    {
        var (window, sink) = (request.Window, request.Sink);
        var isTrial = request.MayTry && part.IsDueWhole(window.End, TryWholeEvery);
        request.MayTry &= !isTrial;
        if (isTrial || part.Halves is null)
        {
            var selector = Selector(request.Raw, part);
            var failure = await client.QueryAsync($"{selector}[{LiveSamples.Duration(request.Back)}]", window.End, sink, cancel);
            if (failure is null)
            {
                part.Join();
                sink.Keep();
                return null;
            }

            sink.Restart(); // What came before the failure is void.
            if (!MayFitInParts(failure)) return failure;
            if (isTrial)
            {
                part.StayInHalves(window.End);
            }
            else
            {
                names ??= await _names.AskAsync(selector, window, request.Back, cancel);
                if (TrySplit(request.Raw, part, names, window.End) is { } why) return failure with { Message = $"{failure.Message}; {why}" };
            }
        }

        var (below, above) = part.Halves!.Value;
        return await ReadAsync(below, names, request, cancel) ?? await ReadAsync(above, names, request, cancel);
    }

    /// <returns>Null, or why the part cannot be split.</returns>
    private string? TrySplit(RawMetric raw, QueryPart part, IReadOnlyList<string>? names, DateTimeOffset now)
    {
        if (names is null) return "the query cannot be split, because the server does not tell the namespaces of its series";
        if (Count(raw) >= MaxParts) return $"the metric is read in {MaxParts} parts already, and more are not tried";
        var mine = names.Where(NamespaceCut.IsName).Where(part.MayHold).ToList();
        return NamespaceCut.Between(mine) is { } cut
            ? part.TrySplit(cut, now) ? null : "the query cannot be split further, because it would become too long"
            : mine.Count > 0 ? $"the query cannot be split further: it reads namespace '{mine[0]}' alone"
            : "the query cannot be split: its series name no namespace";
    }

    /// <summary>Whether fewer series at once may make the difference.</summary>
    private static bool MayFitInParts(QueryFailure failure) => failure.Reason is FailureReason.TooLarge or FailureReason.Limit or FailureReason.Timeout;

    private string Selector(RawMetric raw, QueryPart part) => LiveSamples.Selector(raw, [.. options.Matchers, .. part.Matchers]);

    /// <summary>What is to be read.</summary>
    private sealed class Request(RawMetric raw, Window window, TimeSpan back, IKeyedSink sink)
    {
        public RawMetric Raw => raw;

        public Window Window => window;

        public TimeSpan Back => back;

        public IKeyedSink Sink => sink;

        /// <summary>Whether two halves may be tried as one in this window.</summary>
        public bool MayTry { get; set; } = window.Start.Ticks / TrialEvery.Ticks != window.End.Ticks / TrialEvery.Ticks;
    }
}

/// <summary>A metric that one query cannot read.</summary>
/// <param name="Metric">Its name in Prometheus.</param>
/// <param name="Parts">How many queries read it in each window.</param>
public sealed record QueryParts(string Metric, int Parts);
